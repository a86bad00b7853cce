//! What the derive writes of a `wire` event with a redacted field, under another root, with names that
//! are keywords, from a macro of the user's, beside a `serde` that is none, and without a warning.

#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    unused,
    nonstandard_style,
    future_incompatible,
    rust_2018_idioms,
    unused_qualifications,
    unused_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    missing_debug_implementations,
    missing_copy_implementations,
    elided_lifetimes_in_paths,
    redundant_lifetimes,
    non_local_definitions,
    unused_results
)]
#![forbid(unsafe_code)]

mod facade {
    pub(crate) use ::event_core as events;
    pub(crate) use ::serde as format;
}

#[allow(dead_code)]
mod event_core {}
#[allow(dead_code)]
mod serde {}

use facade::events::{AnyEvent, Event};
use facade::format::{Deserialize, Serialize};

/// A fact.
#[derive(Event, Serialize, Deserialize)]
#[event(crate = facade::events, name = "shop.signed_up", wire, key = r#type)]
#[serde(crate = "facade::format", rename_all = "UPPERCASE")]
pub struct SignedUp {
    /// Its kind.
    pub r#type: u8,
    /// Who.
    #[event(redact)]
    pub r#match: String,
    #[event(redact)]
    #[serde(skip)]
    unread: Vec<Self>,
}

/// A fact whose secret is never written.
#[derive(Event, Serialize, Deserialize)]
#[event(crate = crate::facade::events, name = "shop.kept", wire)]
#[serde(crate = "crate::facade::format", tag = "kind")]
#[deprecated]
pub enum Kept {
    /// Nothing.
    Nothing,
    /// A secret.
    #[deprecated]
    Secret {
        /// It.
        #[event(redact)]
        #[serde(skip)]
        #[deprecated]
        r#in: String,
    },
}

macro_rules! event {
    ($name:ident { $($field:ident: $ty:ty),* } $key:expr, $case:literal) => {
        /// A fact.
        #[derive(Event, Serialize, Deserialize)]
        #[event(crate = $crate::facade::events, name = $key, wire)]
        #[serde(crate = "facade::format", rename_all = $case)]
        pub struct $name { $(#[event(redact)] $field: Option<$ty>),* }
    };
}

event!(Rang { door: u8, the_floor: Vec<Self> } "house.bell_rang", "camelCase");

fn json(event: &dyn AnyEvent) -> String {
    event.json().unwrap().to_string()
}

#[allow(deprecated)]
fn main() {
    let signed_up = SignedUp {
        r#type: 1,
        r#match: "ada".to_owned(),
        unread: Vec::new(),
    };
    assert_eq!(json(&signed_up), r#"{"MATCH":"[redacted]","TYPE":1}"#);
    let kept = Kept::Secret { r#in: String::new() };
    assert_eq!(json(&kept), r#"{"kind":"Secret"}"#);
    assert_eq!(json(&Kept::Nothing), r#"{"kind":"Nothing"}"#);
    let rang = Rang { door: None, the_floor: None };
    assert_eq!(json(&rang), r#"{"door":"[redacted]","theFloor":"[redacted]"}"#);
}
