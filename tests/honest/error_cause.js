// expect: succeeded
// output: {"text": "NotFound: no such thing", "cause": "TypeError", "stack": "string", "any": ["a", "b"], "instance": true}
// why: errors with causes, aggregates, own classes and stacks that name the program's file
class NotFound extends Error {
  name = 'NotFound';
}

async function main() {
  try {
    try {
      null.x;
    } catch (cause) {
      throw new NotFound('no such thing', { cause });
    }
  } catch (error) {
    const any = await Promise.any([Promise.reject(new Error('a')), Promise.reject(new Error('b'))]).catch((all) => all);
    return {
      text: String(error),
      cause: error.cause.constructor.name,
      stack: typeof error.stack,
      any: any.errors.map((each) => each.message),
      instance: error instanceof Error,
    };
  }
}
