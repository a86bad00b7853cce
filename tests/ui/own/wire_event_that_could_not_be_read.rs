#![allow(unused)]

use std::collections::{BTreeMap, HashMap};

use event_core::Event;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.payment_taken", wire)]
#[serde(tag = "kind")]
enum PaymentTaken {
    ByCard { amount: u128, attempts: Vec<Option<i128>> },
    InCash { by_coin: BTreeMap<u16, u32> },
    Voucher(HashMap<bool, String>),
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.note_taken", wire)]
#[serde(untagged)]
enum NoteTaken {
    Text(String),
    Other { raw: Box<RawValue> },
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.page_shown", wire)]
enum PageShown {
    Home { visitors: std::num::NonZeroU128 },
    #[serde(untagged)]
    Other(String),
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", wire)]
struct OrderPlaced {
    order_id: u128,
    lines: BTreeMap<u64, u32>,
    #[serde(flatten)]
    labels: BTreeMap<u64, String>,
}

fn main() {}
