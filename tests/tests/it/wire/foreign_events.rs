//! Events that other programs define: their types, and how their files begin.

use event_core::wire::journal::{JournalError, JournalReader};
use event_core::wire::{Codec, DecodeError};
use event_core::{Dispatcher, Event, handler};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Event, Serialize, Deserialize)]
#[event(
    name = "foreign.blob_stored",
    alias = "Microsoft.Storage.BlobCreated",
    wire
)]
#[serde(rename_all = "camelCase")]
struct BlobStored {
    api: String,
    content_length: u64,
}

/// Of a type for each kind of character.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "foreign.seen", wire)]
#[event(alias = [
    "com.github.pull_request.opened",
    "com-example/Order-Placed:v2",
    "https://example.com/types#Order",
    "google.cloud.storage.object.v1.finalized",
    "OrderPlaced",
    "täpa.tellitud \u{1f600}",
    " spaces, too ",
    "**",
    "\"quoted\\\"",
])]
struct Seen(u8);

const ALIASES: &[&str] = Seen::INFO.aliases();

#[handler]
fn store(event: &BlobStored) {
    assert_eq!((&*event.api, event.content_length), ("PutBlob", 524_288));
}

fn codec() -> Codec {
    Codec::new("/here").expect("a source")
}

fn seen(r#type: &str) -> Value {
    json!({ "specversion": "1.0", "id": "7", "source": "/there", "type": r#type, "data": 7 })
}

#[test]
fn an_event_of_another_program_is_read_under_the_type_that_it_has_there() {
    let envelope = br##"{
        "specversion": "1.0",
        "type": "Microsoft.Storage.BlobCreated",
        "source": "/subscriptions/0/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a",
        "id": "9aeb0fdf-c01e-0131-0922-9eb54906e209",
        "time": "2019-11-18T15:13:39.4589254Z",
        "subject": "blobServices/default/containers/c/blobs/b",
        "dataschema": "#",
        "data": { "api": "PutBlob", "contentLength": 524288, "eTag": "0x8D7" }
    }"##;
    let read = codec().decode(envelope).expect("it is read");
    assert_eq!(read.name(), "Microsoft.Storage.BlobCreated");
    let dispatcher = Dispatcher::builder().only(store).build().expect("wired");
    assert_eq!(dispatcher.emit(&read).done(), 1);
    // What leaves has the name that it has here.
    let written = codec()
        .encode(read.event(), read.meta())
        .expect("it is written");
    assert!(
        written.contains(r#""type":"foreign.blob_stored""#),
        "{written}"
    );
}

#[test]
fn a_type_may_have_every_character_that_the_specification_allows() {
    assert_eq!(ALIASES.len(), 9);
    for alias in ALIASES.iter().chain(&["foreign.seen"]) {
        let read = codec().decode(seen(alias).to_string().as_bytes());
        let read = read.unwrap_or_else(|error| panic!("{alias}: {error}"));
        assert!(
            read.event().is::<Seen>() && read.name() == *alias,
            "{alias}"
        );
    }
    let error = codec().decode(
        seen("com.github.pull_request.openeD")
            .to_string()
            .as_bytes(),
    );
    assert_eq!(
        error.expect_err("another").to_string(),
        "no linked event is named `com.github.pull_request.openeD` (version 1); did you mean \
         `com.github.pull_request.opened`?",
    );
}

// A byte order mark.

const MARK: &str = "\u{feff}";

#[test]
fn a_byte_order_mark_before_an_envelope_is_skipped() {
    let envelope = seen("foreign.seen").to_string();
    let exactly = codec().size_limit(envelope.len());
    for start in [MARK.to_owned(), format!("{MARK} \r\n")] {
        assert!(
            codec()
                .decode(format!("{start}{envelope}").as_bytes())
                .is_ok()
        );
    }
    assert!(
        exactly
            .decode(format!("{MARK}{envelope}").as_bytes())
            .is_ok()
    );
    let error = codec().decode(format!("{MARK}{MARK}{envelope}").as_bytes());
    assert_eq!(
        error.expect_err("two of them").to_string(),
        "the input is not JSON: a byte order mark stands before it, which only a file may begin with at \
         line 1 column 1",
    );
    let error = codec().decode(format!(" {MARK}{envelope}").as_bytes());
    assert!(matches!(error, Err(DecodeError::NotJson { .. })));
    for half in [&b"\xef"[..], b"\xef\xbb", MARK.as_bytes()] {
        let error = codec()
            .decode(half)
            .expect_err("there is nothing behind it");
        assert!(matches!(error, DecodeError::NotJson { .. }), "{error}");
    }
}

#[test]
fn a_byte_order_mark_is_skipped_at_the_start_of_a_record_and_nowhere_else() {
    let line = seen("foreign.seen").to_string();
    let record = format!("{MARK}{line}\r\n{MARK}{line}\n{line}{MARK}\n{line}\n");
    for capacity in [1, 2, 3, 4, 8_192] {
        let input = std::io::BufReader::with_capacity(capacity, record.as_bytes());
        let codec = codec().size_limit(line.len());
        let read: Vec<_> = JournalReader::new(codec, input).collect();
        let is_read: Vec<_> = read.iter().map(Result::is_ok).collect();
        assert_eq!(is_read, [true, false, false, true]);
    }
    let wide = JournalReader::new(codec(), record.as_bytes())
        .nth(1)
        .expect("a line");
    let error = wide.expect_err("a mark").to_string();
    assert!(
        error.starts_with("line 2: the input is not JSON: a byte order mark"),
        "{error}"
    );

    assert_eq!(JournalReader::new(codec(), MARK.as_bytes()).count(), 0);
    let empty = format!("{MARK}\n{line}\n");
    let read: Vec<_> = JournalReader::new(codec(), empty.as_bytes()).collect();
    assert!(matches!(read[0], Err(JournalError::Empty { line: 1 })));
    assert!(read[1].is_ok() && read.len() == 2);
    let large = JournalReader::new(codec().size_limit(line.len() - 1), record.as_bytes()).next();
    let large = large.expect("a line").expect_err("too large").to_string();
    let expected = format!(
        "line 1: the input is {} bytes, and the limit is {}",
        line.len() + "\r\n".len(),
        line.len() - 1
    );
    assert!(large.starts_with(&expected), "{large}");
}
