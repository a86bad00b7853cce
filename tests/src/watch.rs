//! Keeps how deliveries end, and which failures are heard of.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_core::handler::HandlerInfo;
use event_core::observer::{AttemptResult, DeliveryResult, DeliveryView, Observer};
use event_core::report::{DeliveryStatus, Failure};

/// The last segment of a handler's path; that of a subscription is `subscription`.
#[must_use]
pub fn short(handler: HandlerInfo) -> String {
    let name = handler.name();
    if handler.is_subscription() {
        return "subscription".to_owned();
    }
    name.rsplit("::").next().unwrap_or(name).to_owned()
}

/// Keeps how deliveries started and ended.
#[derive(Debug, Default)]
pub struct Watch {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    started: Vec<String>,
    attempts_failed: usize,
    ended: Vec<(String, DeliveryStatus)>,
}

impl Watch {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How deliveries ended, by handler, in order.
    pub fn ended(&self) -> Vec<(String, DeliveryStatus)> {
        self.seen().ended.clone()
    }

    /// How the deliveries of one handler ended.
    pub fn ended_of(&self, handler: &str) -> Vec<DeliveryStatus> {
        let seen = self.seen();
        let of = seen.ended.iter().filter(|(name, _)| name == handler);
        of.map(|(_, ended)| *ended).collect()
    }

    /// How many deliveries ended in this way.
    pub fn count(&self, how: DeliveryStatus) -> usize {
        let seen = self.seen();
        seen.ended.iter().filter(|(_, ended)| *ended == how).count()
    }

    /// How many attempts failed of deliveries that are tried again.
    pub fn attempts_failed(&self) -> usize {
        self.seen().attempts_failed
    }

    /// Forgets what was seen.
    pub fn clear(&self) {
        *self.seen() = Seen::default();
    }

    /// How many deliveries started, and how many ended.
    pub fn totals(&self) -> (usize, usize) {
        let seen = self.seen();
        (seen.started.len(), seen.ended.len())
    }

    /// Asserts that what started has ended, once.
    ///
    /// # Panics
    ///
    /// It has not.
    #[track_caller]
    pub fn assert_each_ended_once(&self) {
        let seen = self.seen();
        let mut left: HashMap<&str, usize> = HashMap::new();
        for (name, _) in &seen.ended {
            *left.entry(name).or_default() += 1;
        }
        for name in &seen.started {
            let ends = left.get_mut(name.as_str()).filter(|ends| **ends > 0);
            let Some(ends) = ends else {
                panic!("`{name}` did not end as often as it started");
            };
            *ends -= 1;
        }
    }
}

impl Observer for Watch {
    fn delivery_started(&self, delivery: &DeliveryView<'_>) {
        self.seen().started.push(short(delivery.handler()));
    }

    fn attempt_failed(&self, _: &DeliveryView<'_>, _: &AttemptResult<'_>) {
        self.seen().attempts_failed += 1;
    }

    fn delivery_ended(&self, delivery: &DeliveryView<'_>, end: &DeliveryResult<'_>) {
        let handler = short(delivery.handler());
        self.seen().ended.push((handler, end.ended()));
    }
}

/// Keeps the failures that nobody's report has.
#[derive(Clone, Debug, Default)]
pub struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    /// What to give to `on_failure`.
    pub fn hook(&self) -> impl Fn(&Failure) + Send + Sync + 'static {
        let heard = self.clone();
        move |failure| {
            let mut all = heard.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(failure.to_string());
        }
    }

    /// Takes what was heard so far.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
