//! The events, and values of each.

use std::collections::BTreeMap;

use event_core::Event;
use event_core::event::Redacted;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An order was placed.
///
/// With a text that has "quotes", `ticks`, <tags> and a # in it.
#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "documents.order_placed", version = 2, previous = OrderPlacedV1, wire, schema, key = order_id)]
pub(crate) struct OrderPlaced {
    /// The number on the invoice.
    pub(crate) order_id: u64,
    pub(crate) lines: Vec<Line>,
    pub(crate) note: Option<String>,
    #[serde(default)]
    pub(crate) is_gift: bool,
    #[event(redact)]
    pub(crate) email: String,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "documents.order_placed", wire, schema, superseded)]
pub(crate) struct OrderPlacedV1 {
    pub(crate) order_id: u32,
}

impl From<OrderPlacedV1> for OrderPlaced {
    fn from(previous: OrderPlacedV1) -> Self {
        Self {
            order_id: previous.order_id.into(),
            lines: Vec::new(),
            note: None,
            is_gift: false,
            email: String::new(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Line {
    pub(crate) product: String,
    pub(crate) count: u16,
    pub(crate) weight: f64,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "documents.payment_made", wire, schema)]
pub(crate) struct PaymentMade {
    pub(crate) how: Payment,
    pub(crate) state: State,
}

/// How it was paid.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Payment {
    InCash,
    /// With a card.
    ByCard {
        number: String,
    },
    ByVoucher(Voucher),
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Voucher {
    pub(crate) code: String,
    pub(crate) worth: u64,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) enum State {
    Open,
    /// It is all paid.
    Settled,
}

/// An enum as an event, with the tag inside.
#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "documents.parcel_moved", wire, schema)]
#[serde(tag = "kind")]
pub(crate) enum ParcelMoved {
    Sent { town: String },
    Delivered(Delivery),
    Lost,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Delivery {
    pub(crate) signed_by: String,
}

/// An enum with the tag beside its content.
#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "documents.seat_changed", wire, schema)]
#[serde(tag = "t", content = "c")]
pub(crate) enum SeatChanged {
    Taken { row: u8, seat: u8 },
    Freed(u32),
}

/// An enum as serde writes it by default.
#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "documents.light_switched", wire, schema)]
pub(crate) enum LightSwitched {
    On { level: u8 },
    Off {},
}

/// An enum without tags.
#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "documents.reading_taken", wire, schema)]
#[serde(untagged)]
pub(crate) enum ReadingTaken {
    Exact { value: f64 },
    Range { from: f64, to: f64 },
}

/// Whatever another program said.
#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "documents.webhook_received", wire, schema)]
pub(crate) struct WebhookReceived(pub Value);

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "documents.profile_changed", wire, schema)]
pub(crate) struct ProfileChanged {
    #[serde(flatten)]
    pub(crate) who: Person,
    pub(crate) changed: Changed<String>,
    pub(crate) counted: Changed<u32>,
    pub(crate) extra: BTreeMap<String, Value>,
    pub(crate) raw: Anything,
    pub(crate) secret: Redacted<String>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Person {
    pub(crate) user_id: u64,
    pub(crate) name: String,
}

// Any JSON: without a documentation, its schema is `true`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Anything(pub(crate) Value);

/// A part with a parameter.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Changed<T> {
    pub(crate) from: Option<T>,
    pub(crate) to: T,
}

/// A type that has itself inside.
#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "documents.tree_grown", wire, schema)]
pub(crate) struct TreeGrown {
    pub(crate) root: Node,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Node {
    pub(crate) label: String,
    pub(crate) children: Vec<Node>,
}

mod other {
    //! Types of the same names as those of another event.

    use super::{Deserialize, Event, JsonSchema, Serialize};

    #[derive(Event, Serialize, Deserialize, JsonSchema)]
    #[event(name = "documents.page_printed", wire, schema)]
    pub(crate) struct PagePrinted {
        pub(crate) first: Line,
    }

    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Line {
        pub(crate) text: String,
    }
}

pub(crate) use other::{Line as TextLine, PagePrinted};

/// An event whose JSON nobody described.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "documents.undescribed", wire)]
pub(crate) struct Undescribed {
    pub(crate) id: u8,
}

/// Returns what serde writes of values of every event, with the key of its message.
///
/// # Panics
///
/// Panics if a value cannot be written.
#[must_use]
#[allow(clippy::too_many_lines, reason = "a list")]
pub fn values() -> Vec<(String, Value)> {
    let line = || Line {
        product: "Ärger & \"Co\"".to_owned(),
        count: u16::MAX,
        weight: 0.25,
    };
    let person = || Person {
        user_id: 1 << 40,
        name: "Ada".to_owned(),
    };
    vec![
        of(&OrderPlaced {
            order_id: 9_007_199_254_740_991,
            lines: vec![line(), line()],
            note: None,
            is_gift: true,
            email: "ada@example.org".to_owned(),
        }),
        of(&OrderPlaced {
            order_id: 0,
            lines: Vec::new(),
            note: Some("ring twice".to_owned()),
            is_gift: false,
            email: String::new(),
        }),
        of(&OrderPlacedV1 { order_id: u32::MAX }),
        of(&PaymentMade {
            how: Payment::InCash,
            state: State::Settled,
        }),
        of(&PaymentMade {
            how: Payment::ByCard {
                number: "4242".to_owned(),
            },
            state: State::Open,
        }),
        of(&PaymentMade {
            how: Payment::ByVoucher(Voucher {
                code: "SPRING".to_owned(),
                worth: 1 << 40,
            }),
            state: State::Open,
        }),
        of(&ParcelMoved::Sent {
            town: "Ulm".to_owned(),
        }),
        of(&ParcelMoved::Delivered(Delivery {
            signed_by: "Ada".to_owned(),
        })),
        of(&ParcelMoved::Lost),
        of(&SeatChanged::Taken { row: 1, seat: 255 }),
        of(&SeatChanged::Freed(4_000_000_000)),
        of(&LightSwitched::On { level: 3 }),
        of(&LightSwitched::Off {}),
        of(&ReadingTaken::Exact { value: 1.5 }),
        of(&ReadingTaken::Range {
            from: -1.5,
            to: 2.5,
        }),
        of(&WebhookReceived(json!({"a": [1, null, "x"]}))),
        of(&ProfileChanged {
            who: person(),
            changed: Changed {
                from: None,
                to: "b".to_owned(),
            },
            counted: Changed {
                from: Some(1),
                to: 4_000_000_000,
            },
            extra: BTreeMap::from([("seen".to_owned(), json!([true, 1]))]),
            raw: Anything(json!({"b": []})),
            secret: Redacted::new("s".to_owned()),
        }),
        of(&TreeGrown {
            root: Node {
                label: "a".to_owned(),
                children: vec![Node {
                    label: "b".to_owned(),
                    children: Vec::new(),
                }],
            },
        }),
        of(&PagePrinted {
            first: TextLine {
                text: "once".to_owned(),
            },
        }),
        of(&Undescribed { id: 1 }),
    ]
}

fn of<E: Event + Serialize>(event: &E) -> (String, Value) {
    let key = format!("{}.v{}", E::INFO.name(), E::INFO.version());
    (key, serde_json::to_value(event).expect("it is written"))
}
