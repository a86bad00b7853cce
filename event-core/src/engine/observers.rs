//! Tells observers and spans about emissions and deliveries.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::engine::emission::cascade_state::FailedAttempt;
use crate::engine::emission::deferred_event::ErasedDeferredEvent;
use crate::engine::emission::lineage::Lineage;
use crate::engine::state::DispatcherState;
use crate::event::any::AnyEvent;
use crate::handler_info::HandlerInfo;
use crate::nesting::scope::NestingScope;
use crate::observer::{
    AttemptResult, DeliveryResult, DeliveryView, EmissionView, Observer, Observers,
};
use crate::report::failure::Failure;
use crate::report::status::DeliveryStatus;
use crate::spans::Trace;
use crate::{log, panics};

/// One emission and the observers that were added when it started.
pub(crate) struct EmissionObservers<'e> {
    inner: &'e DispatcherState,
    observers: Observers,
    emission: EmissionView<'e>,
    scope: NestingScope,
    trace: &'e Trace,
}

/// The start time and span of a delivery, if it is observed.
#[derive(Clone, Default)]
pub(crate) struct DeliveryTimer {
    since: Option<Instant>,
    pub(crate) trace: Trace,
}

impl DeliveryTimer {
    /// Whether observers were told that the delivery started.
    pub(crate) fn is_known(&self) -> bool {
        self.since.is_some()
    }
}

impl<'e> EmissionObservers<'e> {
    /// Tells the observers, if there are any, that an emission started. An emission that began before the
    /// first observer was added has no identity, and is not observed.
    pub(crate) fn new(
        inner: &'e DispatcherState,
        event: &'e dyn AnyEvent,
        lineage: &'e Lineage,
    ) -> Option<Self> {
        let observed = Self::of(inner, event, lineage)?;
        observed.emission_started();
        Some(observed)
    }

    /// Tells the observers that the emission of a shared event started.
    pub(crate) fn shared(
        inner: &'e DispatcherState,
        event: &'e dyn ErasedDeferredEvent,
    ) -> Option<Self> {
        let observed = Self::deferred(inner, event)?;
        observed.emission_started();
        Some(observed)
    }

    /// Observes an emission that started before, with the current observers, without telling them that it
    /// started.
    pub(crate) fn deferred(
        inner: &'e DispatcherState,
        event: &'e dyn ErasedDeferredEvent,
    ) -> Option<Self> {
        Self::of(inner, event.as_any_event(), event.lineage()).map(|all| all.held_by(event))
    }

    /// Observes an emission that started before, with the observers that were told that it started.
    pub(crate) fn again(
        inner: &'e DispatcherState,
        event: &'e dyn ErasedDeferredEvent,
        observers: Observers,
    ) -> Option<Self> {
        let observed = Self::with(inner, event.as_any_event(), event.lineage(), observers);
        observed.map(|all| all.held_by(event))
    }

    /// Returns the observers that were told that the emission started, to tell them later that it ended.
    pub(crate) fn into_observers(mut self) -> Observers {
        std::mem::take(&mut self.observers)
    }

    fn of(
        inner: &'e DispatcherState,
        event: &'e dyn AnyEvent,
        lineage: &'e Lineage,
    ) -> Option<Self> {
        if !inner.is_observed() {
            return None;
        }
        Self::with(inner, event, lineage, inner.observers.load_full())
    }

    fn with(
        inner: &'e DispatcherState,
        event: &'e dyn AnyEvent,
        lineage: &'e Lineage,
        observers: Observers,
    ) -> Option<Self> {
        Some(Self {
            inner,
            observers,
            emission: EmissionView {
                event,
                meta: lineage.meta.as_ref()?,
                holder: None,
                emitted_at: lineage.emitted_at,
                returned_by: lineage.returned_by.as_deref(),
            },
            scope: lineage.scope(),
            trace: &lineage.trace,
        })
    }

    fn held_by(mut self, holder: &'e dyn ErasedDeferredEvent) -> Self {
        self.emission.holder = Some(holder);
        self
    }

