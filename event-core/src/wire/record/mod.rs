#![doc = include_str!("../../docs/replay.md")]

mod error;
mod missed;
mod recorded;
mod recorder;
mod records;

pub use self::error::RecordError;
pub use self::missed::Missed;
pub use self::recorded::Recorded;
pub use self::recorder::Recorder;
pub use self::records::Records;
