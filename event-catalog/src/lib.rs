#![doc = include_str!("docs/crate.md")]
// docs.rs shows the feature that an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod asyncapi;
pub mod catalog;
mod command;
pub mod compat;
pub mod doctor;
pub mod explanation;
pub mod graph;
pub mod lock;
#[cfg(feature = "outbox")]
#[cfg_attr(docsrs, doc(cfg(feature = "outbox")))]
pub mod outbox;
pub mod schema;
pub mod site;

pub use crate::catalog::{Catalog, UnknownEventError};
pub use crate::command::{
    AsyncApiArgs, CargoArgs, CheckArgs, CheckFormat, DocsArgs, DoctorArgs, DocumentFormat,
    EventsArgs, EventsCommand, ExplainArgs, Format, GraphArgs, ListArgs, LockArgs, Reply,
    SchemaArgs, SchemaUsage, ShowArgs, Spec, Terminal, run,
};

/// The sample of the package's page, as a doctest.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
