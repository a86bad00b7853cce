//! The promises of the codec, checked on one input.

use std::fmt::Debug;
use std::sync::LazyLock;

use event_core::Meta;
use event_core::wire::{Codec, DecodeError, EncodeError, Envelope};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::HEAP;
use crate::events::SECRETS;

/// Smaller than some inputs, so that what is too large is found, too.
pub const SIZE_LIMIT: usize = 16 * 1024;

/// No text of an error is longer, whatever the input.
const LONGEST_ERROR: usize = 1_500;

/// Of whoever reads the inputs.
pub const SOURCE: &str = "https://fuzz.example/events";

static CODEC: LazyLock<Codec> = LazyLock::new(|| {
    let codec = Codec::new(SOURCE).expect("a source");
    codec.size_limit(SIZE_LIMIT)
});

/// Checks all that is promised about an input.
///
/// # Panics
///
/// Panics if a promise is broken.
pub fn check(input: &[u8]) {
    let unmarked = input.strip_prefix("\u{feff}".as_bytes()).unwrap_or(input);
    let document: Option<Value> = serde_json::from_slice(unmarked).ok();
    let document = document.as_ref().and_then(Value::as_object);
    match decode(input) {
        Ok(envelope) => {
            if let Some(document) = document {
                is_what_was_written(&envelope, document);
            }
            comes_back(&envelope);
        }
        Err(error) => {
            is_said(&error, input, document);
            assert_eq!(decode(input).err(), Some(error), "it is another error now");
        }
    }
    if let Some(document) = document {
        keeps_a_secret(document, input);
    }
}

/// Takes no more memory than fits the input; beyond that the process is aborted.
fn decode(input: &[u8]) -> Result<Envelope, DecodeError> {
    // An object of one byte takes a node of a map, which is some 600.
    let limit = HEAP.allocated() + 256 * 1024 + 512 * input.len();
    HEAP.set_limit(limit).expect("less is allocated");
    let decoded = CODEC.decode(input);
    HEAP.set_limit(usize::MAX).expect("nothing is more");
    decoded
}

/// The envelope says what the document says.
fn is_what_was_written(envelope: &Envelope, document: &Map<String, Value>) {
    let text = |attribute: &str| document.get(attribute).and_then(Value::as_str);
    assert_eq!(text("specversion"), Some("1.0"));
    assert_eq!(text("type"), Some(envelope.name()));
    assert_eq!(text("source"), Some(envelope.source()));
    assert_eq!(version(document), envelope.version());
    let uuid = |attribute| text(attribute).and_then(|id| Uuid::try_parse(id).ok());
    let meta = envelope.meta();
    if let Some(id) = uuid("id") {
        assert_eq!(meta.id(), id);
    }
    if let Some(id) = uuid("correlationid") {
        assert_eq!(meta.correlation(), id);
    }
    if let Some(id) = uuid("causationid") {
        assert_eq!(meta.causation(), Some(id));
    }
    let depth = document.get("causaldepth").and_then(Value::as_u64);
    assert!(depth.is_none_or(|depth| depth == u64::from(meta.depth())));
    let forwarders: Vec<_> = meta.forwarders().collect();
    let written = text("forwardedby").unwrap_or_default();
    let is_kept = |it: &&str| forwarders.contains(it);
    let plain: Vec<_> = written.split(' ').filter(|it| !it.is_empty()).collect();
    if written.len() < 2_000 && written.bytes().all(|it| (b' '..=b'~').contains(&it)) {
        assert_eq!(forwarders, plain);
    }
    assert!(forwarders.concat().len() <= 2_048);
    assert!(
        forwarders
            .iter()
            .all(|it| it.bytes().all(|it| it.is_ascii_graphic()))
    );
    let is_echo = plain.iter().any(|it| is_kept(it) && *it == SOURCE)
        || envelope.source() == SOURCE && !forwarders.is_empty();
    assert!(envelope.is_echo() || !is_echo);
    if let Some(time) = text("time") {
        let time: Timestamp = time.parse().expect("it was read");
        let since = Timestamp::try_from(meta.time()).expect("it was read");
        assert_eq!(since, time);
    }
    let info = envelope.event().info();
    assert!(info.is_wire() && !info.is_superseded());
    assert!(info.version() >= envelope.version() || info.reads_newer());
}

fn version(document: &Map<String, Value>) -> u32 {
    let version = match document.get("eventversion") {
        None | Some(Value::Null) => Some(1),
        Some(Value::String(text)) => text.parse().ok(),
        Some(other) => other.as_u64().and_then(|version| version.try_into().ok()),
    };
    version.expect("it was read, so it is a number from 0 to 2147483647")
}

/// The event is written, and what was written is read as the same.
fn comes_back(envelope: &Envelope) {
    let written = match CODEC.encode(envelope.event(), envelope.meta()) {
        Ok(written) => written,
        // What is read may be a little smaller, and may have any time.
        Err(EncodeError::TooLarge { size, limit, .. }) => return assert!(size > limit),
        Err(EncodeError::Time { .. }) => return,
        Err(error) => panic!("what was read cannot be written: {error:?}"),
    };
    assert!(written.len() <= SIZE_LIMIT);
    let again = decode(written.as_bytes()).expect("what was written is read");
    is_forwarded(again.meta(), envelope.meta());
    let info = envelope.event().info();
    assert_eq!(again.event().info().type_id(), info.type_id());
    assert_eq!(
        (again.name(), again.version()),
        (info.name(), info.version())
    );
    let as_text = |envelope: &Envelope| format!("{:?}", envelope.event());
    assert_eq!(as_text(&again), as_text(envelope));
    let rewritten = CODEC.encode(again.event(), again.meta());
    assert_eq!(rewritten.expect("it is written again"), written);
}

