//! Events that are recorded first, and emitted together.

mod emit_all_async;
mod many;
mod savepoints;
mod unit_of_work;
