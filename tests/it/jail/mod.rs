//! The jail from outside: the programs of `tests/hostile`, `tests/honest` and `tests/golden` in it, and what holds
//! for processes, chunks and the worker's end.

mod fixture;
mod golden;
mod honest;
mod hostile;
mod lane;
mod leftovers;
mod suite;
mod values;
