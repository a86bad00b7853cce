//! Retries: how often a failed delivery is tried again, when, and after which errors.
//!
//! A handler says so in its attribute, `#[handler(queue = MAIL, retry(attempts = 5, backoff = "100ms..30s",
//! when = is_temporary))]`, and a subscription in a queue with
//! [`retry`](crate::dispatcher::SubscriptionBuilder::retry). See [`RetryPolicy`] for what the keys mean.

mod class;
mod policy;

pub use crate::retry::class::{Permanent, RetryAfter};
pub use crate::retry::policy::RetryPolicy;

pub(crate) use crate::retry::class::ErrorClass;
