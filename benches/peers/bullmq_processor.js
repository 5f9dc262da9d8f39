// BullMQ: what a sandboxed processor's child process does with a job. There is no jail: the source is made a function
// of the child, which runs the next job after it.
"use strict";

module.exports = async ({ data: { code, inputs, items } }) => {
  const main = new Function(`${code}\nreturn main;`)();
  return items ? Promise.all(items.map((item) => main(item))) : main(inputs);
};
