//! What is written, and what is refused instead.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use event_core::event::Redacted;
use event_core::wire::EncodeError;
use event_core::{AnyEvent, Dispatcher};
use serde_json::{Value, json};

use super::{
    CAUSE, Flat, ID, Inside, Keyed, Kind, Line, OrderPlaced, Panics, ROOT, StaysHere,
    StockReserved, Text, Unwritable, UserSignedUp, Written, codec, meta, sample, write_down,
};

#[test]
fn an_event_is_written_as_a_cloud_event_with_its_meta() {
    let written = codec().encode(&sample(), &meta()).expect("it is written");
    assert_eq!(
        written,
        format!(
            "{{\"specversion\":\"1.0\",\"id\":\"{ID}\",\
             \"source\":\"https://shop.example/orders\",\"type\":\"wire.order_placed\",\
             \"time\":\"2024-05-01T10:20:30.123456789Z\",\
             \"datacontenttype\":\"application/json\",\"eventversion\":3,\
             \"correlationid\":\"{ROOT}\",\"causationid\":\"{CAUSE}\",\"causaldepth\":4,\
             \"forwardedby\":\"https://shop.example/orders\",\"partitionkey\":\"7\",\
             \"data\":{{\"orderId\":7,\"lines\":[{{\"item\":\"täpa \u{1f600} \\\"x\\\"\",\
             \"price\":995}}],\"note\":null,\"upcasts\":[]}}}}"
        ),
    );
}

#[test]
fn what_was_written_is_read_as_the_same_with_the_same_meta() {
    let written = codec().encode(&sample(), &meta()).expect("it is written");
    let read = codec().decode(written.as_bytes()).expect("it is read");
    assert!(read.event().downcast_ref::<OrderPlaced>() == Some(&sample()));
    assert_eq!(read.meta(), &meta());
    assert_eq!((read.name(), read.version()), ("wire.order_placed", 3));
    assert_eq!(read.source(), "https://shop.example/orders");
    assert_eq!(read.event().info().name(), "wire.order_placed");
}

#[test]
fn the_partition_key_is_the_value_of_the_key_under_the_name_that_serde_gives_it() {
    let key = |event: &dyn AnyEvent| {
        let written = codec().encode(event, &meta()).expect("it is written");
        let written: Value = serde_json::from_str(&written).expect("it is JSON");
        written.get("partitionkey").cloned()
    };
    let user = |name: &str| UserSignedUp {
        name: name.to_owned(),
        pin: 1,
        token: Redacted::new(2),
        secrets: Redacted::default(),
        answers: BTreeMap::new(),
        kind: Some(Kind::Company),
    };
    assert_eq!(key(&user("Ada \"\n")), Some(json!("Ada \"\n")));
    assert_eq!(key(&user("null")), Some(json!("null")));
    assert_eq!(key(&user("")), None);
    assert_eq!(key(&Keyed(1, Some(Text("b".to_owned())))), Some(json!("b")));
    assert_eq!(key(&Keyed(1, None)), None);
    assert_eq!(key(&StockReserved), None);
    let flat = |place: Option<&str>| {
        let price = Line {
            item: "~1/place\"".to_owned(),
            price: 1,
        };
        Flat {
            inside: Inside {
                numbers: BTreeMap::from([(0, price)]),
            },
            place: place.map(ToOwned::to_owned),
        }
    };
    assert_eq!(key(&flat(Some("täpa"))), Some(json!("täpa")));
    assert_eq!(key(&flat(None)), None);
}

#[test]
fn an_event_whose_serialize_fails_is_not_written() {
    let fine = || BTreeMap::from([(Some(1), 1)]);
    let broken = || BTreeMap::from([(None, 1)]);
    for (by_line, rest) in [(broken(), fine()), (fine(), broken())] {
        let error = codec()
            .encode(&Unwritable { by_line, rest }, &meta())
            .expect_err("no key of JSON");
        assert_eq!(
            error.to_string(),
            "cannot write `wire.unwritable` version 1"
        );
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[test]
fn redacted_values_are_raw_on_the_wire_and_masked_everywhere_else() {
    let user = UserSignedUp {
        name: "ada".to_owned(),
        pin: 4711,
        token: Redacted::new(814_543_219),
        secrets: Redacted::new(BTreeMap::from([("maiden".to_owned(), 271_828)])),
        answers: BTreeMap::from([("kitty".to_owned(), 314_159)]),
        kind: Some(Kind::Person),
    };
    let secrets = ["4711", "814543219", "maiden", "271828", "kitty", "314159"];
    let written = codec().encode(&user, &meta()).expect("it is written");
    let read = codec().decode(written.as_bytes()).expect("it is read");
    let json = read.event().json().expect("it is wire").to_string();
    let debug = format!("{:?} {read:?} {read:#?}", read.event());
    for secret in secrets {
        assert!(written.contains(secret), "{written}");
        assert!(!json.contains(secret), "{json}");
        assert!(!debug.contains(secret), "{debug}");
    }
}

#[test]
fn a_time_without_a_year_of_four_digits_is_not_written() {
    let seconds = Duration::from_secs;
    let no_such_year = [
        SystemTime::UNIX_EPOCH + seconds(400_000_000_000),
        SystemTime::UNIX_EPOCH - seconds(63_000_000_000),
    ];
    for time in no_such_year {
        let dispatcher = Dispatcher::builder()
            .only(write_down)
            .clock(move || time)
            .provide(codec())
            .provide(Written::default())
            .build()
            .expect("wired");
        let report = dispatcher.emit(StockReserved);
        assert_eq!(
            report.failures()[0]
                .error()
                .map(ToString::to_string)
                .as_deref(),
            Some(
                "cannot write `wire.stock_reserved` version 1: its time is not in the years 0 to 9999"
            ),
        );
    }
}

#[test]
fn an_event_that_is_not_wire_or_is_too_large_or_panics_is_not_written() {
    let error = codec().encode(&StaysHere, &meta()).expect_err("not wire");
    assert_eq!(
        error.to_string(),
        "`wire.stays_here` is not `wire`; add `#[event(wire)]` and the serde derives to it",
    );
    let small = codec().size_limit(300);
    let error = small.encode(&sample(), &meta()).expect_err("too large");
    assert!(
        matches!(
            error,
            EncodeError::TooLarge {
                limit: 300,
                version: 3,
                ..
            }
        ),
        "{error}"
    );
    let error = codec().encode(&Panics, &meta()).expect_err("it panics");
    assert_eq!(
        error.to_string(),
        "writing `wire.panics` version 1 panicked"
    );
}