/// It is of the same event, which we have forwarded, with a depth that fits an integer of 32 bits.
fn is_forwarded(again: &Meta, before: &Meta) {
    const MOST: u32 = i32::MAX.unsigned_abs();
    if before.depth() <= MOST {
        assert_eq!(again, before);
    }
    assert_eq!(again.depth(), before.depth().min(MOST));
    assert_eq!((again.id(), again.source()), (before.id(), before.source()));
    assert!(again.forwarders().any(|it| it == SOURCE));
}

/// The error says what it must, on one line of bounded length.
fn is_said(error: &DecodeError, input: &[u8], document: Option<&Map<String, Value>>) {
    let text = error.to_string();
    assert!(text.len() < LONGEST_ERROR, "{} bytes: {text}", text.len());
    assert!(!text.chars().any(char::is_control), "{text:?}");
    let is_too_large = matches!(error, DecodeError::TooLarge { .. });
    let unmarked = input.strip_prefix("\u{feff}".as_bytes()).unwrap_or(input);
    assert_eq!(is_too_large, unmarked.len() > SIZE_LIMIT, "{text}");
    match error {
        DecodeError::TooLarge { size, limit } => {
            assert_eq!((*size, *limit), (unmarked.len(), SIZE_LIMIT));
        }
        DecodeError::NotJson { line, column, .. } => {
            assert!(document.is_none(), "it is JSON: {text}");
            assert!(text.contains(&format!(" at line {line} column {column}")));
        }
        DecodeError::NotCloudEvent { path, .. } => assert!(text.contains(&**path), "{text}"),
        DecodeError::SpecVersion { found } => assert!(text.contains(&format!("`{found}`"))),
        DecodeError::UnknownEvent { event, version, .. }
        | DecodeError::UnknownVersion { event, version, .. }
        | DecodeError::Binary { event, version }
        | DecodeError::ContentType { event, version, .. } => {
            names(&text, event, *version, document);
        }
        DecodeError::Data {
            event,
            version,
            path,
            problem,
            ..
        } => {
            names(&text, event, *version, document);
            assert!(path.starts_with("data"), "{text}");
            assert!(
                text.contains(&**path) && text.contains(&**problem),
                "{text}"
            );
        }
        DecodeError::TooDeep {
            event,
            version,
            path,
        } => {
            names(&text, event, *version, document);
            assert!(path.starts_with("data") && text.contains(&**path), "{text}");
        }
        // No event of these panics.
        other => panic!("unexpected: {other:?}"),
    }
}

/// It names the event and the version of the document.
fn names(text: &str, event: &str, version: u32, document: Option<&Map<String, Value>>) {
    assert!(text.contains(&format!("`{event}`")), "{text}");
    assert!(text.contains(&format!("version {version}")), "{text}");
    let Some(document) = document else {
        return;
    };
    assert_eq!(version, self::version(document), "{text}");
    let name = document["type"].as_str().expect("it was read");
    if name.len() < 100 && !name.chars().any(char::is_control) {
        assert_eq!(name, event);
    }
}

/// Plants a secret where an event of the document's type has one; nothing shows it.
fn keeps_a_secret(document: &Map<String, Value>, input: &[u8]) {
    const WORD: &str = "hunter2hunter2";
    const NUMBER: u64 = 271_828_182_845;
    let holds = |text: &str| text.contains(WORD) || text.contains(&NUMBER.to_string());
    // What the fuzzer has learned may stand elsewhere, where it may be shown.
    if holds(&String::from_utf8_lossy(input)) {
        return;
    }
    let name = document.get("type").and_then(Value::as_str);
    let secrets = SECRETS.iter().filter(|(event, ..)| Some(*event) == name);
    let values = [
        json!(WORD),
        json!(NUMBER),
        json!([WORD, { WORD: NUMBER }]),
        json!({ WORD: WORD, "number": WORD, "pins": [NUMBER] }),
        json!({ WORD: { WORD: NUMBER } }),
    ];
    for (_, version, pointer) in secrets {
        let mut planted = document.clone();
        planted.insert("eventversion".to_owned(), json!(version));
        // One of them each time: all would be five times the work.
        let value = &values[input.len() % values.len()];
        plant(
            planted.entry("data").or_insert(Value::Null),
            pointer,
            value.clone(),
        );
        let shown = match decode(Value::Object(planted).to_string().as_bytes()) {
            Err(error) => shown(&error, &error.to_string()),
            Ok(envelope) => {
                let json = envelope.event().json().expect("it is wire");
                shown(&envelope, &json.to_string())
            }
        };
        assert!(!holds(&shown), "a secret is shown: {shown}");
    }
}

fn shown(value: &impl Debug, text: &str) -> String {
    format!("{value:?} {value:#?} {text}")
}

fn plant(mut into: &mut Value, pointer: &str, value: Value) {
    for step in pointer.split('/').skip(1) {
        if !into.is_object() {
            *into = json!({});
        }
        let step = step.replace("~1", "/").replace("~0", "~");
        into = into
            .as_object_mut()
            .expect("an object")
            .entry(step)
            .or_insert(Value::Null);
    }
    *into = value;
}
