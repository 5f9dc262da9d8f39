// expect: succeeded
// output: {"escaped": false}
// why: a then that calls back twice: the first call counts
function main() {
  return {
    then(resolve, reject) {
      resolve({ escaped: false });
      resolve({ escaped: true });
      reject(new Error('late'));
    },
  };
}
