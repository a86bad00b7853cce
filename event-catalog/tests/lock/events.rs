//! The events of a program before and after changes. A binary has one event of a name, so they have other names
//! until [`catalog`] gives both sides the same ones.

use event_catalog::Catalog;
use event_catalog::catalog::Text;
use event_core::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares events of the wire.
macro_rules! events {
    ($($item:item)*) => {
        $( #[derive(Event, Serialize, Deserialize, JsonSchema)] $item )*
    };
}

pub(crate) mod before {
    use super::*;

    events! {
        /// An order was placed.
        #[event(name = "before.order_placed", wire, schema)]
        pub(crate) struct OrderPlaced {
            /// It counts up.
            pub(crate) order_id: u64,
            pub(crate) note: Option<String>,
            pub(crate) coupons: Vec<String>,
        }

        #[event(name = "before.payment_made", wire, schema)]
        #[serde(tag = "type")]
        pub(crate) enum PaymentMade {
            Card { number: String },
            Gift { code: String },
            Cash,
        }

        #[event(name = "before.customer_moved", wire, schema)]
        pub(crate) struct CustomerMoved { pub(crate) town: String }

        #[event(name = "before.customer_left", wire, schema)]
        pub(crate) struct CustomerLeft { pub(crate) reason: String }

        #[event(name = "before.mail_sent", wire, schema)]
        pub(crate) struct MailSent { pub(crate) to: String }

        #[event(name = "before.mail_read", wire, schema)]
        pub(crate) struct MailRead { pub(crate) by: u64 }

        #[event(name = "before.stock_counted", wire, schema)]
        pub(crate) struct StockCounted { pub(crate) count: u32 }

        #[event(name = "before.parcel_sent", wire, schema)]
        pub(crate) struct ParcelSent { pub(crate) town: String }

        #[event(name = "before.visitor_came", alias = "before.visitor_entered", wire, schema)]
        pub(crate) struct VisitorCame { pub(crate) door: u8 }

        #[event(name = "before.light_switched", wire, schema)]
        pub(crate) struct LightSwitched { pub(crate) is_on: bool }

        #[event(name = "before.door_opened", wire, schema, key = door)]
        pub(crate) struct DoorOpened { pub(crate) door: u8, pub(crate) floor: u8 }

        #[event(name = "before.page_printed", wire, schema)]
        pub(crate) struct PagePrinted { pub(crate) pages: u32 }

        #[event(name = "before.code_entered", wire, schema)]
        pub(crate) struct CodeEntered {
            #[schemars(regex(pattern = "^[a-z]+$"))]
            pub(crate) code: String,
        }

        /// As it is.
        #[event(name = "before.flag_raised", wire, schema)]
        pub(crate) struct FlagRaised { pub(crate) color: Color, pub(crate) height: u8 }
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event(name = "before.note_taken", wire)]
    pub(crate) struct NoteTaken {
        pub(crate) text: String,
    }

    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    pub(crate) enum Color {
        Red,
        Green,
    }
}

pub(crate) mod after {
    use super::*;

    events! {
        #[event(name = "after.order_placed", wire, schema)]
        pub(crate) struct OrderPlaced {
            pub(crate) order_id: u32,
            pub(crate) note: String,
            pub(crate) till: u8,
        }

        #[event(name = "after.payment_made", wire, schema)]
        #[serde(tag = "type", content = "data")]
        pub(crate) enum PaymentMade {
            Card { number: String },
            Gift { code: String },
            Cash,
        }

        // Its fields have changed, too, so that it is known by its type alone.
        #[event(name = "after.customer_relocated", wire, schema)]
        pub(crate) struct CustomerMoved { pub(crate) town: String, pub(crate) street: Option<String> }

        #[event(name = "after.customer_gone", alias = "after.customer_left", wire, schema)]
        pub(crate) struct CustomerGone { pub(crate) reason: String }

        #[event(name = "after.stock_counted", version = 2, no_previous, wire, schema)]
        pub(crate) struct StockCounted { pub(crate) count: u32 }

        #[event(name = "after.parcel_sent", version = 2, previous = ParcelSentV1, wire, schema)]
        pub(crate) struct ParcelSent { pub(crate) town: String, pub(crate) weight: u32 }

        #[event(name = "after.parcel_sent", superseded, wire, schema)]
        pub(crate) struct ParcelSentV1 { pub(crate) town: String }

        #[event(name = "after.visitor_came", wire, schema)]
        pub(crate) struct VisitorCame { pub(crate) door: u8 }

        #[event(name = "after.light_switched", wire, schema)]
        pub(crate) struct LightSwitched {
            pub(crate) is_on: bool,
            #[serde(default)]
            pub(crate) level: Option<u8>,
        }

        #[event(name = "after.door_opened", wire, schema, key = floor)]
        pub(crate) struct DoorOpened { pub(crate) door: u8, pub(crate) floor: u8 }

        #[event(name = "after.code_entered", wire, schema)]
        pub(crate) struct CodeEntered {
            #[schemars(regex(pattern = "^[a-z0-9]+$"))]
            pub(crate) code: String,
        }

        /// It says the same in other words, and in another order.
        #[event(name = "after.flag_raised", wire, schema)]
        pub(crate) struct FlagRaised {
            /// In metres.
            #[schemars(title = "how high", example = 3)]
            pub(crate) height: u8,
            pub(crate) color: Color,
        }

        #[event(name = "after.bell_rung", wire, schema)]
        pub(crate) struct BellRung { pub(crate) times: u8 }
    }

    impl From<ParcelSentV1> for ParcelSent {
        fn from(old: ParcelSentV1) -> Self {
            let (town, weight) = (old.town, 0);
            Self { town, weight }
        }
    }

    /// It does not leave the process any more.
    #[derive(Event)]
    #[event(name = "after.mail_read")]
    pub(crate) struct MailRead {
        pub(crate) by: u64,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event(name = "after.page_printed", wire)]
    pub(crate) struct PagePrinted {
        pub(crate) pages: u32,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event(name = "after.note_taken", wire)]
    pub(crate) struct NoteTaken {
        pub(crate) text: String,
    }

    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    pub(crate) enum Color {
        /// As of grass.
        Green,
        Red,
    }
}

/// Returns what is linked of one side, as a program of its own.
pub(crate) fn catalog(side: &str) -> Catalog {
    let mut catalog = Catalog::linked().with_schemas();
    let prefix = format!("{side}.");
    catalog
        .events
        .retain(|event| event.name.starts_with(&prefix));
    assert!(catalog.events.len() > 3, "they are linked");
    let rename = |name: &mut Text| *name = name.replace(&prefix, "shop.").into();
    for event in &mut catalog.events {
        rename(&mut event.name);
        event.aliases.iter_mut().for_each(rename);
        if let Some(previous) = &mut event.previous {
            rename(&mut previous.name);
        }
    }
    catalog
}
