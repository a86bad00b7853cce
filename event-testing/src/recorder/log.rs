//! What a recorder keeps: the events of a dispatcher, and how their deliveries ended.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use event_core::__private::Session;
use event_core::handler::HandlerInfo;
use event_core::observer::{AttemptResult, DeliveryResult, DeliveryView, EmissionView, Observer};
use event_core::report::{DeliveryStatus, Failure};
use event_core::{AnyEvent, Meta};
use event_listener::{Event as Signal, EventListener};

/// The observer of a recorder.
#[derive(Default)]
pub(crate) struct Log {
    entries: Mutex<Entries>,
    /// Told of each event and of each delivery that ends.
    changed: Signal,
    /// The session whose events are recorded; all events if there is none.
    session: Option<Arc<Session>>,
}

#[derive(Default)]
struct Entries {
    emissions: Vec<Emission>,
    /// The index of the last emission of each event id.
    by_id: HashMap<u128, usize>,
}

/// One emission, with its deliveries in the order in which they started.
#[derive(Clone)]
pub(crate) struct Emission {
    pub(crate) event: Arc<dyn AnyEvent>,
    pub(crate) meta: Meta,
    /// The index of the emission that caused this one, if it was recorded.
    pub(crate) cause: Option<usize>,
    /// The line of the code that emitted the event, if it is known.
    pub(crate) emitted_at: Option<&'static Location<'static>>,
    /// The handler that returned the event.
    pub(crate) returned_by: Option<HandlerInfo>,
    pub(crate) deliveries: Vec<Delivery>,
}

/// One delivery of an emission.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) handler: HandlerInfo,
    pub(crate) attempt: u32,
    pub(crate) state: DeliveryState,
}

/// How far a delivery has got.
#[derive(Clone)]
pub(crate) enum DeliveryState {
    Running,
    /// The attempt failed, and the delivery waits for its next one.
    Waiting {
        error: String,
    },
    Ended {
        status: DeliveryStatus,
        error: Option<String>,
        took: Option<Duration>,
    },
}

impl Log {
    /// Records the events of a session alone.
    pub(crate) fn of_session(session: Arc<Session>) -> Self {
        Self {
            session: Some(session),
            ..Self::default()
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of emissions so far.
    pub(crate) fn len(&self) -> usize {
        self.lock().emissions.len()
    }

    /// Returns the emissions from an index on.
    pub(crate) fn from(&self, start: usize) -> Vec<Emission> {
        self.lock().emissions[start..].to_vec()
    }

    /// Returns the events from an index on.
    pub(crate) fn events_from(&self, start: usize) -> Vec<(Arc<dyn AnyEvent>, Meta)> {
        let entries = self.lock();
        let emissions = entries.emissions[start..].iter();
        emissions
            .map(|emission| (Arc::clone(&emission.event), emission.meta.clone()))
            .collect()
    }

    /// Returns what is told of the next change.
    pub(crate) fn listen(&self) -> EventListener {
        self.changed.listen()
    }

    /// Changes the delivery that the observer is told of. An event that was emitted before the recorder was added
    /// is not recorded.
    fn change(&self, view: &DeliveryView<'_>, change: impl FnOnce(&mut Vec<Delivery>)) {
        let mut entries = self.lock();
        let id = view.emission().meta().id().as_u128();
        let Some(at) = entries.by_id.get(&id).copied() else {
            return;
        };
        change(&mut entries.emissions[at].deliveries);
        drop(entries);
        self.changed.notify(usize::MAX);
    }
}

impl Observer for Log {
    fn keeps_events(&self) -> bool {
        true
    }

    fn emission_started(&self, emission: &EmissionView<'_>) {
        let session = self.session.as_ref();
        let Some(event) = emission.shared() else {
            return;
        };
        if session.is_some_and(|session| !session.is_current()) {
            return;
        }
        let meta = emission.meta().clone();
        let mut entries = self.lock();
        let cause = meta.causation().map(|cause| cause.as_u128());
        let cause = cause.and_then(|cause| entries.by_id.get(&cause).copied());
        let at = entries.emissions.len();
        entries.by_id.insert(meta.id().as_u128(), at);
        entries.emissions.push(Emission {
            event,
            meta,
            cause,
            emitted_at: emission.emitted_at(),
            returned_by: emission.returned_by(),
            deliveries: Vec::new(),
        });
        drop(entries);
        self.changed.notify(usize::MAX);
    }

    fn delivery_started(&self, view: &DeliveryView<'_>) {
        self.change(view, |deliveries| {
            let waits = |delivery: &&mut Delivery| {
                delivery.handler == view.handler()
                    && matches!(delivery.state, DeliveryState::Waiting { .. })
            };
            if let Some(delivery) = deliveries.iter_mut().find(waits) {
                delivery.attempt = view.attempt();
                delivery.state = DeliveryState::Running;
            } else {
                deliveries.push(Delivery::of(view));
            }
        });
    }

    fn attempt_failed(&self, view: &DeliveryView<'_>, attempt: &AttemptResult<'_>) {
        let error = error_text(attempt.failure());
        self.change(view, |deliveries| {
            let delivery = Delivery::current(deliveries, view);
            delivery.state = DeliveryState::Waiting {
                error: error.unwrap_or_default(),
            };
        });
    }

    fn delivery_ended(&self, view: &DeliveryView<'_>, end: &DeliveryResult<'_>) {
        let error = end.failure().and_then(error_text);
        self.change(view, |deliveries| {
            let delivery = Delivery::current(deliveries, view);
            delivery.attempt = view.attempt();
            delivery.state = DeliveryState::Ended {
                status: end.ended(),
                error,
                took: end.took(),
            };
        });
    }
}

impl Delivery {
    fn of(view: &DeliveryView<'_>) -> Self {
        Self {
            handler: view.handler(),
            attempt: view.attempt(),
            state: DeliveryState::Running,
        }
    }

    /// Returns the delivery that has not ended, which is new if it never started.
    fn current<'d>(deliveries: &'d mut Vec<Self>, view: &DeliveryView<'_>) -> &'d mut Self {
        let is_open = |delivery: &Self| {
            delivery.handler == view.handler()
                && !matches!(delivery.state, DeliveryState::Ended { .. })
        };
        let at = deliveries.iter().position(is_open).unwrap_or_else(|| {
            deliveries.push(Self::of(view));
            deliveries.len() - 1
        });
        &mut deliveries[at]
    }

    /// Returns how the delivery ended, if it has.
    pub(crate) fn status(&self) -> Option<DeliveryStatus> {
        match self.state {
            DeliveryState::Ended { status, .. } => Some(status),
            DeliveryState::Running | DeliveryState::Waiting { .. } => None,
        }
    }

    /// Returns what went wrong last.
    pub(crate) fn error(&self) -> Option<&str> {
        match &self.state {
            DeliveryState::Running => None,
            DeliveryState::Waiting { error } => Some(error),
            DeliveryState::Ended { error, .. } => error.as_deref(),
        }
    }
}

/// Returns the error or the panic of a failure as text, with what caused the error.
fn error_text(failure: &Failure) -> Option<String> {
    if let Some(panic) = failure.panic_message() {
        return Some(panic.to_owned());
    }
    let error = failure.error()?;
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    Some(text)
}
