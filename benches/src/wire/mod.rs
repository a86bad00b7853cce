//! Ways to write an event as a CloudEvent and to read it.
//!
//! All of a set take the same event and the same `Meta`; ours and `serde_json` write the same bytes. Ours
//! finds the type by name and version, keeps a panic of the type's to itself and knows the limit of size;
//! `serde_json` writes and reads a struct of which the program knows the type. `payload` is the payload
//! alone, without an envelope.

mod events;
mod plain;

use std::fmt;
use std::hint::black_box;
use std::sync::{Arc, Mutex, PoisonError};

use event_core::observer::{EmissionView, Observer};
use event_core::wire::Codec;
use event_core::{Dispatcher, Meta};
use jiff::Timestamp;

use self::events::{Keyed, LetterWritten, OrderPlaced, PurchaseMade};
use self::plain::Plain;

/// The sizes of payload that are measured.
pub const SIZES: [&str; 5] = ["small", "medium", "large", "text", "unicode"];

const SOURCE: &str = "https://shop.example/orders";

/// Written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// An event becomes a text.
    Encode,
    /// A text becomes an event.
    Decode,
}

impl Direction {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Encode, Self::Decode];

    /// As it is called in the figures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Encode => "encode",
            Self::Decode => "decode",
        }
    }
}

/// One way to write or read an event.
pub struct Candidate {
    /// The name in the figures.
    pub name: &'static str,
    run: Box<dyn FnMut()>,
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Candidate {
    fn new<R>(name: &'static str, mut run: impl FnMut() -> R + 'static) -> Self {
        Self {
            name,
            run: Box::new(move || drop(black_box(run()))),
        }
    }

    /// Writes or reads so many times.
    pub fn run(&mut self, times: u64) {
        for _ in 0..times {
            (self.run)();
        }
    }
}

/// The candidates of one direction and a size out of [`SIZES`], and the bytes of an envelope.
///
/// # Panics
///
/// Panics for any other size, and if the candidates do not do the same.
#[must_use]
pub fn set(direction: Direction, size: &str) -> (Vec<Candidate>, usize) {
    match size {
        "small" => of(direction, PurchaseMade::sample()),
        "medium" => of(direction, OrderPlaced::with(8)),
        "large" => of(direction, OrderPlaced::with(400)),
        "text" => of(direction, LetterWritten::in_english()),
        "unicode" => of(direction, LetterWritten::in_japanese()),
        other => panic!("no size `{other}`; expected one of {SIZES:?}"),
    }
}

fn of<E: Keyed>(direction: Direction, event: E) -> (Vec<Candidate>, usize) {
    let codec = Codec::new(SOURCE).expect("a source");
    let meta = meta();
    let text = codec.encode(&event, &meta).expect("it is written");
    let payload = serde_json::to_string(&event).expect("it is written");
    let size = text.len();
    assert_eq!(by_hand(&event, &meta), text);
    assert!(read::<E>(&text).data == event);
    let read_by_us = codec.decode(text.as_bytes()).expect("it is read");
    assert!(read_by_us.meta() == &meta && read_by_us.event().downcast_ref() == Some(&event));

    let set = match direction {
        Direction::Encode => {
            let event: &'static E = Box::leak(Box::new(event));
            let same_meta = meta.clone();
            vec![
                Candidate::new("ours", move || {
                    codec.encode(black_box(event), black_box(&meta))
                }),
                Candidate::new("serde_json", move || {
                    by_hand(black_box(event), black_box(&same_meta))
                }),
                Candidate::new("payload", move || serde_json::to_string(black_box(event))),
            ]
        }
        Direction::Decode => {
            let ours = text.clone();
            vec![
                Candidate::new("ours", move || codec.decode(black_box(ours.as_bytes()))),
                Candidate::new("serde_json", move || drop(read::<E>(black_box(&text)))),
                Candidate::new("payload", move || {
                    serde_json::from_slice::<E>(black_box(payload.as_bytes()))
                }),
            ]
        }
    };
    (set, size)
}

/// The `Meta` of an event that a handler caused here: the one that is written most.
fn meta() -> Meta {
    struct Caused(Mutex<Option<Meta>>);

    impl Observer for Caused {
        fn emission_started(&self, emission: &EmissionView<'_>) {
            let mut caused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *caused = Some(emission.meta().clone());
        }
    }

    let caused = Arc::new(Caused(Mutex::new(None)));
    let dispatcher = Dispatcher::empty()
        .handler(events::thank)
        .observe(Arc::clone(&caused))
        .build();
    let _ = dispatcher.expect("wired").emit(PurchaseMade::sample());
    let meta = caused
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    meta.filter(|meta| meta.depth() == 1).expect("it is caused")
}

fn by_hand<E: Keyed>(event: &E, meta: &Meta) -> String {
    let envelope = Plain {
        specversion: "1.0".into(),
        id: meta.id(),
        source: SOURCE.into(),
        r#type: E::INFO.name().into(),
        time: Timestamp::try_from(meta.time()).expect("a time of these days"),
        datacontenttype: "application/json".into(),
        eventversion: E::INFO.version(),
        correlationid: meta.correlation(),
        causationid: meta.causation(),
        causaldepth: meta.depth(),
        partitionkey: event.key().into(),
        data: event,
    };
    serde_json::to_string(&envelope).expect("it is written")
}

fn read<E: Keyed>(text: &str) -> Plain<'_, E> {
    let envelope: Plain<'_, E> = serde_json::from_slice(text.as_bytes()).expect("it is read");
    assert_eq!(envelope.specversion, "1.0");
    envelope
}
