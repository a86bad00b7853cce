//! Emits events from outside.

use std::future::Future;
use std::sync::Arc;

use crate::dispatcher::payload::{Payload, Request};
use crate::event::info::EventInfo;
use crate::report::Report;
use crate::wire::envelope::Envelope;

/// An event from outside is emitted as a root, with the identity, time and causes of its envelope. The
/// events that its handlers cause descend from it.
///
/// An [echo](Envelope::is_echo), which has been here before, is not emitted, unless the codec
/// [allows](crate::wire::Codec::allow_echoes) it; nor is an event that is deeper than the dispatcher's
/// [limit](crate::dispatcher::DispatcherBuilder::depth_limit). Both are failures in the report.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::wire::Codec;
/// use event_core::{Dispatcher, Event, Meta, handler};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// #[event(name = "bell.rung", wire)]
/// struct BellRung { door: u8 }
///
/// #[handler]
/// fn open(event: &BellRung, meta: Meta) {
///     assert_eq!(event.door, 2);
///     assert_eq!(meta.id().to_string(), "018f2f3c-1111-7000-8000-000000000000");
/// }
///
/// let envelope = Codec::new("/house")?.decode(
///     br#"{
///         "specversion": "1.0",
///         "id": "018f2f3c-1111-7000-8000-000000000000",
///         "source": "/doors",
///         "type": "bell.rung",
///         "data": { "door": 2 }
///     }"#,
/// )?;
/// let report = Dispatcher::builder().build()?.emit(&envelope);
/// assert_eq!(report.done(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<'e> Payload for &'e Envelope {
    fn info(&self) -> &'static EventInfo {
        self.event().info()
    }

    fn emit_with(self, request: Request<'_>) -> Report {
        let arrival = self.arrival(request.options.replays);
        let event = Arc::clone(self.arrived());
        event.deliver(
            request.state,
            arrival,
            &request.options,
            request.wait_policy,
        )
    }

    fn emit_async(self, request: Request<'_>) -> impl Future<Output = Report> + Send + use<'e> {
        let arrival = self.arrival(request.options.replays);
        let state = Arc::clone(request.state);
        Arc::clone(self.arrived()).deliver_async(state, arrival, request.options)
    }
}

/// An envelope by value is emitted as a reference is. The future of
/// [`emit_async`](crate::Dispatcher::emit_async) then borrows nothing but the dispatcher, so that it can
/// be spawned.
impl Payload for Envelope {
    fn info(&self) -> &'static EventInfo {
        self.event().info()
    }

    fn emit_with(self, request: Request<'_>) -> Report {
        (&self).emit_with(request)
    }

    fn emit_async(self, request: Request<'_>) -> impl Future<Output = Report> + Send + use<> {
        let arrival = self.arrival(request.options.replays);
        let state = Arc::clone(request.state);
        Arc::clone(self.arrived()).deliver_async(state, arrival, request.options)
    }
}
