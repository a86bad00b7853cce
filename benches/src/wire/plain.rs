//! The envelope one would write by hand: a struct with serde's derives and the typed payload in it.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The same attributes in the same order as the codec writes them, each in its own type. Texts are
/// borrowed, so nothing is allocated but what the payload needs.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plain<'a, E> {
    #[serde(borrow)]
    pub(super) specversion: Cow<'a, str>,
    pub(super) id: Uuid,
    #[serde(borrow)]
    pub(super) source: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) r#type: Cow<'a, str>,
    pub(super) time: Timestamp,
    #[serde(borrow)]
    pub(super) datacontenttype: Cow<'a, str>,
    pub(super) eventversion: u32,
    pub(super) correlationid: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) causationid: Option<Uuid>,
    pub(super) causaldepth: u32,
    #[serde(borrow)]
    pub(super) partitionkey: Cow<'a, str>,
    pub(super) data: E,
}
