//! Emits events that came from outside.

use std::future::Future;
use std::sync::Arc;

use crate::dispatcher::Dispatcher;
use crate::dispatcher::emit_future::EmitAsync;
use crate::engine::emission::cascade::WaitPolicy;
use crate::report::Report;
use crate::wire::envelope::Envelope;

impl Dispatcher {
    /// Emits an event that came from outside, as [`emit`](Self::emit) does: as a root, and with the
    /// identity, time and descent that it came with. What its handlers cause descends from it.
    ///
    /// An [echo](Envelope::is_echo), which has been here before, is not emitted, unless the codec
    /// [allows](crate::wire::Codec::allow_echoes) it; nor is an event that is deeper than the dispatcher's
    /// [limit](crate::DispatcherBuilder::depth_limit). Both are failures in the report.
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
    /// let report = Dispatcher::builder().build()?.deliver(&envelope);
    /// assert_eq!(report.done(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[allow(clippy::must_use_candidate, reason = "a report may be ignored")]
    pub fn deliver(&self, envelope: &Envelope) -> Report {
        let arrival = envelope.arrival();
        Arc::clone(envelope.arrived()).deliver(self.inner(), arrival, WaitPolicy::Never)
    }

    /// Emits an event that came from outside as [`deliver`](Self::deliver) does, and also runs its
    /// async handlers and waits for room in queues, as [`emit_async`](Self::emit_async) does.
    ///
    /// # Cancellation
    ///
    /// Dropped midway, what had not ended is cancelled; see [`EmitAsync`].
    pub fn deliver_async(
        &self,
        envelope: &Envelope,
    ) -> EmitAsync<'_, impl Future<Output = Report> + Send + use<>> {
        let inner = Arc::clone(self.inner());
        let arrival = envelope.arrival();
        let future = Arc::clone(envelope.arrived()).deliver_async(inner, arrival);
        EmitAsync::new(self.inner(), envelope.event().info(), future)
    }
}
