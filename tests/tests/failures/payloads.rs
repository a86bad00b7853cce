//! What a failure shows of its event.

use std::fmt;

use event_core::wire::EncodeError;
use event_core::{Dispatcher, Event, handler};
use event_tests::{codec, quiet_panic};
use serde::{Deserialize, Serialize, Serializer};

use super::Said;

/// An event whose `Debug` and `Serialize` are what it says.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.odd", wire)]
struct Odd {
    shown: Shows,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
enum Shows {
    Long,
    Panics,
    Fails,
    /// It can be shown, and not written.
    Unwritten,
}

impl fmt::Debug for Shows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long => (0..100_000).try_for_each(|_| f.write_str("né")),
            Self::Panics => quiet_panic(),
            Self::Fails => Err(fmt::Error),
            Self::Unwritten => f.write_str("unwritten"),
        }
    }
}

impl Serialize for Shows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Long => serializer.serialize_unit_variant("Shows", 0, "Long"),
            Self::Panics => quiet_panic(),
            Self::Fails | Self::Unwritten => Err(serde::ser::Error::custom("no form")),
        }
    }
}

#[handler]
fn fails_on_odd(_event: &Odd) -> Result<(), &'static str> {
    Err("no")
}

#[test]
fn a_payload_is_cut_and_code_that_cannot_show_or_write_the_event_harms_no_failure() {
    let dispatcher = Dispatcher::empty()
        .handler(fails_on_odd)
        .build()
        .expect("a dispatcher");
    let said = |shown| {
        let report = dispatcher.emit(Odd { shown });
        Said::by(&report.failures()[0])
    };
    let long = said(Shows::Long);
    let text = long.payload.expect("a payload");
    assert!(text.starts_with("Odd { shown: nénéné"), "{text}");
    assert!(text.ends_with('…'), "{text}");
    assert!(text.len() <= 1024 + '…'.len_utf8(), "{}", text.len());
    assert!(long.envelope.is_ok(), "{:?}", long.envelope);

    let panics = said(Shows::Panics);
    let text = panics.payload.expect("a payload");
    assert!(text.ends_with("(its `Debug` panicked)"), "{text}");
    assert!(matches!(panics.envelope, Err(EncodeError::Panicked { .. })));

    let fails = said(Shows::Fails);
    assert!(fails.payload.is_some());
    // Whether such an event has redacted fields is not known, so the error says nothing of it.
    let error = fails.envelope.expect_err("no envelope");
    assert!(matches!(error, EncodeError::Serialize { .. }), "{error}");

    let unwritten = said(Shows::Unwritten);
    let error = unwritten.envelope.expect_err("no envelope");
    let EncodeError::Serialize { source, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(source.to_string(), "no form");
}

#[derive(Event)]
struct Burnt;

impl Drop for Burnt {
    fn drop(&mut self) {
        quiet_panic();
    }
}

#[test]
fn a_failure_that_does_not_know_its_event_says_so() {
    let report = Dispatcher::empty()
        .build()
        .expect("a dispatcher")
        .emit(Burnt);
    let [failure] = &report.failures() else {
        panic!("{report}")
    };
    assert_eq!((failure.meta(), failure.payload()), (None, None));
    let error = failure.envelope(&codec()).expect_err("no event");
    let text = error.to_string();
    assert!(
        text.contains("does not keep the `failures::payloads::Burnt`"),
        "{text}"
    );
}
