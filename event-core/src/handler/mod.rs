//! Handlers: their parameters, their outcomes, and their registration.
//!
//! `#[handler]` leaves the function unchanged and registers it. The function takes the event by shared
//! reference, then its parameters: `&T`, a dependency that was provided to the builder; `Option<&T>`, one
//! that may be missing; and by value any [`Param`](crate::param::Param):
//!
//! | parameter | is |
//! | --- | --- |
//! | [`Emitter<(A, B)>`](crate::Emitter) | emits the events that it names |
//! | [`Meta`](crate::Meta) | the identity, the time and the descent of the event |
//! | [`Context<T>`](crate::Context), `Option<Context<T>>` | the value that the emitter gave with `dispatcher.with(…)` |
//! | [`DispatcherHandle`](crate::dispatcher::DispatcherHandle) | the dispatcher that delivers the event, for later |

pub(crate) mod async_slots;
pub(crate) mod bind;
pub(crate) mod bind_async;
pub(crate) mod bind_async_lent;
pub(crate) mod bind_catch_all;
pub(crate) mod bind_queued;
pub(crate) mod context;
pub(crate) mod emitter;
pub(crate) mod outcome;
pub(crate) mod param;
pub(crate) mod reborrow;
pub(crate) mod registered;
pub(crate) mod replacement;
pub(crate) mod resolver;
pub(crate) mod retry;

pub use crate::handler::emitter::Names;
pub use crate::handler::outcome::{CatchAllOutcome, Effects, HandlerError, Outcome};
#[doc(hidden)]
pub use crate::handler::outcome::{Events, ReturnedFor, Transactional};
pub use crate::handler_info::{DeliveryKind, HandlerInfo};
