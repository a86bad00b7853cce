//! A transactional outbox for typed domain events.
//!
//! The [`store`] keeps deliveries: one row for each event and durable handler, written in the transaction that makes
//! the event true.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "conformance")]
#[cfg_attr(docsrs, doc(cfg(feature = "conformance")))]
pub mod conformance;
pub mod store;
