//! The official CloudEvents SDKs read what we write, and we read what they write.

use std::path::Path;

use event_core::wire::DecodeError;
use event_interop::peer::Peer;
use event_interop::sample::{SOURCE, Sample, codec, samples};
use event_interop::{BellRung, OrderPlaced, Said};
use serde_json::{Value, json};

/// Where the SDKs are installed that are not Rust's.
const FOLDER: &str = env!("CARGO_TARGET_TMPDIR");

const COUNT: usize = 600;

/// Each sample as the peer reads it. JavaScript's also holds it to the specification's JSON schema.
fn is_read_by(peer: Peer) {
    let samples = samples(COUNT);
    let envelopes: Vec<_> = samples.iter().map(|it| it.envelope.as_str()).collect();
    let said = peer.read(&envelopes, Path::new(FOLDER));
    for (sample, said) in samples.iter().zip(said) {
        sample.assert_read_as(said, peer.nanoseconds());
    }
}

/// Each sample as the peer writes it.
fn is_written_by(peer: Peer) {
    let mut samples = samples(COUNT);
    for sample in &mut samples {
        changed(sample);
    }
    let said: Vec<_> = samples.iter().map(|it| it.said.clone()).collect();
    let envelopes = peer.write(&said, Path::new(FOLDER));
    for (sample, envelope) in samples.iter().zip(envelopes) {
        sample.assert_written_as(&envelope, peer.nanoseconds());
    }
}

/// Others add attributes of their own, and know the event by an older name.
fn changed(sample: &mut Sample) {
    let said = &mut sample.said;
    let more = [(
        "traceparent",
        json!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    )];
    said.extensions
        .extend(more.map(|(name, value)| (name.to_owned(), value)));
    said.extensions.insert("sampled".to_owned(), json!(true));
    if said.r#type == "interop.order_placed" {
        "interop.order_made".clone_into(&mut said.r#type);
    }
}

fn said(event: &str, data: Value) -> Said {
    Said {
        id: "order-1".to_owned(),
        source: "/there".to_owned(),
        r#type: event.to_owned(),
        time: "2024-05-01T10:20:30Z".to_owned(),
        datacontenttype: Some("application/json".to_owned()),
        extensions: [("correlationid".to_owned(), json!("order-1"))].into(),
        data,
        binary: None,
    }
}

/// An envelope without a version, of an older one, with numbers as texts, with bytes, and of no JSON.
fn what_is_special_is_read(peer: Peer) {
    let old = said(
        "interop.order_placed",
        json!({ "customer": "täpa", "total": 29.33 }),
    );
    let mut texts = said("interop.bell_rung", Value::Null);
    for (name, value) in [("eventversion", "1"), ("causaldepth", "7")] {
        texts.extensions.insert(name.to_owned(), json!(value));
    }
    let binary = Said {
        binary: Some("AAECAw==".to_owned()),
        datacontenttype: Some("application/octet-stream".to_owned()),
        ..said("interop.bell_rung", Value::Null)
    };
    let text = Said {
        datacontenttype: Some("text/plain".to_owned()),
        ..said("interop.noted", json!("hello"))
    };
    let written = peer.write(&[old, texts, binary, text], Path::new(FOLDER));
    let read = |index: usize| codec().decode(written[index].as_bytes());

    let old = read(0).expect("it is read");
    let order: &OrderPlaced = old.event().downcast_ref().expect("the newest version");
    assert_eq!((&*order.customer, order.total_cents), ("täpa", 2_933));
    assert_eq!(old.meta().correlation(), old.meta().id());

    let texts = read(1).expect("it is read");
    assert!(texts.event().is::<BellRung>());
    assert_eq!(texts.meta().depth(), 7);

    let event = "interop.bell_rung".to_owned();
    let refused = read(2).err();
    assert_eq!(refused, Some(DecodeError::Binary { event, version: 1 }));
    let refused = read(3).expect_err("it is no JSON").to_string();
    assert!(
        refused.contains("`interop.noted` version 1 is `text/plain`"),
        "{refused}"
    );
}

#[test]
fn the_sdk_for_rust_reads_what_we_write() {
    is_read_by(Peer::Rust);
}

#[test]
fn the_sdk_for_python_reads_what_we_write() {
    is_read_by(Peer::Python);
}

#[test]
fn the_sdk_for_javascript_reads_what_we_write_and_it_fits_the_schema_of_the_specification() {
    is_read_by(Peer::JavaScript);
}

#[test]
fn we_read_what_the_sdk_for_rust_writes() {
    is_written_by(Peer::Rust);
    what_is_special_is_read(Peer::Rust);
}

#[test]
fn we_read_what_the_sdk_for_python_writes() {
    is_written_by(Peer::Python);
    what_is_special_is_read(Peer::Python);
}

#[test]
fn we_read_what_the_sdk_for_javascript_writes() {
    is_written_by(Peer::JavaScript);
    what_is_special_is_read(Peer::JavaScript);
}

#[test]
fn the_samples_are_not_few_of_a_kind() {
    let samples = samples(COUNT);
    let count = |is: &dyn Fn(&Said) -> bool| samples.iter().filter(|it| is(&it.said)).count();
    assert!(samples.iter().all(|it| it.said.source == SOURCE));
    for event in [
        "order_placed",
        "payment_taken",
        "noted",
        "measured",
        "bell_rung",
    ] {
        let name = format!("interop.{event}");
        assert!(count(&|said| said.r#type == name) >= COUNT / 10, "{event}");
    }
    let has = |name: &'static str| move |said: &Said| said.extensions.contains_key(name);
    assert!(count(&has("causationid")) > COUNT / 4);
    assert!(count(&has("partitionkey")) > COUNT / 4);
    let key = |said: &Said| said.extensions.get("partitionkey").map(Value::to_string);
    assert!(count(&|said| key(said).is_some_and(|key| !key.is_ascii())) > COUNT / 10);
    assert!(count(&|said| said.time.starts_with("19")) > COUNT / 10);
    assert!(count(&|said| said.time.len() == "2024-05-01T10:20:30.123456789Z".len()) > COUNT / 10);
}
