#![doc = include_str!("../../docs/replay.md")]

mod builder;
mod error;
mod lines;
mod missed;
mod output;
mod policy;
mod recorded;
mod recorder;
mod records;
mod rotation;
mod tail;
mod timer;

pub use self::builder::RecorderBuilder;
pub use self::error::RecordError;
pub use self::missed::Missed;
pub use self::policy::FlushPolicy;
pub use self::recorded::Recorded;
pub use self::recorder::Recorder;
pub use self::records::Records;
pub use self::rotation::Rotation;
