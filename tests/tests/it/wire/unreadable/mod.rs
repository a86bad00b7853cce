//! What serde writes and cannot read: it is refused when it is written, or found by a round trip.

mod floats;
mod round_trips;
mod trees;

use event_core::wire::{Codec, EncodeError};
use event_core::{Event, Meta};
use serde::{Deserialize, Serialize};

fn codec() -> Codec {
    Codec::new("/unreadable").expect("a source")
}

fn meta() -> Meta {
    let envelope =
        br#"{"specversion":"1.0","id":"1","source":"/there","type":"unreadable.tree","data":0}"#;
    codec().decode(envelope).expect("it is read").meta().clone()
}

fn refused<E: Event>(event: &E) -> EncodeError {
    codec().encode(event, &meta()).expect_err("it is refused")
}

/// Where a float is that is not finite.
fn place<E: Event>(event: &E) -> String {
    match refused(event) {
        EncodeError::NotFinite {
            path,
            version,
            event,
        } => {
            assert_eq!((event, version), (E::INFO.name(), E::INFO.version()));
            path
        }
        other => panic!("{other:?}"),
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "unreadable.price_seen", wire)]
struct PriceSeen(f64);
