//! Random events, with random identities.

use std::collections::BTreeMap;
use std::fmt;

use event_core::wire::{Codec, Envelope};
use event_core::{Event, Meta};
use fastrand::Rng;
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::events::{BellRung, Line, Measured, Noted, OrderPlaced, PaymentTaken};
use crate::said::{Said, round};

/// Where the events of the samples are from.
pub const SOURCE: &str = "https://shop.example/orders?from=till#1";

/// JavaScript has no larger integer, and RFC 8259 advises against them.
const LARGEST: i64 = (1 << 53) - 1;

/// An event with an identity, as we write it and as a peer shall understand it.
pub struct Sample {
    /// What we write.
    pub envelope: String,
    /// What it says.
    pub said: Said,
    identity: Identity,
    is_data: Box<dyn Fn(&Value) -> bool>,
    is_event: Box<dyn Fn(&Envelope) -> bool>,
}

/// What an event's `Meta` shall be, known without the codec.
struct Identity {
    id: Uuid,
    time: Timestamp,
    correlation: Uuid,
    causation: Option<Uuid>,
    depth: u32,
    /// Who forwarded it before us.
    forwarders: Vec<&'static str>,
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.envelope)
    }
}

/// Reads and writes for us.
///
/// # Panics
///
/// Never: the source is one.
#[must_use]
pub fn codec() -> Codec {
    Codec::new(SOURCE).expect("a source")
}

/// As many of them, always the same.
#[must_use]
pub fn samples(count: usize) -> Vec<Sample> {
    let mut rng = Rng::with_seed(4711);
    (0..count).map(|number| any(number, &mut rng)).collect()
}

impl Sample {
    /// Checks what a peer says it has read, whose times have so many nanoseconds.
    ///
    /// # Panics
    ///
    /// Panics if it is something else.
    pub fn assert_read_as(&self, said: Said, nanoseconds: i128) {
        assert!((self.is_data)(&said.data), "{self:?}\n is not\n {said:?}");
        // Whether `1.0` is `1` matters to the event alone.
        let said = Said {
            data: self.said.data.clone(),
            ..said
        };
        let (ours, theirs) = (self.said.clone(), said);
        assert_eq!(
            theirs.rounded_to(nanoseconds),
            ours.rounded_to(nanoseconds),
            "{self:?}"
        );
    }

    /// Checks what we have read of what a peer has written, whose times have so many nanoseconds.
    ///
    /// # Panics
    ///
    /// Panics if it is something else.
    pub fn assert_written_as(&self, envelope: &str, nanoseconds: i128) {
        let read = codec().decode(envelope.as_bytes());
        let read = read.unwrap_or_else(|error| panic!("{envelope}: {error}"));
        assert!((self.is_event)(&read), "{envelope}\n is not\n {self:?}");
        let (ours, theirs) = (&self.identity, read.meta());
        assert_eq!(read.name(), self.said.r#type);
        assert_eq!(read.source(), self.said.source);
        assert_eq!(json!(read.version()), self.said.extensions["eventversion"]);
        assert_eq!(theirs.id(), ours.id);
        assert_eq!(theirs.correlation(), ours.correlation);
        assert_eq!(theirs.causation(), ours.causation);
        assert_eq!(theirs.depth(), ours.depth);
        let forwarders = ours.forwarders.iter().copied().chain([SOURCE]);
        assert!(theirs.forwarders().eq(forwarders), "{envelope}");
        let time = Timestamp::try_from(theirs.time()).expect("a time");
        assert_eq!(time, round(ours.time, nanoseconds), "{envelope}");
    }
}

fn any(number: usize, rng: &mut Rng) -> Sample {
    match number % 8 {
        0 => sample(BellRung, None, rng),
        1 => {
            let text = key(rng);
            sample(Noted(text.clone()), Some(text), rng)
        }
        2 => {
            let count = rng.usize(0..5);
            sample(
                Measured((0..count).map(|_| float(rng)).collect()),
                None,
                rng,
            )
        }
        3 => sample(payment(rng), None, rng),
        _ => {
            let order = order(rng);
            let key = order.customer.clone();
            sample(order, Some(key), rng)
        }
    }
}

fn sample<E>(event: E, key: Option<String>, rng: &mut Rng) -> Sample
where
    E: Event + Serialize + DeserializeOwned + PartialEq + Clone,
{
    let identity = identity(rng);
    let envelope = codec().encode(&event, &identity.meta());
    let mut extensions = BTreeMap::from([
        ("eventversion".to_owned(), json!(E::INFO.version())),
        ("causaldepth".to_owned(), json!(identity.depth)),
        ("correlationid".to_owned(), json!(identity.correlation)),
        ("forwardedby".to_owned(), json!(identity.forwarded_by())),
    ]);
    if let Some(causation) = identity.causation {
        extensions.insert("causationid".to_owned(), json!(causation));
    }
    if let Some(key) = key {
        extensions.insert("partitionkey".to_owned(), json!(key));
    }
    let said = Said {
        id: identity.id.to_string(),
        source: SOURCE.to_owned(),
        r#type: E::INFO.name().to_owned(),
        time: identity.time.to_string(),
        datacontenttype: Some("application/json".to_owned()),
        extensions,
        data: serde_json::to_value(&event).expect("it is JSON"),
        binary: None,
    };
    let same = event.clone();
    Sample {
        envelope: envelope.expect("it is written"),
        said,
        identity,
        is_data: Box::new(move |data| {
            serde_json::from_value::<E>(data.clone()).is_ok_and(|data| data == same)
        }),
        is_event: Box::new(move |read| read.event().downcast_ref() == Some(&event)),
    }
}

fn identity(rng: &mut Rng) -> Identity {
    let uuid = |rng: &mut Rng| {
        let bytes = rng.u128(..).to_le_bytes();
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    };
    // From 1901 to 2199, to the nanosecond, to the second, and what is between.
    let unit = [1, 1_000, 1_000_000, 1_000_000_000][rng.usize(..4)];
    let seconds = rng.i64(-2_150_000_000..7_250_000_000);
    let nanoseconds = rng.i32(0..1_000_000_000);
    let time = Timestamp::new(seconds, nanoseconds).expect("a time");
    Identity {
        id: uuid(rng),
        time: round(time, unit),
        correlation: uuid(rng),
        causation: rng.bool().then(|| uuid(rng)),
        depth: rng.u32(..=i32::MAX.unsigned_abs()) >> rng.u32(..31),
        forwarders: ["urn:relay:1", "https://example.org/t%C3%A4pa?a=b#c"][..rng.usize(..3)]
            .to_vec(),
    }
}

impl Identity {
    /// As it is written once we have forwarded it, too.
    fn forwarded_by(&self) -> String {
        let forwarders = self.forwarders.iter().copied().chain([SOURCE]);
        forwarders.collect::<Vec<_>>().join(" ")
    }

