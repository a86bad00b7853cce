//! Spans of `tracing`: one per emission, one per delivery, as one tree.
//!
//! An emission's span is a child of the delivery that caused it, of the trace it [came
//! from](crate::Dispatcher::emit), or of the span that the emitter is in; a delivery's is a child
//! of its emission's, wherever it runs; one that never runs has none. So a trace goes on through tasks and queues, and with a
//! [`Propagator`] through envelopes. A delivery's span is entered while the handler runs, and its
//! logs are in it. A span ends with the last of the deliveries below it. A rejected one counts for as
//! long as its report is kept, since it may be redelivered, and so does an event that a stream holds.
//!
//! A failed delivery marks its own span as failed, and no other. The line of level ERROR that says so is
//! in that span, too. Where a failure has none (the dispatcher makes no spans, or the delivery never ran)
//! and the line would be in a span of yours, it is in one of its own below that, named `failure`: layers
//! that export traces mark the span of such a line as failed.
//!
//! A layer may emit events. While it is told of a span or of a line, what it emits has no spans.
//!
//! [`DispatcherBuilder::spans`](crate::dispatcher::DispatcherBuilder::spans) switches them on. The fields are those
//! of OpenTelemetry's semantic conventions 1.45.0 for messaging and code. No field shows what is in an
//! event.
//!
//! | span | field | value |
//! | --- | --- | --- |
//! | `emit` | `otel.name` | `emit shop.order_placed` |
//! | | `otel.kind` | `producer` |
//! | | `messaging.operation.name`, `messaging.operation.type` | `emit`, `create` |
//! | `handle` | `otel.name` | `handle shop.order_placed` |
//! | | `otel.kind` | `consumer` |
//! | | `messaging.operation.name`, `messaging.operation.type` | `handle`, `process` |
//! | | `messaging.destination.subscription.name`, `code.function.name` | the handler |
//! | | `code.file.path`, `code.line.number` | where it is |
//! | | `event_core.ended` | how the delivery [ended](crate::report::DeliveryStatus::as_str) |
//! | | `otel.status_code`, `error.type` | `ERROR` and how it ended, if that is a failure |
//! | both | `messaging.system.name` | `event-core` |
//! | | `messaging.destination.name` | the event's name |
//! | | `messaging.message.id` | the event's id |
//! | | `messaging.message.conversation_id` | the id of the root that it descends from |

#[cfg(feature = "tracing")]
pub(crate) mod conventions;
#[cfg(feature = "tracing")]
pub(crate) mod propagator;
#[cfg(feature = "tracing")]
pub(crate) mod trace;
#[cfg(not(feature = "tracing"))]
pub(crate) mod without;

#[cfg(feature = "tracing")]
pub(crate) use crate::spans::trace::{Spans, Trace};
#[cfg(not(feature = "tracing"))]
pub(crate) use crate::spans::without::{Spans, Trace};

#[cfg(feature = "tracing")]
pub use crate::spans::propagator::Propagator;
