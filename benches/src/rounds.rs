//! What the candidates of one set took, round by round.

use std::fmt::Display;

/// The nanoseconds that one candidate took in each round.
#[derive(Debug)]
pub struct Series {
    /// The candidate's name in the figures.
    pub name: &'static str,
    /// Per emit or per delivery.
    pub rounds: Vec<f64>,
}

impl Series {
    /// One without rounds.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            rounds: Vec::new(),
        }
    }

    /// The median of all rounds.
    #[must_use]
    pub fn median(&self) -> f64 {
        median(self.rounds.iter().copied())
    }

    /// The median over the rounds of this candidate's time divided by the other's.
    #[must_use]
    pub fn over(&self, other: &Self) -> f64 {
        median(
            self.rounds
                .iter()
                .zip(&other.rounds)
                .map(|(ours, theirs)| ours / theirs),
        )
    }
}

/// Prints the times of all, and the ratios of `ours` to all that are not named in `not`.
///
/// # Panics
///
/// Panics if there is no `ours`.
pub fn print(group: &str, count: impl Display, set: &[&Series], not: &[&str]) {
    for series in set {
        let least = series.rounds.iter().copied().fold(f64::INFINITY, f64::min);
        let middle = series.median();
        println!(
            "time {group}.{count}.{} {least:.1} {middle:.1}",
            series.name
        );
    }
    let ours = named(set, "ours");
    let theirs = set
        .iter()
        .filter(|series| series.name != "ours" && !not.contains(&series.name));
    for theirs in theirs {
        let ratio = ours.over(theirs);
        let decimals = if ratio < 0.01 { 5 } else { 2 };
        println!("ratio {group}.{count}.{} {ratio:.decimals$}", theirs.name);
    }
}

/// The candidate of that name.
///
/// # Panics
///
/// Panics if there is none.
#[must_use]
pub fn named<'a>(set: &[&'a Series], name: &str) -> &'a Series {
    set.iter()
        .find(|series| series.name == name)
        .expect("a candidate of the set")
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
