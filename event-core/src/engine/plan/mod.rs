pub(crate) mod bound;
pub(crate) mod concurrency;
pub(crate) mod executor;
pub(crate) mod handlers;
pub(crate) mod pattern;
pub(crate) mod provided;
pub(crate) mod subscription;
pub(crate) mod subscriptions;
