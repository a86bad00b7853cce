//! Adds up what happens in the shop, on whichever thread it happens.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use event_core::{
    observer::{AttemptResult, DeliveryResult, DeliveryView, EmissionView, Observer},
    report::{DeliveryStatus, Failure},
};

/// Counts all events and deliveries, as an observer: a report ends where a queue begins. Failures
/// come from reports, and those that no report has from the failure hook.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counts>);

/// What was counted.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// How many events were emitted: the purchases and all that followed from them.
    pub(crate) events: usize,
    /// How many deliveries there were, by how they ended.
    ended: HashMap<DeliveryStatus, usize>,
    /// How many attempts failed of deliveries that were tried again.
    pub(crate) failed_attempts: usize,
    /// The failures by the name of the handler, and by what became of the delivery.
    pub(crate) failures: BTreeMap<(&'static str, String), Failures>,
}

/// The failures of one handler, of one kind.
#[derive(Debug)]
pub(crate) struct Failures {
    pub(crate) count: usize,
    /// What the first one said, if there is more to say.
    pub(crate) example: Option<String>,
}

impl Tally {
    /// Counts a failure.
    pub(crate) fn fail(&self, failure: &Failure) {
        let handler = failure
            .handler()
            .map_or("the dispatcher", |handler| handler.name());
        let how = match failure.ended() {
            Some(DeliveryStatus::Rejected) if failure.is_full() => {
                "rejected: its queue was full".to_owned()
            }
            Some(DeliveryStatus::Rejected) => "rejected: the shop was closed".to_owned(),
            Some(ended) => ended.to_string(),
            None => "not emitted".to_owned(),
        };
        let new = || Failures {
            count: 0,
            example: cause_of(failure),
        };
        let mut counts = self.counts();
        let failures = counts.failures.entry((handler, how));
        failures.or_insert_with(new).count += 1;
    }

    /// The counts up to now. Nothing is counted while they are looked at.
    pub(crate) fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Tally {
    fn emission_started(&self, _emission: &EmissionView<'_>) {
        self.counts().events += 1;
    }

    fn attempt_failed(&self, _delivery: &DeliveryView<'_>, _attempt: &AttemptResult<'_>) {
        self.counts().failed_attempts += 1;
    }

    fn delivery_ended(&self, _delivery: &DeliveryView<'_>, end: &DeliveryResult<'_>) {
        *self.counts().ended.entry(end.ended()).or_default() += 1;
    }
}

impl Counts {
    /// How many deliveries have ended.
    pub(crate) fn deliveries(&self) -> usize {
        self.ended.values().sum()
    }

    /// How many have ended in one way.
    pub(crate) fn ended(&self, ended: DeliveryStatus) -> usize {
        self.ended.get(&ended).copied().unwrap_or(0)
    }
}

/// What went wrong, without the handler's name, which the summary has anyway.
fn cause_of(failure: &Failure) -> Option<String> {
    match (failure.error(), failure.panic_message()) {
        (Some(error), _) => Some(error.to_string()),
        (None, Some(panic)) => Some(panic.to_owned()),
        (None, None) => failure.ended().is_none().then(|| failure.to_string()),
    }
}
