//! Spans of `tracing`: one per emission and one per delivery, in one tree.
//!
//! An emission's span is a child of the span of the delivery that caused it, of the trace that its
//! envelope [came from](crate::Dispatcher::emit), or of the span that the emitter is in. A delivery's
//! span is a child of its emission's, wherever the delivery runs; a delivery that never runs has no span.
//! So a trace continues through tasks and queues, and with a [`Propagator`] through envelopes. A
//! delivery's span is entered while the handler runs, and contains its logs. A span ends with the last of
//! the deliveries below it. A rejected or failed delivery keeps the span of its emission open as long as
//! its failure is kept, since it may be redelivered, and so does an event that a stream holds.
//!
//! A failed delivery marks its own span as failed, and no other. Its log line of level ERROR is in that
//! span, too. If a failure has no span (the dispatcher makes no spans, or the delivery never ran) and the
//! line would be in a span of yours, the line is in a span of its own below that, named `failure`: layers
//! that export traces mark the span of such a line as failed.
//!
//! A layer may emit events. An event that it emits while it is told of a span or of a line has no spans.
//!
//! [`DispatcherBuilder::spans`](crate::dispatcher::DispatcherBuilder::spans) switches spans on. The
//! fields are those of OpenTelemetry's semantic conventions 1.45.0 for messaging and code. No field shows
//! an event's payload.
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
