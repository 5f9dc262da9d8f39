//! How slow this machine is. `JAIL_TEST_TIME_FACTOR=8` gives everything that is to be done in time eight times as long,
//! for a machine that is emulated.

use std::time::Duration;

/// The factor; 1 where none is set.
pub(super) fn factor() -> u32 {
    let set = std::env::var("JAIL_TEST_TIME_FACTOR").ok();
    set.map_or(1, |text| text.parse().expect("JAIL_TEST_TIME_FACTOR is a whole number"))
}

/// The time that this machine needs where another needs `time`.
pub(super) fn at_most(time: Duration) -> Duration {
    time * factor()
}

/// The same in milliseconds.
pub(super) fn at_most_ms(time: u64) -> u64 {
    time * u64::from(factor())
}
