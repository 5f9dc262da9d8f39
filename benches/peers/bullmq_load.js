// BullMQ: adds jobs many at a time, watches the counts, and reads the results in one pipeline. What it hears and says
// is described in load.py.
"use strict";

const readline = require("node:readline");
const { Queue } = require("bullmq");
const { Redis } = require("ioredis");

const PAUSE_MS = 50;
// Jobs of one transaction, and results of one pipeline.
const AT_ONCE = 500;

const { redis_port: port } = JSON.parse(process.argv[2]);
const client = new Redis({ host: "127.0.0.1", port });
const queue = new Queue("peers", { connection: client });

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

function groups(list, size) {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) => list.slice(at * size, (at + 1) * size));
}

async function ended() {
  const { completed, failed } = await queue.getJobCounts("completed", "failed");
  return completed + failed;
}

async function carryOut({ code, first, count, chunk }) {
  const endedBefore = await ended();
  const begun = performance.now();
  const inputs = Array.from({ length: count }, (_, at) => ({ n: first + at }));
  const work = chunk
    ? groups(inputs, chunk).map((items) => ({ name: "chunk", data: { code, items } }))
    : inputs.map((each) => ({ name: "job", data: { code, inputs: each } }));
  const jobs = [];
  for (const group of groups(work, AT_ONCE)) {
    jobs.push(...(await queue.addBulk(group)));
  }
  const published_s = (performance.now() - begun) / 1e3;
  while ((await ended()) - endedBefore < jobs.length) {
    await pause();
  }
  const texts = [];
  for (const group of groups(jobs, AT_ONCE)) {
    const pipeline = client.pipeline();
    for (const job of group) {
      pipeline.hget(queue.toKey(job.id), "returnvalue");
    }
    for (const [error, text] of await pipeline.exec()) {
      if (error) throw error;
      texts.push(text);
    }
  }
  say({ done: true, published_s });
  const returned = texts.map((text) => (text === null ? null : JSON.parse(text)));
  const answers = chunk
    ? returned.flatMap((results, at) => results ?? work[at].data.items.map(() => null))
    : returned;
  say({ answers, latencies_ms: null });
}

async function main() {
  await queue.waitUntilReady();
  say({ ready: true });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    await carryOut(JSON.parse(line));
  }
  await queue.close();
  client.disconnect();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
