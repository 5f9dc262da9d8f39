// expect: failed
// why: a return at the top level brings no entry point, wherever the code is put
return { escaped: true };
