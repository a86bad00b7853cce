//! Attempts of deliveries that are tried again.

use std::time::Duration;

use crate::engine::emission::Emission;
use crate::engine::emission::cascade_state::FailedAttempt;
use crate::engine::failure_log;
use crate::engine::observers::EmissionObservers;
use crate::report::failure::{Cause, Failure};
use crate::report::status::DeliveryStatus;
use crate::retry::{ErrorClass, RetryPolicy};

impl Emission<'_> {
    /// Returns how long the delivery at the current position waits for its next attempt; `None` if it has
    /// failed for good.
    pub(super) fn next_wait(&self, ended: DeliveryStatus, cause: &Cause) -> Option<Duration> {
        let policy = self.lookup.retry(self.position())?;
        let state = self.state.get().map(|state| state.borrow());
        let progress = state.as_ref().map(|state| &state.progress);
        let has_failed = |at: usize| at == self.position() + 1;
        if progress.is_some_and(|progress| has_failed(progress.not_done_at)) {
            return None;
        }
        let is_permanent = progress.is_some_and(|progress| progress.is_permanent);
        let class = match (ended, cause) {
            (DeliveryStatus::Failed, _) if is_permanent => ErrorClass::Permanent,
            (DeliveryStatus::Failed, Cause::Error(error)) => ErrorClass::of(&**error),
            (DeliveryStatus::Panicked | DeliveryStatus::TimedOut, _) => ErrorClass::Temporary,
            _ => ErrorClass::Permanent,
        };
        policy.next_wait(self.lookup.attempt(), class)
    }

    /// Notes that the attempt at the current position failed. Of several errors the first is kept.
    pub(super) fn fail_attempt(&self, failure: Failure, wait: Duration) {
        let attempts = self.lookup.retry(self.position());
        let attempts = attempts.map_or(0, RetryPolicy::attempts);
        // The state is not borrowed here: a log subscriber may emit.
        let trace = &self.lineage.trace;
        failure_log::attempt(self.inner, &failure, attempts, wait, &self.trace(), trace);
        let mut state = self.state_mut();
        let failed = &mut state.progress.failed_attempt;
        failed.get_or_insert_with(|| Box::new(FailedAttempt { failure, wait }));
    }

    /// Takes the failure of the attempt at the current position, if the delivery is tried again.
    pub(crate) fn take_failed_attempt(&self) -> Option<Box<FailedAttempt>> {
        let mut state = self.state.get()?.borrow_mut();
        state.progress.failed_attempt.take()
    }

    /// Tells observers that the attempt at the current position failed.
    #[cold]
    pub(crate) fn notify_attempt_failed(
        &self,
        observed: &EmissionObservers<'_>,
        failed: &FailedAttempt,
    ) {
        let timer = self.take_timer();
        let attempt = self.lookup.attempt();
        observed.attempt_failed(self.handler(), attempt, failed, &timer);
    }
}
