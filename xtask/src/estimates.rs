//! About what each step takes.
//!
//! Measured once on a machine with two cores that had built nothing yet, step after step, and rounded up. They are
//! no limits, and nothing fails that takes longer. Measure a step that you add: the time is printed when it ends,
//! and the disk is what `du` says more of the target directory than before.

use std::iter::Sum;
use std::ops::Add;

/// What a step takes where nothing is built but by the steps before it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Estimate {
    seconds: u32,
    megabytes: u32,
}

const fn estimate(seconds: u32, megabytes: u32) -> Estimate {
    Estimate { seconds, megabytes }
}

// The steps of `cargo xtask test`.
pub(crate) const BUILD_OF_TESTS: Estimate = estimate(240, 1200);
pub(crate) const TESTS: Estimate = estimate(320, 1000);
pub(crate) const DOC_TESTS: Estimate = estimate(60, 20);
pub(crate) const CORE_WITHOUT_FEATURES: Estimate = estimate(30, 20);
pub(crate) const MODELS_OF_THE_FLAG: Estimate = estimate(120, 160);
pub(crate) const MODELS: Estimate = estimate(30, 10);
pub(crate) const SCHEMAS: Estimate = estimate(150, 150);
pub(crate) const LOAD: Estimate = estimate(60, 80);
pub(crate) const STORM: Estimate = estimate(15, 10);
pub(crate) const CRASHES: Estimate = estimate(120, 10);
pub(crate) const LONG_LOAD: Estimate = estimate(300, 100);
pub(crate) const LONG_STORM: Estimate = estimate(130, 10);

// The steps of `cargo xtask ci`.
pub(crate) const FORMAT: Estimate = estimate(2, 0);
pub(crate) const LINTS: Estimate = estimate(150, 500);
pub(crate) const DOCS: Estimate = estimate(60, 100);
pub(crate) const FEATURE_ALONE: Estimate = estimate(10, 20);
pub(crate) const LINTS_OF_ONE_MORE: Estimate = estimate(30, 100);
pub(crate) const BENCHMARK: Estimate = estimate(120, 300);
pub(crate) const RESOLVE: Estimate = estimate(5, 5);
pub(crate) const LOWEST_VERSIONS: Estimate = estimate(60, 200);
pub(crate) const LOWEST_VERSIONS_AGAIN: Estimate = estimate(10, 20);
pub(crate) const DOCS_RS: Estimate = estimate(60, 100);
/// With its installation, which compiles it outside of the target directory.
pub(crate) const CARGO_DENY: Estimate = estimate(420, 0);
pub(crate) const DENY: Estimate = estimate(5, 0);
pub(crate) const OLDEST_COMPILER: Estimate = estimate(60, 150);

/// A package beside the default members: its tests, with what only it depends on.
pub(crate) const fn of_package(seconds: u32, megabytes: u32) -> Estimate {
    estimate(seconds, megabytes)
}

impl Estimate {
    /// `40 s`, `25 min`
    pub(crate) fn time(self) -> String {
        match self.seconds {
            seconds @ 0..=90 => format!("{seconds} s"),
            seconds => format!("{} min", seconds.div_ceil(60)),
        }
    }

    /// `800 MB`, `4.5 GB`
    pub(crate) fn disk(self) -> String {
        match self.megabytes {
            megabytes @ 0..1000 => format!("{megabytes} MB"),
            megabytes => format!("{}.{} GB", megabytes / 1000, megabytes % 1000 / 100),
        }
    }
}

impl Add for Estimate {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        estimate(
            self.seconds + other.seconds,
            self.megabytes + other.megabytes,
        )
    }
}

impl Sum for Estimate {
    fn sum<I: Iterator<Item = Self>>(estimates: I) -> Self {
        estimates.fold(Self::default(), Add::add)
    }
}
