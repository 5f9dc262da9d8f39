//! The jail from outside: the programs of `tests/hostile`, `tests/honest` and `tests/golden` in it, and what holds
//! for processes, chunks and the worker's end.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod chunk;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod determinism;
#[cfg(test)]
mod drop_root;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod forks;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod honest;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod interrupt;
#[cfg(test)]
mod lane;
#[cfg(test)]
mod leftovers;
#[cfg(test)]
mod lifetime;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod losses;
#[cfg(test)]
mod pace;
#[cfg(test)]
mod pressure;
#[cfg(test)]
mod self_test;
#[cfg(test)]
mod soak;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod survey;
#[cfg(test)]
mod values;
