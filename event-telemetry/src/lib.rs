#![doc = include_str!("docs/crate.md")]
// The tree is recorded by the test of traces.
#![doc = include_str!("docs/trace.txt")]
#![doc = include_str!("docs/others.md")]
// docs.rs shows the feature that an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "opentelemetry")]
mod propagator;

#[cfg(feature = "metrics")]
pub use crate::metrics::{Recording, record};
#[cfg(feature = "opentelemetry")]
pub use crate::propagator::OpenTelemetry;

/// The sample of the package's page, as a doctest.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
