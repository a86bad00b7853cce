#![doc = include_str!("../../docs/replay.md")]

pub(crate) mod builder;
pub(crate) mod error;
pub(crate) mod lines;
pub(crate) mod missed;
pub(crate) mod output;
pub(crate) mod policy;
pub(crate) mod recorded;
pub(crate) mod recorder;
pub(crate) mod records;
pub(crate) mod rotation;
pub(crate) mod tail;
pub(crate) mod timer;

pub use crate::wire::record::builder::RecorderBuilder;
pub use crate::wire::record::error::RecordError;
pub use crate::wire::record::missed::Missed;
pub use crate::wire::record::policy::FlushPolicy;
pub use crate::wire::record::recorded::Recorded;
pub use crate::wire::record::recorder::Recorder;
pub use crate::wire::record::records::Records;
pub use crate::wire::record::rotation::Rotation;
