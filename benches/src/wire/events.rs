//! What is written and read: one event as small as a sale at the till, one that grows, and one long text.

use event_core::{Event, handler};
use jiff::civil::Date;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// An event, and its key as one writes it by hand.
pub(super) trait Keyed: Event + Serialize + DeserializeOwned + PartialEq {
    /// The text of the key.
    fn key(&self) -> String;
}

/// Like the shop's purchase.
#[derive(Event, Serialize, Deserialize, PartialEq)]
#[event(name = "bench.purchase_made", wire, key = customer_id)]
pub(super) struct PurchaseMade {
    customer_id: u64,
    date: Date,
    cds: u32,
    amount_cents: u64,
}

/// What a sale causes, so that something has a cause.
#[derive(Event)]
pub(super) struct CustomerThanked;

#[handler]
pub(super) fn thank(_event: &PurchaseMade) -> CustomerThanked {
    CustomerThanked
}

impl Keyed for PurchaseMade {
    fn key(&self) -> String {
        self.customer_id.to_string()
    }
}

impl PurchaseMade {
    pub(super) fn sample() -> Self {
        Self {
            customer_id: 19_339,
            date: Date::constant(1997, 1, 1),
            cds: 2,
            amount_cents: 2_933,
        }
    }
}

/// As large as it has lines.
#[derive(Event, Serialize, Deserialize, PartialEq)]
#[event(name = "bench.order_placed", version = 2, no_previous, wire, key = order_id)]
pub(super) struct OrderPlaced {
    order_id: u64,
    customer: String,
    note: Option<String>,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Line {
    sku: String,
    title: String,
    quantity: u32,
    price_cents: u64,
    weight: f64,
    gift: bool,
}

impl Keyed for OrderPlaced {
    fn key(&self) -> String {
        self.order_id.to_string()
    }
}

impl OrderPlaced {
    pub(super) fn with(lines: u32) -> Self {
        let line = |number: u32| Line {
            sku: format!("CD-{:05}", number * 7_919 % 100_000),
            title: format!("Songs of the \"harbour\", volume {number} — täpa"),
            quantity: number % 5 + 1,
            price_cents: u64::from(number * 37 % 5_000) + 99,
            weight: f64::from(number) * 0.125 + 0.1,
            gift: number.is_multiple_of(3),
        };
        Self {
            order_id: 4_711,
            customer: "Ada Lovelace".to_owned(),
            note: Some("leave it at the door".to_owned()),
            lines: (0..lines).map(line).collect(),
        }
    }
}

/// A text of some 64 KiB in a few long fields.
#[derive(Event, Serialize, Deserialize, PartialEq)]
#[event(name = "bench.letter_written", wire, key = author)]
pub(super) struct LetterWritten {
    author: String,
    pages: Vec<String>,
}

impl Keyed for LetterWritten {
    fn key(&self) -> String {
        self.author.clone()
    }
}

impl LetterWritten {
    /// ASCII, with an escape here and there.
    pub(super) fn in_english() -> Self {
        Self::of("It was a bright cold day in April, and the clocks said so.\n")
    }

    /// Mostly what is not ASCII, which is the slower part of UTF-8.
    pub(super) fn in_japanese() -> Self {
        Self::of("四月の明るく冷たい日だった。 Ein heller, kühler Tag.\n")
    }

    fn of(line: &str) -> Self {
        Self {
            author: "ada".to_owned(),
            pages: vec![line.repeat(8192 / line.len()); 8],
        }
    }
}
