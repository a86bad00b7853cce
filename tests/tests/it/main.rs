//! All tests that need no program of their own, in one: the core is linked once.
//!
//! Its handlers are those of all modules, so a dispatcher chooses some: `Dispatcher::empty().handler(…)`, or
//! `Dispatcher::builder().only_modules([MODULE])`. What looks at the handlers of a whole program, its
//! allocator, its subscriber of `tracing` or its processes is a test target beside this one.

mod async_handlers;
mod cancellation;
mod cascade;
mod catch_all;
mod dispatcher_handle;
mod docs;
mod failure_loops;
mod flag;
mod introspection;
mod join;
mod kept_events;
mod lints;
mod meta;
mod order;
mod pending;
mod queues;
mod record;
mod redelivery;
mod retry;
mod settled;
mod shutdown;
mod subscriptions;
mod verdicts;
mod wire;
