// BullMQ: the worker, with a child process for each slot.
"use strict";

const path = require("node:path");
const { Worker } = require("bullmq");

const { redis_port: port, slots } = JSON.parse(process.argv[2]);

const worker = new Worker("peers", path.join(__dirname, "bullmq_processor.js"), {
  connection: { host: "127.0.0.1", port, maxRetriesPerRequest: null },
  concurrency: slots,
});
worker.on("error", (error) => console.error(error));
worker.on("failed", (job, error) => console.error(error));
