//! Latencies of a minute, counted in buckets: sums of minutes give the percentiles of a window.

use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution as _};

use crate::scenario::Health;

/// Each bucket is so many times as wide as the one before: percentiles are within a few percent.
const RATIO: f64 = 1.08;
/// The lower end of the first bucket, in seconds.
const FIRST: f64 = 0.001;
/// Reaches beyond a minute.
const BUCKETS: u8 = 150;
/// How many standard deviations the 99th percentile of a normal distribution is above its median.
const Z99: f64 = 2.326_347_874;

/// How many requests took how long: buckets that are not empty, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Histogram(Vec<(u8, u64)>);

/// The lower end of a bucket, in seconds.
fn edge(bucket: u8) -> f64 {
    FIRST * RATIO.powi(i32::from(bucket))
}

/// The probability that a standard normal variable is below `z`: Abramowitz and Stegun 26.2.17.
fn below(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let density = (-z * z / 2.0).exp() * 0.398_942_280_4;
    let series = t
        * (0.319_381_530
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = density * series;
    if z < 0.0 { tail } else { 1.0 - tail }
}

/// The probabilities of the buckets for latencies that are log-normally distributed.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    of: (f64, f64),
    buckets: Vec<(u8, f64)>,
}

impl Shape {
    pub(super) fn is_of(&self, health: &Health) -> bool {
        self.of == (health.p50, health.p99)
    }

    pub(super) fn new(health: &Health) -> Self {
        let middle = health.p50.max(FIRST).ln();
        let spread = ((health.p99 / health.p50).ln() / Z99).max(0.001);
        let up_to = |bucket: u8| below((edge(bucket).ln() - middle) / spread);
        let mut buckets = Vec::new();
        let mut before = 0.0;
        for bucket in 0..BUCKETS {
            let after = if bucket + 1 == BUCKETS {
                1.0
            } else {
                up_to(bucket + 1)
            };
            if after - before > 1e-9 {
                buckets.push((bucket, after - before));
            }
            before = after;
        }
        Self {
            of: (health.p50, health.p99),
            buckets,
        }
    }
}

/// How many of `count` happen that each happen with this probability.
pub(super) fn some_of(count: u64, probability: f64, rng: &mut ChaCha8Rng) -> u64 {
    if count == 0 || probability <= 0.0 {
        return 0;
    }
    if probability >= 1.0 {
        return count;
    }
    Binomial::new(count, probability).map_or(0, |counts| counts.sample(rng))
}

impl Histogram {
    /// So many requests, at random.
    pub(super) fn draw(count: u64, shape: &Shape, rng: &mut ChaCha8Rng) -> Self {
        let mut left = count;
        let mut rest = 1.0;
        let mut drawn = Vec::new();
        for (bucket, probability) in &shape.buckets {
            if left == 0 {
                break;
            }
            let here = some_of(left, (probability / rest).min(1.0), rng);
            if here > 0 {
                drawn.push((*bucket, here));
            }
            left -= here;
            rest = (rest - probability).max(1e-12);
        }
        Self(drawn)
    }

    /// Adds another's counts.
    pub(super) fn add(&mut self, other: &Self) {
        for (bucket, count) in &other.0 {
            match self.0.binary_search_by_key(bucket, |(at, _)| *at) {
                Ok(at) => self.0[at].1 += count,
                Err(at) => self.0.insert(at, (*bucket, *count)),
            }
        }
    }

    /// The latency that so many thousandths of the requests are below, in seconds.
    pub(super) fn percentile(&self, permille: u16) -> Option<f64> {
        let sum: u64 = self.0.iter().map(|(_, count)| *count).sum();
        if sum == 0 {
            return None;
        }
        let rank = as_f64(sum) * f64::from(permille) / 1000.0;
        let mut before = 0.0;
        for (bucket, count) in &self.0 {
            let count = as_f64(*count);
            if before + count >= rank {
                let within = ((rank - before) / count).clamp(0.0, 1.0);
                return Some(edge(*bucket) * RATIO.powf(within));
            }
            before += count;
        }
        self.0.last().map(|(bucket, _)| edge(*bucket) * RATIO)
    }
}

/// Counts of requests are far below where a double leaves out numbers.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts are far below 2 to the 52nd"
)]
pub(super) fn as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn percentiles_are_those_of_the_distribution() {
        let health = Health {
            p50: 0.12,
            p99: 0.45,
            ..Health::default()
        };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let shape = Shape::new(&health);
        let mut all = Histogram::default();
        for _ in 0..100 {
            all.add(&Histogram::draw(1_000, &shape, &mut rng));
        }
        let near = |permille, expected: f64| {
            let found = all.percentile(permille).unwrap();
            assert!((found / expected - 1.0).abs() < 0.02, "{permille}: {found}");
        };
        near(500, 0.12);
        near(990, 0.45);
        // ln(0.12) + 1.6449 * ln(0.45 / 0.12) / 2.3263
        near(950, 0.305_5);
        assert_eq!(Histogram::default().percentile(500), None);
    }
}
