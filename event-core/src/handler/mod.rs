//! What a handler is, what it may return, and what is known about it.
//!
//! `#[handler]` leaves the function untouched and registers it beside it. The function takes
//! the event by shared reference, then its parameters: `&T`, a dependency that the dispatcher
//! was built with; `Option<&T>`, one that may be missing; and by value any
//! [`Param`](crate::param::Param), such as [`Emitter`](crate::Emitter).

pub(crate) mod asynchronous;
pub(crate) mod binder;
mod info;
mod outcome;
pub(crate) mod reborrowed;
pub(crate) mod registered;

pub use self::info::HandlerInfo;
pub(crate) use self::outcome::EffectSink;
#[doc(hidden)]
pub use self::outcome::Events;
pub use self::outcome::{CatchAllOutcome, Conclusion, HandlerError, Outcome};
pub use crate::emitter::Names;
