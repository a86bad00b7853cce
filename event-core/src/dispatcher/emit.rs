//! The emit methods of a dispatcher, and their options.

use std::future::Future;
use std::panic::Location;

use crate::dispatcher::Dispatcher;
use crate::dispatcher::emit_future::EmitAsync;
use crate::dispatcher::options::EmitOptions;
use crate::dispatcher::payload::{Payload, Request};
use crate::engine::emission::cascade::WaitPolicy;
use crate::error::BlockingError;
use crate::handler::param::Dependency;
use crate::report::Report;

impl Dispatcher {
    /// Emits an event: runs its inline handlers, hands its other deliveries to tasks and queues, then
    /// emits the events that handlers caused, until none is left.
    ///
    /// `emit` never waits, and never panics because of a handler. A delivery that finds its queue full is
    /// a failure in the report, even if the queue lets emitters [wait](crate::queue::Overflow::Wait);
    /// [`emit_async`](Self::emit_async) and [`emit_blocking`](Self::emit_blocking) do wait. Emitting an
    /// event without handlers is allowed and nearly free. Inside a handler `emit` starts a root of its
    /// own, which runs at once; a handler that returns the event has it emitted after the other handlers.
    ///
    /// `payload` is an event, [`PendingEvents`](crate::PendingEvents), or an envelope by reference; see
    /// [`Payload`].
    #[inline]
    #[track_caller]
    pub fn emit<P: Payload>(&self, payload: P) -> Report {
        payload.emit_plain(self, Location::caller())
    }

    /// Emits an event as [`emit`](Self::emit) does, and also runs its async handlers concurrently inside
    /// of the returned future, and waits for capacity in queues that let emitters
    /// [wait](crate::queue::Overflow::Wait). The report also covers the async handlers.
    ///
    /// Nothing happens before the future is awaited. Inline handlers run first, in order. Events that
    /// async handlers return are emitted in the order of the handlers.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// # #[cfg(feature = "tokio")] fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use event_core::{Dispatcher, Event, handler};
    ///
    /// #[derive(Event)]
    /// struct UserSignedUp { name: &'static str }
    ///
    /// #[handler(timeout = "5s")]
    /// async fn welcome(event: &UserSignedUp) -> Result<(), String> {
    ///     tokio::task::yield_now().await;
    ///     Err(format!("no address of {}", event.name))
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let dispatcher = Dispatcher::builder().build()?;
    /// let report = dispatcher.emit_async(UserSignedUp { name: "Ada" }).await;
    /// assert_eq!(report.failed(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok(()) }
    /// # #[cfg(not(feature = "tokio"))] fn main() {}
    /// ```
    ///
    /// # Cancellation
    ///
    /// If the future is dropped early, deliveries that have not ended are cancelled; see [`EmitAsync`].
    #[track_caller]
    pub fn emit_async<P: Payload>(
        &self,
        payload: P,
    ) -> EmitAsync<'_, impl Future<Output = Report> + Send + use<P>> {
        let event = payload.info();
        let request = Request::plain(self, WaitPolicy::AwaitHandlers, Location::caller());
        let future = payload.emit_async(request);
        EmitAsync::new(&self.owner, event, future)
    }

    /// Emits an event as [`emit`](Self::emit) does, and blocks the thread until there is capacity in
    /// queues that let emitters [wait](crate::queue::Overflow::Wait).
    ///
    /// # Errors
    ///
    /// The thread belongs to a runtime, which blocking could stall. Nothing was emitted, and the event is
    /// dropped. Threads of tokio's `spawn_blocking` cannot be distinguished from its workers; use
    /// `std::thread`.
    #[track_caller]
    pub fn emit_blocking<P: Payload>(&self, payload: P) -> Result<Report, BlockingError> {
        BlockingError::check()?;
        let request = Request::plain(self, WaitPolicy::BlockForCapacity, Location::caller());
        Ok(payload.emit_with(request))
    }

    /// Returns a dispatcher that gives a value along with what it emits: handlers of the event and of all
    /// it causes, through queues and tasks, take the value as [`Context<T>`](crate::Context).
    pub fn with<T: Dependency>(&self, value: T) -> EmitOptions<'_> {
        EmitOptions::new(self).with(value)
    }

    /// Returns a dispatcher whose emissions end at the first failure: no further handler starts, and
    /// nothing more is emitted, at every level of the cascade. Async handlers that have started run to
    /// their end. Django's `send` does so with sync receivers.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_core::{Dispatcher, Event, handler};
    ///
    /// #[derive(Event)]
    /// struct FormSent { name: String }
    ///
    /// #[handler]
    /// fn check(event: &FormSent) -> Result<(), &'static str> {
    ///     if event.name.is_empty() { Err("a name is missing") } else { Ok(()) }
    /// }
    ///
    /// let dispatcher = Dispatcher::builder().build()?;
    /// let form = FormSent { name: String::new() };
    /// let error = dispatcher.fail_fast().emit(form).into_result().unwrap_err();
    /// assert!(error.to_string().ends_with("a name is missing"));
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    pub fn fail_fast(&self) -> EmitOptions<'_> {
        EmitOptions::new(self).fail_fast()
    }

    /// Returns a dispatcher whose emissions cause no event that can be in the journal. It is for
    /// envelopes out of a [journal](crate::wire::journal), since the events that their handlers caused
    /// are in the journal, too, and are replayed in their turn.
    ///
    /// Events that handlers return, give to an [`Emitter`](crate::Emitter) or emit themselves through
    /// this dispatcher are discarded, wherever the handlers run: inline, as tasks, in queues, as
    /// subscriptions. They are counted in [`Report::discarded`] and [`counts`](Self::counts), and are no
    /// failures. An event that is not `wire` cannot be in a journal, and is emitted as always.
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
    /// let envelope = Codec::new("/orders")?.decode(line)?;
    /// let report = dispatcher.replaying().emit(&envelope);
    /// assert_eq!((report.events(), report.done(), report.discarded()), (1, 1, 1));
    /// assert_eq!(report.returned::<StockReserved>().count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "serde")]
    pub fn replaying(&self) -> EmitOptions<'_> {
        EmitOptions::new(self).replaying()
    }
}
