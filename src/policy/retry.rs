//! How long to wait before the next try.
//!
//! The target grows exponentially up to a cap. What is waited is a tier not above it, because a broker delays by
//! queues of fixed delay: inside one such queue only the head expires, so jitter has to choose between queues.

use crate::job::{Backoff, Jitter};

/// The delays that every queue offers, in milliseconds, least first.
pub const TIERS_MS: [u64; 8] = [1_000, 2_000, 5_000, 15_000, 30_000, 60_000, 300_000, 900_000];

/// A wait before a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryDelay {
    /// What the backoff asks for; never shrinks from one try to the next.
    pub target_ms: u64,
    /// What to wait: never more than the target.
    pub delay_ms: u64,
}

/// The wait after try number `failed` (from 1). `random` is any 64 random bits.
///
/// Full jitter draws uniformly from the tiers up to the target; no jitter takes the greatest of them. A target
/// below the first tier is drawn from, or taken, as it is. Total: a backoff that would not pass
/// [`crate::job::RetryPolicy::check`] gives a finite delay as well.
#[must_use]
pub fn delay(backoff: &Backoff, failed: u32, random: u64) -> RetryDelay {
    let target_ms = target_ms(backoff, failed);
    let within = TIERS_MS.iter().take_while(|tier| **tier <= target_ms).count();
    let delay_ms = match backoff.jitter {
        Jitter::Full if within == 0 => below(target_ms.saturating_add(1), random),
        Jitter::Full => tier(usize::try_from(below(within as u64, random)).unwrap_or(0)),
        Jitter::None if within == 0 => target_ms,
        Jitter::None => tier(within - 1),
    };
    RetryDelay { target_ms, delay_ms }
}

/// The first tier that is no shorter than `ms`, or the longest one.
#[must_use]
pub fn tier_at_least(ms: u64) -> u64 {
    let [.., longest] = TIERS_MS;
    TIERS_MS.into_iter().find(|tier| *tier >= ms).unwrap_or(longest)
}

fn tier(index: usize) -> u64 {
    TIERS_MS.get(index).copied().unwrap_or(0)
}

/// Uniform in `0..bound`; the product's high half, so that no bound favours its low numbers visibly.
fn below(bound: u64, random: u64) -> u64 {
    let product = u128::from(bound) * u128::from(random);
    u64::try_from(product >> 64).unwrap_or(0)
}

/// `min(max_ms, base_ms * factor^(failed - 1))`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the product is finite, not negative and below max_ms, and a cast from float saturates"
)]
fn target_ms(backoff: &Backoff, failed: u32) -> u64 {
    /// More steps change nothing for the factors and attempts that a policy may have.
    const MOST_STEPS: u32 = 1_000;
    let factor = if backoff.factor.is_nan() { 1.0 } else { backoff.factor.clamp(1.0, 10.0) };
    let mut target = backoff.base_ms as f64;
    // Step by step rather than by powi: rounding each product keeps the sequence monotone.
    for _ in 1..failed.min(MOST_STEPS) {
        if target >= backoff.max_ms as f64 {
            return backoff.max_ms;
        }
        target *= factor;
    }
    (target as u64).min(backoff.max_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn targets(backoff: &Backoff) -> Vec<u64> {
        (1..=12).map(|failed| delay(backoff, failed, 0).target_ms).collect()
    }

    #[test]
    fn targets_double_up_to_the_cap() {
        assert_eq!(
            targets(&Backoff::default()),
            [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000, 900_000, 900_000]
        );
    }

    #[test]
    fn without_jitter_the_target_is_rounded_down_to_a_tier() {
        let backoff = Backoff { jitter: Jitter::None, ..Backoff::default() };
        let delays: Vec<_> = (1..=11).map(|failed| delay(&backoff, failed, 7).delay_ms).collect();
        assert_eq!(delays, [1_000, 2_000, 2_000, 5_000, 15_000, 30_000, 60_000, 60_000, 60_000, 300_000, 900_000]);
        let slow = Backoff { base_ms: 1, factor: 1.5, ..backoff.clone() };
        assert_eq!(targets(&slow)[..8], [1, 1, 2, 3, 5, 7, 11, 17]);
        let short = Backoff { base_ms: 70, max_ms: 300, ..backoff };
        let delays: Vec<_> = (1..=4).map(|failed| delay(&short, failed, 7).delay_ms).collect();
        assert_eq!(delays, [70, 140, 280, 300]);
    }

    #[test]
    fn full_jitter_draws_every_tier_up_to_the_target_equally() {
        let mut drawn = std::collections::BTreeMap::new();
        for step in 0..5_000_u64 {
            let got = delay(&Backoff::default(), 6, step * (u64::MAX / 5_000));
            *drawn.entry(got.delay_ms).or_insert(0_u32) += 1;
        }
        assert_eq!(drawn.keys().copied().collect::<Vec<_>>(), TIERS_MS[..5]);
        assert!(drawn.values().all(|count| (990..=1_010).contains(count)), "{drawn:?}");
    }

    #[test]
    fn a_hold_is_no_shorter_than_asked_for() {
        for (ms, tier) in [(0, 1_000), (1_000, 1_000), (1_001, 2_000), (29_000, 30_000), (u64::MAX, 900_000)] {
            assert_eq!(tier_at_least(ms), tier);
        }
    }

    fn any_backoff() -> impl Strategy<Value = Backoff> {
        let factor = prop_oneof![
            1.0..10.0_f64,
            any::<f64>(),
            prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, 1.0 + f64::EPSILON]),
        ];
        let ms = || prop_oneof![0..2_000_u64, 0..2_000_000_u64, any::<u64>()];
        (ms(), factor, ms(), any::<bool>()).prop_map(|(base_ms, factor, max_ms, full)| Backoff {
            base_ms,
            factor,
            max_ms,
            jitter: if full { Jitter::Full } else { Jitter::None },
        })
    }

    proptest! {
        #[test]
        fn the_target_is_monotone_and_capped_and_no_delay_exceeds_it(
            backoff in any_backoff(), failed in prop_oneof![0..40_u32, any::<u32>()], random in any::<u64>(),
        ) {
            let now = delay(&backoff, failed, random);
            let later = delay(&backoff, failed.saturating_add(1), random);
            prop_assert!(now.target_ms <= later.target_ms);
            prop_assert!(later.target_ms <= backoff.max_ms);
            prop_assert!(now.delay_ms <= now.target_ms);
            prop_assert!(now.target_ms < TIERS_MS[0] || TIERS_MS.contains(&now.delay_ms));
        }
    }
}
