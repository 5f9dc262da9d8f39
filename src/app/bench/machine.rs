//! What the whole machine did.

/// Time that all processors together were not idle, in milliseconds: proc_stat(5), in ticks of 10 ms.
pub(super) fn busy_ms() -> std::io::Result<f64> {
    let text = std::fs::read_to_string("/proc/stat")?;
    let ticks: Vec<f64> = text
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .filter_map(|word| word.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal; guest time is in user already.
    let busy = ticks.iter().take(8).enumerate().filter(|(at, _)| *at != 3 && *at != 4).map(|(_, ticks)| ticks);
    Ok(busy.sum::<f64>() * 10.0)
}

/// A percentile of values in ascending order; no number of none.
pub(super) fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let sorted: Vec<f64> = (0..101).map(f64::from).collect();
        assert!((percentile(&sorted, 50) - 50.0).abs() < f64::EPSILON);
        assert!((percentile(&sorted, 99) - 99.0).abs() < f64::EPSILON);
        assert!(percentile(&[], 50).is_nan());
    }

    #[test]
    fn processor_time_grows() {
        let before = busy_ms().unwrap();
        assert!(before > 0.0);
        assert!(busy_ms().unwrap() >= before);
    }
}