    fn emission_started(&self) {
        self.each(|observer| observer.emission_started(&self.emission));
    }

    pub(crate) fn emission_ended(&self) {
        self.each(|observer| observer.emission_ended(&self.emission));
    }

    pub(crate) fn delivery_started(&self, handler: HandlerInfo, attempt: u32) -> DeliveryTimer {
        let delivery = self.delivery(handler, attempt);
        self.each(|observer| observer.delivery_started(&delivery));
        let info = self.emission.event.info();
        DeliveryTimer {
            trace: self.trace.delivery(info, self.emission.meta, handler),
            since: Some(Instant::now()),
        }
    }

    /// Tells observers that a delivery ended, whether it had started or not.
    pub(crate) fn ended(
        &self,
        handler: HandlerInfo,
        attempt: u32,
        ended: DeliveryStatus,
        failure: Option<&Failure>,
        timer: &DeliveryTimer,
    ) {
        timer.trace.ended(ended, failure.is_some());
        let delivery = self.delivery(handler, attempt);
        let end = DeliveryResult {
            ended,
            failure,
            took: timer.since.map(|since| since.elapsed()),
        };
        self.each(|observer| observer.delivery_ended(&delivery, &end));
    }

    /// Tells observers that an attempt failed, of a delivery that is tried again.
    pub(crate) fn attempt_failed(
        &self,
        handler: HandlerInfo,
        attempt: u32,
        failed: &FailedAttempt,
        timer: &DeliveryTimer,
    ) {
        let FailedAttempt { failure, wait } = failed;
        let ended = failure.ended().unwrap_or(DeliveryStatus::Failed);
        timer.trace.ended(ended, true);
        let delivery = self.delivery(handler, attempt);
        let result = AttemptResult {
            failure,
            took: timer.since.map(|since| since.elapsed()),
            wait: *wait,
        };
        self.each(|observer| observer.attempt_failed(&delivery, &result));
    }

    fn delivery(&self, handler: HandlerInfo, attempt: u32) -> DeliveryView<'e> {
        DeliveryView {
            emission: self.emission,
            handler,
            attempt,
        }
    }

    /// Calls each observer. An event that an observer emits is caused by the one that it is told about.
    fn each(&self, call: impl Fn(&dyn Observer)) {
        let cause = Some(self.emission.meta.parent());
        for observer in &*self.observers {
            let told = || panics::catch(|| call(&**observer));
            if let (Err(panic), _) = self.scope.descend(self.inner.id(), cause, told) {
                self.inner.observer_panics.fetch_add(1, Ordering::Relaxed);
                log::observer_panicked(&panic);
            }
        }
    }
}

/// The guard of an observer: dropping it removes the observer. Outside of an emission, a panic in the
/// observer's own `Drop` continues in the code that drops the guard.
#[must_use = "dropping the guard takes the observer off, and `let _ =` drops it at once: bind it to a name, or call `.detach()`"]
pub struct ObserverGuard {
    pub(crate) inner: std::sync::Weak<DispatcherState>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

impl ObserverGuard {
    /// Keeps the observer for as long as the dispatcher lives.
    pub fn detach(mut self) {
        self.observer = None;
    }
}

impl Drop for ObserverGuard {
    fn drop(&mut self) {
        let Some(observer) = self.observer.take() else {
            return;
        };
        panics::release(|| {
            if let Some(inner) = self.inner.upgrade() {
                inner.change_observers(|all| {
                    if let Some(at) = all.iter().position(|other| Arc::ptr_eq(other, &observer)) {
                        all.remove(at);
                    }
                });
            }
            panics::drop_caught(observer);
        });
    }
}

impl Drop for EmissionObservers<'_> {
    /// An observer that was removed meanwhile may be dropped here.
    fn drop(&mut self) {
        panics::drop_caught(std::mem::take(&mut self.observers));
    }
}

impl fmt::Debug for ObserverGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObserverGuard").finish_non_exhaustive()
    }
}
