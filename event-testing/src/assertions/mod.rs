//! The methods behind the macros.

#![allow(
    clippy::must_use_candidate,
    reason = "an assertion is made for its panic, and may be all that a test wants"
)]

mod causes;
mod counts;
mod deliveries;
mod events;
mod sequence;

pub use self::counts::Count;
pub use self::deliveries::expect_handles;
