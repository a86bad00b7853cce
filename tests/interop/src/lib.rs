//! What the official CloudEvents SDKs make of our envelopes, and we of theirs.
//!
//! Three peers: the SDKs for Rust, Python and JavaScript. Each reads what the codec writes and says what it has
//! read, and writes what it is told, which the codec reads. Those that are not Rust are a small script beside
//! the SDK, which is installed into the target directory in the versions that are pinned here.

mod events;
pub mod peer;
mod program;
mod rust;
mod said;
pub mod sample;

pub use self::events::{BellRung, OrderPlaced};
pub use self::said::Said;
