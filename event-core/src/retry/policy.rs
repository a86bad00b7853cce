//! How often, and when, a delivery is tried again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::retry::ErrorClass;
use crate::scheduler;

/// How often a delivery is tried again that failed, timed out or panicked, and how long it waits.
///
/// Written in a handler's attribute, `retry(attempts = 5, backoff = "100ms..30s", when = is_temporary)`:
///
/// * `attempts`: how often the handler is called at most, its first call included; 5 unless it is said. A durable
///   handler has 10 without `retry`, and with `retry(attempts = 1)` it is called once.
/// * `backoff`: the first bound and the last of the waits between attempts; `"100ms..30s"` unless it is said.
///   The bound doubles with each attempt from the first to the last, and each wait is random between nothing
///   and the bound (*full jitter*), so that deliveries that failed together are not tried again together.
/// * `when`: a function of the handler's error, by reference, that says whether another attempt may help. A
///   delivery whose error it refuses fails at once. Without it all errors are tried again. A timeout or a
///   panic is tried again in any case.
/// * `ordered`: later deliveries of the same key wait until this one has ended. Without it they overtake a
///   delivery that waits for its next attempt.
///
/// A [`Permanent`](crate::retry::Permanent) error ends the delivery at once, and a
/// [`RetryAfter`](crate::retry::RetryAfter) says when to try again.
///
/// A delivery that waits for its next attempt holds no consumer of its queue, but counts towards the queue's
/// capacity. Its attempts are one delivery in reports and counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    attempts: u32,
    first_backoff: Duration,
    last_backoff: Duration,
    is_ordered: bool,
}

impl RetryPolicy {
    /// Makes the policy of `retry` without keys.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            attempts: 5,
            first_backoff: Duration::from_millis(100),
            last_backoff: Duration::from_secs(30),
            is_ordered: false,
        }
    }

    /// Makes the policy of a durable handler without `retry`, and of its `retry` without keys: 10 attempts,
    /// and waits of up to 15 minutes, the first of up to 250 ms.
    #[must_use]
    pub const fn durable() -> Self {
        Self {
            attempts: 10,
            first_backoff: Duration::from_millis(250),
            last_backoff: Duration::from_mins(15),
            is_ordered: false,
        }
    }

    /// Sets how often the handler is called at most, its first call included.
    #[must_use]
    pub const fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets the bound of the wait before the second attempt, which doubles with each attempt up to `last`.
    #[must_use]
    pub const fn with_backoff(mut self, first: Duration, last: Duration) -> Self {
        self.first_backoff = first;
        self.last_backoff = last;
        self
    }

    /// Sets the backoff in milliseconds, as generated code has it.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_backoff_millis(self, first: u64, last: u64) -> Self {
        self.with_backoff(Duration::from_millis(first), Duration::from_millis(last))
    }

    /// Lets later deliveries of the same key wait until a delivery has ended.
    #[must_use]
    pub const fn ordered(mut self) -> Self {
        self.is_ordered = true;
        self
    }

    /// Returns how often the handler is called at most, its first call included.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether later deliveries of the same key wait until a delivery has ended.
    #[must_use]
    pub const fn is_ordered(&self) -> bool {
        self.is_ordered
    }

    /// Returns the longest wait after this attempt, the first being 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use event_core::retry::RetryPolicy;
    ///
    /// let policy = RetryPolicy::new().with_backoff(Duration::from_secs(1), Duration::from_secs(5));
    /// let bounds = [1, 2, 3, 4].map(|attempt| policy.backoff(attempt).as_secs());
    /// assert_eq!(bounds, [1, 2, 4, 5]);
    /// ```
    #[must_use]
    pub fn backoff(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1);
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let bound = self.first_backoff.saturating_mul(factor);
        bound.min(self.last_backoff)
    }

    /// Returns how long a delivery waits after an attempt that failed, or `None` if it has failed for good.
    pub(crate) fn next_wait(&self, attempt: u32, class: ErrorClass) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        match class {
            ErrorClass::Temporary => {
                let bound = self.backoff(attempt);
                let wait = Duration::try_from_secs_f64(bound.as_secs_f64() * random_fraction());
                Some(wait.unwrap_or(bound).min(bound))
            }
            ErrorClass::Permanent => None,
            ErrorClass::After(after) => Some(after),
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns a random number from 0 to 1. The keys of each `RandomState` differ, which is random enough to
/// spread attempts.
fn random_fraction() -> f64 {
    let random = scheduler::random().unwrap_or_else(|| RandomState::new().hash_one(0_u8));
    #[allow(clippy::cast_precision_loss, reason = "a fraction needs no more bits")]
    let fraction = random as f64 / u64::MAX as f64;
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy::new()
        .with_attempts(4)
        .with_backoff(Duration::from_millis(100), Duration::from_secs(30));

    #[test]
    fn the_bound_doubles_up_to_the_last_one() {
        let bounds = [1, 2, 9, 10, 33, 40, u32::MAX].map(|attempt| POLICY.backoff(attempt));
        let millis = [100, 200, 25_600, 30_000, 30_000, 30_000, 30_000];
        assert_eq!(bounds, millis.map(Duration::from_millis));
        let longest = POLICY.with_backoff(Duration::MAX, Duration::MAX);
        assert_eq!(longest.backoff(7), Duration::MAX);
        assert!(longest.next_wait(1, ErrorClass::Temporary).is_some());
    }

    #[test]
    fn a_wait_is_anywhere_below_its_bound() {
        let waits = || (0..1_000).filter_map(|_| POLICY.next_wait(1, ErrorClass::Temporary));
        assert!(waits().all(|wait| wait <= Duration::from_millis(100)));
        assert!(waits().any(|wait| wait < Duration::from_millis(20)));
        assert!(waits().any(|wait| wait > Duration::from_millis(80)));
    }

    #[test]
    fn the_last_attempt_and_a_permanent_error_have_no_wait() {
        assert_eq!(POLICY.next_wait(4, ErrorClass::Temporary), None);
        assert_eq!(POLICY.next_wait(1, ErrorClass::Permanent), None);
        let after = ErrorClass::After(Duration::from_secs(90));
        assert_eq!(POLICY.next_wait(3, after), Some(Duration::from_secs(90)));
        assert_eq!(POLICY.next_wait(4, after), None);
    }
}
