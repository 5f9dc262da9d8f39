//! What the kernel says of this process: the `process_*` metrics that every exporter has.

use std::io;

use super::table::Families;

/// proc(5) counts processor time in ticks of 10 ms for user space, whatever the kernel's own are.
const TICKS_PER_SECOND: f64 = 100.0;

/// Reads everything anew. What cannot be read keeps its last value.
pub(super) fn refresh(families: &Families) {
    if let Err(error) = read(families) {
        tracing::debug!(%error, "this process's own figures cannot be read");
    }
}

fn read(families: &Families) -> io::Result<()> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let cpu_seconds = (stat_field(&stat, 14) + stat_field(&stat, 15)) / TICKS_PER_SECOND;
    families.process_cpu.with((), |cell| cell.inc_by((cpu_seconds - cell.get()).max(0.0)));
    families.process_threads.with((), |cell| cell.set(stat_field(&stat, 20)));
    families.process_virtual.with((), |cell| cell.set(stat_field(&stat, 23)));
    let status = std::fs::read_to_string("/proc/self/status")?;
    families.process_resident.with((), |cell| cell.set(after(&status, "VmRSS:") * 1024.0));
    let booted = after(&std::fs::read_to_string("/proc/stat")?, "btime ");
    families.process_start.with((), |cell| cell.set(booted + stat_field(&stat, 22) / TICKS_PER_SECOND));
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    families.process_max_fds.with((), |cell| cell.set(after(&limits, "Max open files")));
    let open = u32::try_from(std::fs::read_dir("/proc/self/fd")?.count()).unwrap_or(u32::MAX);
    families.process_open_fds.with((), |cell| cell.set(f64::from(open)));
    Ok(())
}

/// A field of `/proc/self/stat`, counted from 1 as in proc(5). The second is a name in parentheses, which may hold
/// blanks and parentheses itself.
fn stat_field(stat: &str, number: usize) -> f64 {
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    rest.split_whitespace().nth(number - 3).and_then(|word| word.parse().ok()).unwrap_or(0.0)
}

/// The number that follows a word at the start of a line.
fn after(text: &str, word: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(word));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|word| word.parse().ok()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_behind_any_name() {
        let stat = "7 (a ) b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 9 0 1234 4096 1 2";
        assert!((stat_field(stat, 14) - 250.0).abs() < f64::EPSILON);
        assert!((stat_field(stat, 23) - 4096.0).abs() < f64::EPSILON);
        assert!((after("a 1\nVmRSS:\t  12 kB\n", "VmRSS:") - 12.0).abs() < f64::EPSILON);
    }
}
