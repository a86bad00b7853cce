//! Emissions whose emitter waits for all that they cause.

use std::fmt;
use std::future::Future;

use crate::dispatcher::Dispatcher;
use crate::dispatcher::emit_future::EmitAsync;
use crate::dispatcher::options::EmitOptions;
use crate::dispatcher::payload::Payload;
use crate::engine::emission::cascade::WaitPolicy;
use crate::error::BlockingError;
use crate::nesting::scope;
use crate::nesting::tracker::{TrackedDelivery, TrackedEnd, Tracker};
use crate::report::Report;

impl Dispatcher {
    /// Returns a dispatcher whose emitters wait until all that an emission caused has ended: deliveries in
    /// queues and tasks, their next attempts, and the events that they emit, at every level. What others emit
    /// meanwhile is not waited for; [`join`](Self::join) waits for the whole dispatcher.
    ///
    /// A delivery ends as well if it is rejected, dropped, or abandoned by a shutdown. A rejected delivery that
    /// is redelivered later is not waited for. Events of streams, events that an
    /// [`Emitter`](crate::Emitter) is given after its delivery has ended, and emissions of threads and tasks
    /// that handlers start themselves are not waited for, either.
    ///
    /// A handler that waits for an event that only its own consumer could run waits for ever, as does a thread
    /// that waits for a [`LocalQueue`](crate::queue::LocalQueue) that it would have to pump.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use event_core::queue::Queue;
    /// use event_core::{Dispatcher, Event, handler};
    ///
    /// static MAIL: Queue = Queue::new("mail");
    /// static ARCHIVE: Queue = Queue::new("archive");
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced;
    ///
    /// #[derive(Event)]
    /// struct ReceiptSent;
    ///
    /// #[handler(queue = MAIL)]
    /// async fn send_receipt(_event: &OrderPlaced) -> ReceiptSent {
    ///     ReceiptSent
    /// }
    ///
    /// #[handler(queue = ARCHIVE)]
    /// async fn archive(_event: &ReceiptSent, archived: &AtomicU32) {
    ///     archived.fetch_add(1, Ordering::Relaxed);
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let archived = std::sync::Arc::new(AtomicU32::new(0));
    /// let dispatcher = Dispatcher::builder().provide_arc(archived.clone()).build()?;
    /// let report = dispatcher.settled().emit_async(OrderPlaced).await;
    /// assert_eq!(report.handed_over(), 1);
    /// assert_eq!(archived.load(Ordering::Relaxed), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn settled(&self) -> EmitSettled<'_> {
        EmitOptions::new(self).settled()
    }
}

/// A dispatcher whose emitters wait for all that they cause, returned by [`Dispatcher::settled`] and
/// [`EmitOptions::settled`]. It can be used more than once.
#[must_use = "it does nothing until something is emitted with it"]
pub struct EmitSettled<'d> {
    options: EmitOptions<'d>,
}

impl<'d> EmitSettled<'d> {
    pub(crate) fn new(options: EmitOptions<'d>) -> Self {
        Self { options }
    }

    /// Emits as [`Dispatcher::emit_async`] does, and waits until all that the emission caused has ended. The
    /// report is that of the root.
    ///
    /// # Cancellation
    ///
    /// If the future is dropped early, deliveries of the root that have not ended are cancelled; see
    /// [`EmitAsync`]. Deliveries that were handed over continue.
    #[track_caller]
    pub fn emit_async<P: Payload>(
        &self,
        payload: P,
    ) -> EmitAsync<'d, impl Future<Output = Report> + Send + use<P>> {
        let event = payload.info();
        let (tracker, open, end) = track();
        let request = self.options.tracked(WaitPolicy::AwaitHandlers, tracker);
        let emission = payload.emit_async(request);
        EmitAsync::new(self.options.dispatcher().inner(), event, async move {
            let report = emission.await;
            drop(open);
            end.wait().await;
            report
        })
    }

    /// Emits as [`Dispatcher::emit_blocking`] does, and blocks the thread until all that the emission caused
    /// has ended. The report is that of the root.
    ///
    /// # Errors
    ///
    /// The thread belongs to a runtime; see [`Dispatcher::emit_blocking`].
    #[track_caller]
    pub fn emit_blocking<P: Payload>(&self, payload: P) -> Result<Report, BlockingError> {
        BlockingError::check()?;
        let (tracker, open, end) = track();
        let request = self.options.tracked(WaitPolicy::BlockForCapacity, tracker);
        let report = payload.emit_with(request);
        drop(open);
        end.wait_blocking();
        Ok(report)
    }
}

/// Begins to track an emission of this thread, inside of the emission that is tracked already, if there is one.
fn track() -> (Tracker, TrackedDelivery, TrackedEnd) {
    let outer = scope::tracker();
    Tracker::start(outer.as_ref().and_then(Tracker::track))
}

impl fmt::Debug for EmitSettled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmitSettled")
            .field("options", &self.options)
            .finish()
    }
}
