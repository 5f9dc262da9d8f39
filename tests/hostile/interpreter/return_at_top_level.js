// expect: failed
// error: SyntaxError
// why: a return at the top level only compiles where the code is wrapped in a function
return { escaped: true };
