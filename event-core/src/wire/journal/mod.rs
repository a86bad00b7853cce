#![doc = include_str!("../../docs/replay.md")]

pub(crate) mod builder;
pub(crate) mod error;
pub(crate) mod lines;
pub(crate) mod output;
pub(crate) mod policy;
pub(crate) mod reader;
pub(crate) mod rotation;
pub(crate) mod summary;
pub(crate) mod tail;
pub(crate) mod timer;
pub(crate) mod unwritten;
pub(crate) mod writer;

pub use crate::wire::journal::builder::JournalBuilder;
pub use crate::wire::journal::error::JournalError;
pub use crate::wire::journal::policy::FlushPolicy;
pub use crate::wire::journal::reader::JournalReader;
pub use crate::wire::journal::rotation::Rotation;
pub use crate::wire::journal::summary::JournalSummary;
pub use crate::wire::journal::unwritten::UnwrittenEvent;
pub use crate::wire::journal::writer::JournalWriter;
