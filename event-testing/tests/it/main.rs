//! Tests of the testing kit.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "`UPDATE_EXPECT` writes texts like this"
)]

mod emitting;
#[cfg(feature = "tokio")]
mod exploring;
mod failure;
mod failures;
mod fakes;
mod patterns;
#[cfg(all(feature = "serde", feature = "tokio"))]
mod places;
mod recording;
mod tracking;
