//! Options of an emission.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use crate::dispatcher::Dispatcher;
use crate::dispatcher::emit_future::EmitAsync;
use crate::dispatcher::payload::{Payload, Request};
use crate::dispatcher::settled::EmitSettled;
use crate::engine::emission::cascade::WaitPolicy;
use crate::engine::emission::options::RootOptions;
use crate::error::BlockingError;
use crate::handler::param::Dependency;
use crate::nesting::tracker::Tracker;
use crate::panics;
use crate::report::Report;

/// A dispatcher with options for what it emits, returned by [`Dispatcher::with`],
/// [`Dispatcher::fail_fast`] and [`Dispatcher::replaying`], which can be combined. It can be used more
/// than once.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{Context, Dispatcher, Event, handler};
///
/// struct Tenant(&'static str);
///
/// #[derive(Event)]
/// struct OrderPlaced;
///
/// #[handler]
/// fn check(_event: &OrderPlaced, tenant: Context<Tenant>) -> Result<(), String> {
///     Err(format!("{} has no credit", tenant.0))
/// }
///
/// let dispatcher = Dispatcher::builder().build()?;
/// let north = dispatcher.with(Tenant("north")).fail_fast();
/// let error = north.emit(OrderPlaced).into_result().unwrap_err();
/// assert!(error.to_string().ends_with("north has no credit"));
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[derive(Clone)]
#[must_use = "options do nothing until something is emitted with them"]
pub struct EmitOptions<'d> {
    dispatcher: &'d Dispatcher,
    options: RootOptions,
}

impl Drop for EmitOptions<'_> {
    /// The options may be the last owner of the values.
    fn drop(&mut self) {
        if let Some(values) = self.options.values.take() {
            panics::release(|| drop(values));
        }
    }
}

impl<'d> EmitOptions<'d> {
    pub(crate) fn new(dispatcher: &'d Dispatcher) -> Self {
        Self {
            dispatcher,
            options: RootOptions::default(),
        }
    }

    /// Adds a value, which replaces one of the same type: handlers of the event and of all that it
    /// causes, through queues and tasks, take it as [`Context<T>`](crate::Context).
    pub fn with<T: Dependency>(mut self, value: T) -> Self {
        let values = self.options.values.take().unwrap_or_default();
        self.options.values = Some(Arc::new(values.and(value)));
        panics::release(|| drop(values));
        self
    }

    /// Ends each emission at its first failure; see [`Dispatcher::fail_fast`].
    pub fn fail_fast(mut self) -> Self {
        self.options.fail_fast = true;
        self
    }

    /// Discards the caused events that can be in the journal; see [`Dispatcher::replaying`].
    #[cfg(feature = "serde")]
    pub fn replaying(mut self) -> Self {
        self.options.replays = true;
        self
    }

    /// Emits with these options as [`Dispatcher::emit`] does.
    #[track_caller]
    pub fn emit<P: Payload>(&self, payload: P) -> Report {
        payload.emit_with(self.request(WaitPolicy::Never))
    }

    /// Emits with these options as [`Dispatcher::emit_async`] does.
    ///
    /// # Cancellation
    ///
    /// If the future is dropped early, deliveries that have not ended are cancelled; see [`EmitAsync`].
    #[track_caller]
    pub fn emit_async<P: Payload>(
        &self,
        payload: P,
    ) -> EmitAsync<'d, impl Future<Output = Report> + Send + use<P>> {
        let event = payload.info();
        EmitAsync::new(
            self.dispatcher.inner(),
            event,
            payload.emit_async(self.request(WaitPolicy::AwaitHandlers)),
        )
    }

    /// Emits with these options as [`Dispatcher::emit_blocking`] does.
    ///
    /// # Errors
    ///
    /// The thread belongs to a runtime; see [`Dispatcher::emit_blocking`].
    #[track_caller]
    pub fn emit_blocking<P: Payload>(&self, payload: P) -> Result<Report, BlockingError> {
        BlockingError::check()?;
        Ok(payload.emit_with(self.request(WaitPolicy::BlockForCapacity)))
    }

    /// Waits after each emission until all that it caused has ended; see [`Dispatcher::settled`].
    pub fn settled(self) -> EmitSettled<'d> {
        EmitSettled::new(self)
    }

    pub(crate) fn dispatcher(&self) -> &'d Dispatcher {
        self.dispatcher
    }

    /// Makes a request for an emission that is tracked.
    #[track_caller]
    pub(crate) fn tracked(&self, wait_policy: WaitPolicy, tracker: Tracker) -> Request<'d> {
        let mut request = self.request(wait_policy);
        request.options.tracker = Some(tracker);
        request
    }

    #[track_caller]
    fn request(&self, wait_policy: WaitPolicy) -> Request<'d> {
        Request {
            state: self.dispatcher.inner(),
            options: RootOptions {
                emitted_at: Some(Location::caller()),
                ..self.options.clone()
            },
            wait_policy,
        }
    }
}

impl fmt::Debug for EmitOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmitOptions")
            .field("values", &self.options.values.is_some())
            .field("fail_fast", &self.options.fail_fast)
            .field("replaying", &self.options.replays)
            .finish_non_exhaustive()
    }
}
