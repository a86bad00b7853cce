//! Rates of several candidates that take turns, and what one is of the other.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What was measured of each candidate, in the order of the rounds.
#[derive(Debug, Default)]
pub struct Rates(BTreeMap<&'static str, Vec<f64>>);

impl Rates {
    /// Notes how many things a candidate did in a while, as a rate per second.
    #[allow(clippy::cast_precision_loss, reason = "counts are small")]
    pub fn add(&mut self, candidate: &'static str, count: usize, took: Duration) {
        let rates = self.0.entry(candidate).or_default();
        rates.push(count as f64 / took.as_secs_f64());
    }

    /// Prints the median rate of each candidate.
    pub fn print(&self) {
        for (candidate, rates) in &self.0 {
            println!("rate {candidate} {:.0}", median(rates));
        }
    }

    /// Prints the median over the rounds of one candidate's rate divided by another's.
    ///
    /// # Panics
    ///
    /// Panics if one of them was not measured.
    pub fn print_ratio(&self, one: &'static str, other: &'static str) {
        let rounds = self.0[one].iter().zip(&self.0[other]);
        let ratios: Vec<_> = rounds.map(|(one, other)| one / other).collect();
        println!("ratio {one}/{other} {:.2}", median(&ratios));
    }
}

/// Returns the middle of some values.
///
/// # Panics
///
/// Panics if there are none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// Returns the value that a part of the values is below.
///
/// # Panics
///
/// Panics if there are none.
#[must_use]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "an index of a short list"
)]
pub fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1).expect("something was measured");
    sorted[(last as f64 * part).round() as usize]
}

/// Returns how long something takes.
pub async fn timed(work: impl Future<Output = ()>) -> Duration {
    let begun = Instant::now();
    work.await;
    begun.elapsed()
}
