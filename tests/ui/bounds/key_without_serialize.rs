#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize, Serializer};

#[derive(Event, Deserialize)]
#[event(name = "shop.order_placed", wire, key = order_id)]
struct OrderPlaced {
    order_id: OrderId,
}

#[derive(Debug, Hash, Deserialize)]
struct OrderId(u64);

impl Serialize for OrderPlaced {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.order_id.0)
    }
}

fn main() {}
