//! The verbs of a dispatcher, and their options.

use std::future::Future;

use crate::dispatcher::Dispatcher;
use crate::dispatcher::emit_future::EmitAsync;
use crate::dispatcher::options::EmitOptions;
use crate::dispatcher::payload::{Payload, Request};
use crate::engine::emission::cascade::WaitPolicy;
use crate::error::BlockingError;
use crate::handler::param::Dependency;
use crate::report::Report;

impl Dispatcher {
    /// Emits an event: runs its inline handlers now, hands it to its tasks and queues, then emits what
    /// was caused, and so on.
    ///
    /// Never waits, and never panics because of a handler: a delivery that finds its queue full is a
    /// failure in the report, also where the queue lets emitters [wait](crate::queue::Overflow::Wait), as
    /// [`emit_async`](Self::emit_async) and [`emit_blocking`](Self::emit_blocking) do. Emitting to nobody is
    /// legal and nearly free. Inside a handler it starts a root of its own, which runs at
    /// once; return the event instead to have it run after the other handlers.
    ///
    /// Takes an event, [`PendingEvents`](crate::PendingEvents), or an envelope by reference; see [`Payload`].
    #[inline]
    pub fn emit<P: Payload>(&self, payload: P) -> Report {
        payload.emit_plain(self)
    }

    /// Emits an event as [`emit`](Self::emit) does, and also runs its async handlers, side by side
    /// inside of the returned future, and waits for room in queues that let emitters
    /// [wait](crate::queue::Overflow::Wait). The report then covers the async handlers, too.
    ///
    /// Nothing happens before the future is awaited. Inline handlers run first, in order.
    /// Events that async handlers return are emitted in the order of the handlers.
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
    /// Dropped midway, what had not ended is cancelled; see [`EmitAsync`].
    pub fn emit_async<P: Payload>(
        &self,
        payload: P,
    ) -> EmitAsync<'_, impl Future<Output = Report> + Send + use<P>> {
        let event = payload.info();
        let future = payload.emit_async(Request::plain(self, WaitPolicy::AwaitHandlers));
        EmitAsync::new(&self.owner, event, future)
    }

    /// Emits an event as [`emit`](Self::emit) does, and lets the thread wait for room in queues that
    /// let emitters [wait](crate::queue::Overflow::Wait).
    ///
    /// # Errors
    ///
    /// The thread belongs to a runtime, which might stand still; nothing was emitted, and the event is
    /// gone. Threads of tokio's `spawn_blocking` cannot be told from its others; use `std::thread`.
    pub fn emit_blocking<P: Payload>(&self, payload: P) -> Result<Report, BlockingError> {
        BlockingError::check()?;
        Ok(payload.emit_with(Request::plain(self, WaitPolicy::BlockForCapacity)))
    }

    /// Gives a value along with what is emitted through what this returns: handlers of the event and
    /// of all it causes, through queues and tasks, take it as [`Context<T>`](crate::Context).
    pub fn with<T: Dependency>(&self, value: T) -> EmitOptions<'_> {
        EmitOptions::new(self).with(value)
    }

    /// Lets what is emitted through what this returns end at the first failure: no further handler starts,
    /// and nothing more is emitted, at every level of the cascade. Async handlers that run already run to
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

    /// Lets what is emitted through what this returns cause nothing that is in its record, too: for an
    /// envelope out of a [journal](crate::wire::journal), whose handlers caused events that are in it and
    /// are replayed in their turn.
    ///
    /// What handlers return, give to an [`Emitter`](crate::Emitter) or emit themselves through this
    /// dispatcher is discarded, wherever they run: inline, as tasks, in queues, as subscriptions. It is
    /// counted in [`Report::discarded`] and [`counts`](Self::counts), and is no failure. An event
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
