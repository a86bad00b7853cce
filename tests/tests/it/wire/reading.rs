//! What is read, and as what.

use std::time::{Duration, SystemTime};

use event_core::wire::{Codec, CodecError};
use serde_json::{Value, json};

use super::{OrderPlaced, StockReserved, codec, decode, envelope, refused, with, without};

#[test]
fn every_older_version_becomes_the_newest() {
    let newest = |envelope: &Value| {
        let read = decode(envelope).expect("it is read");
        let event = read
            .event()
            .downcast_ref::<OrderPlaced>()
            .expect("newest")
            .clone();
        (event.order_id, event.upcasts, read.version())
    };
    let v1 = envelope("wire.order_made", 1, &json!(5));
    let v2 = envelope(
        "wire.order_placed",
        2,
        &json!({ "order": 6, "upcasts": [] }),
    );
    assert_eq!(newest(&v1), (5, vec![1, 2], 1));
    assert_eq!(newest(&v2), (6, vec![2], 2));
    assert_eq!(newest(&without(v1, "eventversion")), (5, vec![1, 2], 1));
}

#[test]
fn an_alias_is_accepted_in_each_version_and_the_name_is_kept_as_written() {
    let data = json!({ "orderId": 1, "lines": [], "note": null });
    let read = decode(&envelope("wire.order_made", 3, &data)).expect("it is read");
    assert!(read.event().is::<OrderPlaced>());
    assert_eq!(read.name(), "wire.order_made");
    let data = json!({ "order": 6, "upcasts": [] });
    let read = decode(&envelope("wire.order_made", 2, &data)).expect("it is read");
    assert!(read.event().is::<OrderPlaced>());
}

#[test]
fn attributes_of_others_are_ignored_and_null_is_as_good_as_nothing() {
    let fine = envelope("wire.stock_reserved", 1, &Value::Null);
    let more = with(fine.clone(), "traceparent", json!({ "a": [1, 2] }));
    let more = with(more, "datacontenttype", Value::Null);
    let more = with(more, "causationid", Value::Null);
    let read = decode(&with(more, "causaldepth", json!("7"))).expect("it is read");
    assert_eq!((read.meta().causation(), read.meta().depth()), (None, 7));
}

#[test]
fn only_json_data_is_read() {
    let fine = envelope("wire.stock_reserved", 1, &Value::Null);
    for json in [
        "application/json; charset=utf-8",
        "text/json",
        "application/Order+JSON",
    ] {
        assert!(
            decode(&with(fine.clone(), "datacontenttype", json.into())).is_ok(),
            "{json}"
        );
    }
    for other in ["application/xml", "json", "", "application/json-seq"] {
        assert_eq!(
            refused(&with(fine.clone(), "datacontenttype", other.into())).to_string(),
            format!(
                "the data of `wire.stock_reserved` version 1 is `{other}` (`datacontenttype`); only \
                 JSON is read"
            ),
        );
    }
    assert_eq!(
        refused(&with(
            without(fine, "data"),
            "data_base64",
            json!("bnVsbA==")
        ))
        .to_string(),
        "the data of `wire.stock_reserved` version 1 is binary (`data_base64`); only JSON is read",
    );
}

#[test]
fn an_id_that_is_no_uuid_becomes_one_that_is_always_the_same() {
    let fine = envelope("wire.stock_reserved", 1, &Value::Null);
    let id = |source: &str, id: &str| {
        let envelope = with(with(fine.clone(), "id", id.into()), "source", source.into());
        decode(&envelope).expect("it is read").meta().id()
    };
    assert_eq!(id("/a", "order-1"), id("/a", "order-1"));
    assert_ne!(id("/a", "order-1"), id("/a", "order-2"));
    assert_ne!(id("/a", "order-1"), id("/b", "order-1"));
    assert_eq!(id("/a", "order-1").get_version_num(), 5);
    let root = with(without(fine, "causationid"), "id", json!("order-1"));
    let read = decode(&with(root, "correlationid", json!("order-1"))).expect("it is read");
    let meta = read.meta();
    assert_eq!((meta.correlation(), meta.causation()), (meta.id(), None));
}

#[test]
fn without_a_time_it_is_that_of_the_id() {
    let fine = envelope("wire.stock_reserved", 1, &Value::Null);
    let read = decode(&without(fine.clone(), "time")).expect("it is read");
    let since = read.meta().time().duration_since(SystemTime::UNIX_EPOCH);
    assert_eq!(since.expect("later").as_millis(), 0x018f_2f3c_1111);
    let before = SystemTime::now();
    let read = decode(&with(without(fine, "time"), "id", json!("x"))).expect("it is read");
    assert!(read.meta().time() >= before);
}

#[test]
fn times_before_the_epoch_and_with_offsets_are_read() {
    let fine = envelope("wire.stock_reserved", 1, &Value::Null);
    let time = |text: &str| {
        let read = decode(&with(fine.clone(), "time", text.into())).expect("it is read");
        read.meta().clone()
    };
    let before = time("1969-12-31T23:59:59Z");
    assert_eq!(
        before.time(),
        SystemTime::UNIX_EPOCH - Duration::from_secs(1)
    );
    let written = codec()
        .encode(&StockReserved, &before)
        .expect("it is written");
    assert!(written.contains("\"time\":\"1969-12-31T23:59:59Z\""));
    assert_eq!(
        time("2024-05-01T12:00:00+02:00").time(),
        time("2024-05-01T10:00:00Z").time(),
    );
}

#[test]
fn a_source_is_a_uri_reference() {
    for source in [
        "https://shop.example/orders",
        "/orders",
        "urn:shop:1",
        "orders#1",
    ] {
        assert!(Codec::new(source).is_ok(), "{source}");
    }
    for source in ["", "my shop", "/a%zz", "1a:b", "täpa"] {
        let error = Codec::new(source).expect_err(source);
        assert_eq!(
            error,
            CodecError::Source {
                source_text: source.to_owned()
            },
        );
    }
    assert_eq!(
        Codec::new("my shop").expect_err("a space").to_string(),
        "`my shop` cannot be the source of events: it is no URI reference; write one such as \
         `https://shop.example/orders` or `/orders`",
    );
}