    /// Only what is read has an identity that one chooses.
    fn meta(&self) -> Meta {
        let attributes = json!({
            "specversion": "1.0",
            "id": self.id,
            "source": SOURCE,
            "type": "interop.bell_rung",
            "time": self.time.to_string(),
            "correlationid": self.correlation,
            "causationid": self.causation,
            "causaldepth": self.depth,
            "forwardedby": self.forwarders.join(" "),
        });
        let read = codec().decode(attributes.to_string().as_bytes());
        read.expect("it is read").meta().clone()
    }
}

fn order(rng: &mut Rng) -> OrderPlaced {
    OrderPlaced {
        customer: key(rng),
        total_cents: rng.i64(0..=LARGEST).unsigned_abs(),
        note: rng.bool().then(|| text(rng)),
        lines: (0..rng.usize(0..4)).map(|_| line(rng)).collect(),
        labels: (0..rng.usize(0..4))
            .map(|_| (text(rng), text(rng)))
            .collect(),
    }
}

fn line(rng: &mut Rng) -> Line {
    Line {
        item: text(rng),
        weight: float(rng),
        change: rng.i64(-LARGEST..=LARGEST),
        gift: rng.bool(),
    }
}

fn payment(rng: &mut Rng) -> PaymentTaken {
    match rng.u32(0..3) {
        0 => PaymentTaken::ByCard { owner: text(rng) },
        1 => PaymentTaken::InCash(rng.i64(-LARGEST..=LARGEST), float(rng)),
        _ => PaymentTaken::OnTheHouse,
    }
}

/// A finite one. No `-0.0`, which JavaScript writes as `0`.
fn float(rng: &mut Rng) -> f64 {
    match rng.u32(0..4) {
        0 => [
            0.0,
            1.0,
            0.1,
            1e21,
            1e-7,
            f64::MAX,
            f64::MIN_POSITIVE,
            5e-324,
        ][rng.usize(..8)],
        1 => f64::from(rng.i32(..)),
        2 => rng.f64() * 1e6,
        _ => Some(f64::from_bits(rng.u64(..)))
            .filter(|float| float.is_finite() && *float != 0.0)
            .unwrap_or(1.5),
    }
}

/// Any text.
fn text(rng: &mut Rng) -> String {
    const TEXTS: &[&str] = &[
        "",
        " ",
        "täpa",
        "\u{1f600}\u{200d}\u{1f4bb}",
        "\"\\/\n\t\u{0}",
        "\u{2028}",
        "null",
    ];
    match rng.u32(0..3) {
        0 => TEXTS[rng.usize(..TEXTS.len())].to_owned(),
        1 => (0..rng.usize(0..20)).map(|_| rng.alphanumeric()).collect(),
        _ => (0..rng.usize(0..20)).map(|_| rng.char(..)).collect(),
    }
}

/// A text that may be an attribute: not empty, and without what the specification forbids there.
fn key(rng: &mut Rng) -> String {
    let mut text = text(rng);
    text.retain(|it| !it.is_control() && (u32::from(it) & 0xfffe) != 0xfffe);
    text.retain(|it| !('\u{fdd0}'..='\u{fdef}').contains(&it));
    if text.is_empty() {
        "7".to_owned()
    } else {
        text
    }
}
