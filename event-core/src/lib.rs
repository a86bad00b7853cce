#![doc = include_str!("docs/crate.md")]
// docs.rs shows the feature that an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

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
pub mod global {
    //! The optional default dispatcher of the process, of a thread or of a future.
    pub use crate::dispatcher::global::{
        EnterGuard, WithDispatcher, emit, enter, scope, set_default,
    };
}
pub mod handler;
pub mod linked {
    //! What the linker collected, readable without a dispatcher: the source of listings and drawings.
    //!
    //! A [builder](crate::dispatcher::DispatcherBuilder) decides which of the handlers a dispatcher has;
    //! what one has is listed by [`handlers_of`](crate::Dispatcher::handlers_of). Nothing here needs a
    //! dependency, a runtime or a database, and no code of the user runs.
    pub use crate::build::linked::{LinkedHandler, QueueInfo, events, handlers, run_order};
}
pub mod meta;
mod nesting;
mod nesting_depth;
pub mod observer;
pub mod param {
    //! Parameters of handlers: dependencies by reference, and values that are made for each delivery.
    pub use crate::engine::emission::delivery::Delivery;
    pub use crate::handler::param::{Dependency, Param};
    pub use crate::handler::resolver::Resolver;
}
pub mod queue;
pub mod report;
pub mod retry;
#[cfg(feature = "tracing")]
pub mod spans;
pub mod stream {
    //! Events as a stream.
    pub use crate::dispatcher::stream::EventStream;
}
#[cfg(feature = "serde")]
pub mod wire;

pub(crate) mod box_error;
pub(crate) mod build;
mod counted;
mod engine;
pub(crate) mod handler_info;
pub(crate) mod log;
pub(crate) mod panics;
pub(crate) mod prehashed;
pub(crate) mod private;
pub(crate) mod problem;
pub(crate) mod runtime;
#[cfg_attr(
    not(feature = "tokio"),
    allow(dead_code, reason = "there are no tasks")
)]
mod scheduler;
#[cfg(not(feature = "tracing"))]
pub(crate) mod spans;
pub(crate) mod type_name;

pub use crate::dispatcher::Dispatcher;
pub use crate::dispatcher::pending::PendingEvents;
pub use crate::event::any::AnyEvent;
pub use crate::event::{Event, Transient};
pub use crate::handler::context::Context;
pub use crate::handler::emitter::Emitter;
pub use crate::meta::Meta;
pub use crate::report::Report;
pub use event_macros::{Event, handler, handlers, module};

#[doc(hidden)]
pub mod __private {
    //! Not public API. Used by generated code.
    pub use crate::private::*;
}

/// The sample of the package's page, as a doctest.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
