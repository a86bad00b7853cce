#![doc = include_str!("docs/crate.md")]

// Lets the code that the macros generate name `::event_core` inside this crate, too.
#[allow(
    unused_extern_crates,
    reason = "generated code names it, in this crate's own tests"
)]
extern crate self as event_core;

pub mod dispatcher;
pub mod error;
pub mod event;
pub mod flag;
pub mod handler;
pub mod meta;
pub mod observer;
pub mod param;
pub mod queue;
pub mod report;
#[cfg(feature = "tracing")]
pub mod spans;
pub mod stream;
#[cfg(feature = "serde")]
pub mod wire;

mod account;
mod context;
mod emitter;
mod global;
mod log;
mod module;
mod panics;
mod pending;
mod private;
mod registry;
mod resolver;
mod runtime;
#[cfg(not(feature = "tracing"))]
mod spans;
mod subscription;
mod wiring;

pub use crate::context::Context;
pub use crate::dispatcher::{Dispatcher, DispatcherBuilder, DispatcherHandle};
pub use crate::emitter::Emitter;
pub use crate::error::BoxError;
pub use crate::event::{AnyEvent, Event, Transient};
pub use crate::global::emit;
pub use crate::meta::Meta;
pub use crate::module::Module;
pub use crate::pending::PendingEvents;
pub use crate::report::Report;
pub use crate::subscription::{Subscription, SubscriptionOptions};
pub use event_macros::{Event, handler, handlers, module};

#[doc(hidden)]
pub mod __private {
    //! Not public API. Used by generated code.
    pub use crate::private::*;
}
