//! What the check takes for read is what a codec reads.

use event_catalog::Catalog;
use event_catalog::lock::{CheckOptions, Lock};
use event_core::Event;
use event_core::wire::{Codec, DecodeError};
use serde::{Deserialize, Serialize};
use serde_json::json;

macro_rules! events {
    ($($(#[$attribute:meta])* $name:ident)*) => { $(
        #[derive(Event, Serialize, Deserialize)]
        $(#[$attribute])*
        struct $name {}
    )* };
}

events! {
    #[event(name = "read.plain", wire)]
    Plain
    #[event(name = "read.named", alias = "read.once", wire)]
    Named
    #[event(name = "read.third", alias = "read.second", version = 3, previous = SecondV2, wire)]
    Third
    #[event(name = "read.second", alias = "read.first", version = 2, previous = FirstV1, superseded, wire)]
    SecondV2
    #[event(name = "read.first", superseded, wire)]
    FirstV1
    #[event(name = "read.newer", alias = "read.newest", version = 2, previous = NewerV1, reads_newer, wire)]
    Newer
    #[event(name = "read.newer", superseded, wire)]
    NewerV1
    #[event(name = "read.alone", version = 4, no_previous, wire)]
    Alone
    #[event(name = "read.orphan", superseded, wire)]
    Orphan
}

impl From<FirstV1> for SecondV2 {
    fn from(_: FirstV1) -> Self {
        Self {}
    }
}

impl From<SecondV2> for Third {
    fn from(_: SecondV2) -> Self {
        Self {}
    }
}

impl From<NewerV1> for Newer {
    fn from(_: NewerV1) -> Self {
        Self {}
    }
}

#[test]
fn a_name_and_version_breaks_backward_unless_a_codec_reads_it() {
    let codec = Codec::new("/test").expect("no name is taken twice");
    let catalog = Catalog::linked();
    let names = [
        "plain", "named", "once", "third", "second", "first", "newer", "newest", "alone", "orphan",
        "unknown",
    ];
    let mut counts = [0, 0, 0];
    for name in names.map(|name| format!("read.{name}")) {
        for version in 1..=5 {
            let locked = json!({"format": 1, "direction": "backward", "events": [
                {"name": name, "version": version, "type": "Unheard"},
            ]});
            let lock: Lock = locked.to_string().parse().expect("a lock");
            let check = catalog.check(&lock, CheckOptions::default());
            let rules: Vec<_> = check
                .errors()
                .map(|change| change.rule.to_string())
                .collect();

            let envelope = json!({"specversion": "1.0", "id": "1", "source": "/other", "type": name,
                "eventversion": version, "data": {}});
            let expected: &[&str] = match codec.decode(envelope.to_string().as_bytes()) {
                Ok(_) => &[],
                Err(DecodeError::UnknownEvent { .. }) => &["EVENT_REMOVED"],
                Err(DecodeError::UnknownVersion { .. }) => &["VERSION_REMOVED"],
                Err(other) => panic!("{other}"),
            };
            assert_eq!(rules, expected, "{name} v{version}");
            counts[match expected {
                [] => 0,
                ["EVENT_REMOVED"] => 1,
                _ => 2,
            }] += 1;
        }
    }
    assert!(counts.iter().all(|count| *count > 5), "{counts:?}");
}
