//! Events that come out of a record, and are not to cause what the record has, too.

use std::future::Future;
use std::sync::Arc;

use crate::dispatcher::Dispatcher;
use crate::dispatcher::emit_future::EmitAsync;
use crate::engine::arrival::Arrival;
use crate::engine::emission::cascade::WaitPolicy;
use crate::error::BlockingError;
use crate::report::Report;
use crate::wire::envelope::Envelope;

impl Arrival {
    fn replayed(envelope: &Envelope) -> Self {
        Self {
            meta: envelope.recorded_meta(),
            replays: true,
            refused_echo: None,
        }
    }
}

impl Dispatcher {
    /// Emits an event out of a [record](crate::wire::record), as [`deliver`](Self::deliver) does, but
    /// does not emit what its handlers cause: that is in the record, too, and is replayed in its turn.
    ///
    /// What handlers return, give to an [`Emitter`](crate::Emitter) or emit themselves through this
    /// dispatcher is discarded, wherever they run: inline, as tasks, in queues, as subscriptions. It is
    /// counted in [`Report::discarded`] and [`discarded`](Self::discarded), and is no failure. An event
    /// that is not `wire` can be in no record, and is emitted as always.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_core::wire::Codec;
    /// use event_core::{Dispatcher, Event, handler};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Event, Serialize, Deserialize)]
    /// #[event(name = "shop.order_placed", wire)]
    /// struct OrderPlaced;
    /// #[derive(Event, Serialize, Deserialize)]
    /// #[event(name = "shop.stock_reserved", wire)]
    /// struct StockReserved;
    ///
    /// #[handler]
    /// fn reserve(_event: &OrderPlaced) -> StockReserved {
    ///     StockReserved
    /// }
    ///
    /// let line = br#"{"specversion": "1.0", "id": "018f2f3c-1111-7000-8000-000000000000",
    ///     "source": "/orders", "type": "shop.order_placed"}"#;
    /// let dispatcher = Dispatcher::builder().build()?;
    /// let report = dispatcher.replay(&Codec::new("/orders")?.decode(line)?);
    /// assert_eq!((report.events(), report.done(), report.discarded()), (1, 1, 1));
    /// assert_eq!(report.returned::<StockReserved>().count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[allow(clippy::must_use_candidate, reason = "a report may be ignored")]
    pub fn replay(&self, envelope: &Envelope) -> Report {
        let arrival = Arrival::replayed(envelope);
        Arc::clone(envelope.arrived()).deliver(self.inner(), arrival, WaitPolicy::Never)
    }

    /// Replays an event as [`replay`](Self::replay) does, and also runs its async handlers and waits
    /// for room in queues, as [`emit_async`](Self::emit_async) does.
    ///
    /// # Cancellation
    ///
    /// Dropped midway, what had not ended is cancelled; see [`EmitAsync`].
    pub fn replay_async(
        &self,
        envelope: &Envelope,
    ) -> EmitAsync<'_, impl Future<Output = Report> + Send + use<>> {
        let inner = Arc::clone(self.inner());
        let arrival = Arrival::replayed(envelope);
        let future = Arc::clone(envelope.arrived()).deliver_async(inner, arrival);
        EmitAsync::new(self.inner(), envelope.event().info(), future)
    }

    /// Replays an event as [`replay`](Self::replay) does, and lets the thread wait for room in queues,
    /// as [`emit_blocking`](Self::emit_blocking) does.
    ///
    /// # Errors
    ///
    /// The thread belongs to a runtime, which might stand still; nothing was emitted.
    pub fn replay_blocking(&self, envelope: &Envelope) -> Result<Report, BlockingError> {
        BlockingError::check("replay")?;
        let arrival = Arrival::replayed(envelope);
        let arrived = Arc::clone(envelope.arrived());
        Ok(arrived.deliver(self.inner(), arrival, WaitPolicy::BlockForCapacity))
    }

    /// How many events were discarded in [replays](Self::replay), whichever report says so. Those of
    /// queued and detached handlers are in no report.
    #[must_use]
    pub fn discarded(&self) -> u64 {
        self.inner().discarded()
    }
}
