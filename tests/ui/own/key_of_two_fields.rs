#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(key = (customer, order_id))]
struct OrderPlaced {
    customer: u64,
    order_id: u64,
}

#[derive(Event)]
#[event(key = customer.id)]
struct OrderPaid {
    customer: Customer,
}

#[derive(Debug)]
struct Customer {
    id: u64,
}

fn main() {}
