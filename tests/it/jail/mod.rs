//! The jail from outside: the programs of `tests/hostile`, `tests/honest` and `tests/golden` in it, and what holds
//! for processes, chunks and the worker's end.

mod chunk;
mod cli;
mod fixture;
mod golden;
mod honest;
mod hostile;
mod interrupt;
mod lane;
mod leftovers;
mod lifetime;
mod suite;
mod values;
