//! Changes an input that is JSON so that it stays JSON: a fuzzer that changes bytes rarely gets behind the
//! brackets.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::check::SOURCE;
use crate::seeds;

/// A changed input, or nothing if this one is no JSON.
#[must_use]
pub fn mutate(input: &[u8], seed: u64) -> Option<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(input).ok()?;
    let mut rng = Rng::with_seed(seed);
    for _ in 0..rng.u32(1..4) {
        change(&mut document, &mut rng);
    }
    Some(document.to_string().into_bytes())
}

fn change(document: &mut Value, rng: &mut Rng) {
    match rng.u32(0..10) {
        // Data of another event, under its name or not.
        0 if document.is_object() => {
            let (event, version, data) = any(&seeds::data(), rng);
            document["data"] = data;
            if rng.bool() {
                document["type"] = json!(event);
                document["eventversion"] = json!(version);
            }
        }
        // A part of it to another place.
        1 => {
            let part = place(document, rng).clone();
            *place(document, rng) = part;
        }
        2 => match place(document, rng) {
            Value::Object(fields) => without(fields, rng),
            Value::Array(values) if !values.is_empty() => {
                values.swap_remove(rng.usize(..values.len()));
            }
            _ => {}
        },
        3 => match place(document, rng) {
            Value::Object(fields) => {
                fields.insert(text(rng), value(rng));
            }
            Value::Array(values) => values.push(value(rng)),
            other => *other = json!([other.clone()]),
        },
        _ => *place(document, rng) = value(rng),
    }
}

/// Any place in the document; rarely the whole of it.
fn place<'d>(mut at: &'d mut Value, rng: &mut Rng) -> &'d mut Value {
    loop {
        let inside = match at {
            Value::Array(values) => values.len(),
            Value::Object(fields) => fields.len(),
            _ => 0,
        };
        if inside == 0 || rng.u32(0..5) == 0 {
            return at;
        }
        let index = rng.usize(..inside);
        let next = match at {
            Value::Array(values) => values.get_mut(index),
            Value::Object(fields) => fields.values_mut().nth(index),
            _ => None,
        };
        at = next.expect("it is inside");
    }
}

fn without(fields: &mut Map<String, Value>, rng: &mut Rng) {
    if !fields.is_empty() {
        let index = rng.usize(..fields.len());
        let key = fields.keys().nth(index).cloned();
        fields.remove(&key.expect("it is inside"));
    }
}

fn value(rng: &mut Rng) -> Value {
    match rng.u32(0..10) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => any(
            &[
                json!(0),
                json!(-1),
                json!(u64::MAX),
                json!(i64::MIN),
                json!(1e308),
            ],
            rng,
        ),
        3 => json!(rng.u64(..) >> rng.u32(0..64)),
        4 => json!(f64::from_bits(rng.u64(..))),
        5 => any(&seeds::data(), rng).2,
        6 => {
            let mut deep = Value::Null;
            for _ in 0..rng.u32(0..150) {
                deep = if rng.bool() {
                    json!([deep])
                } else {
                    json!({ "": deep })
                };
            }
            deep
        }
        _ => json!(text(rng)),
    }
}

fn text(rng: &mut Rng) -> String {
    const TEXTS: &[&str] = &[
        "",
        "1",
        "1.0",
        "null",
        "data",
        "data_base64",
        "time",
        "causaldepth",
        "forwardedby",
        SOURCE,
        "card",
        "secrets",
        "pin",
        "number",
        "root",
        "fuzz.order_placed",
        "fuzz.order_made",
        "fuzz.tree_grown",
        ", expected x",
        "a`b\"c\\d",
        "\u{0}\n\u{7f}\u{85}",
        "\u{202e}\u{1f600}",
        "2024-02-30T25:61:61Z",
        "2024-05-01T10:20:30+14:00",
    ];
    match rng.u32(0..8) {
        0 => "x\n".repeat(1 << rng.u32(0..13)),
        1 => (0..rng.u32(0..20)).map(|_| rng.char(..)).collect(),
        _ => any(TEXTS, rng).to_owned(),
    }
}

fn any<T: Clone>(all: &[T], rng: &mut Rng) -> T {
    all[rng.usize(..all.len())].clone()
}
