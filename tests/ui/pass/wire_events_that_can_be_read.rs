//! Values of 128 bits, raw JSON and maps with keys of numbers, where serde reads what it writes.

use std::collections::BTreeMap;

use event_core::Event;
use event_core::wire::assert_round_trip;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", wire)]
#[serde(tag = "kind")]
struct OrderPlaced {
    order_id: u128,
    lines: BTreeMap<u64, i128>,
    raw: Box<RawValue>,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.payment_taken", wire)]
enum PaymentTaken {
    ByCard { amount: u128 },
    InCash(BTreeMap<bool, u8>),
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.payment_returned", wire)]
#[serde(tag = "kind", content = "data")]
enum PaymentReturned {
    ByCard { amount: i128, raw: Box<RawValue> },
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.payment_refused", wire)]
#[serde(tag = "kind")]
enum PaymentRefused {
    ByCard {
        #[serde(with = "text")]
        amount: u128,
        by_letter: BTreeMap<char, u8>,
        #[serde(skip)]
        seen: Option<u128>,
    },
}

mod text {
    use super::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(number: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// It never leaves the process.
#[derive(Event, Serialize)]
#[serde(tag = "kind")]
enum Shown {
    Price { amount: u128 },
}

fn main() {
    let raw = || RawValue::from_string("[1, 2.50]".to_owned()).expect("it is JSON");
    assert_round_trip(&OrderPlaced {
        order_id: u128::MAX,
        lines: [(1, i128::MIN)].into(),
        raw: raw(),
    });
    assert_round_trip(&PaymentTaken::ByCard { amount: u128::MAX });
    assert_round_trip(&PaymentTaken::InCash([(true, 1)].into()));
    assert_round_trip(&PaymentReturned::ByCard { amount: -1, raw: raw() });
    assert_round_trip(&PaymentRefused::ByCard {
        amount: u128::MAX,
        by_letter: [('a', 1)].into(),
        seen: None,
    });
    let _ = Shown::Price { amount: 1 };
}
