//! Dependencies of `async` handlers whose types have lifetimes: the function itself is handed over,
//! so nothing converts its arguments, and `&dyn Clock` is `&'a (dyn Clock + 'a)` in one signature
//! and `&'a (dyn Clock + 'static)` in another.

#![deny(warnings)]

use event_core::{AnyEvent, Event, handler, handlers};

#[derive(Event)]
struct OrderPlaced;

trait Clock: Send + Sync {}

trait OwnedClock: Send + Sync + 'static {}

type SharedClock = dyn Clock;

struct Table<'a>(&'a u8);

struct Pair<'a, 'b>(&'a u8, &'b u8);

#[handler]
async fn of_a_trait(_event: &OrderPlaced, clock: &dyn Clock, other: Option<&dyn Clock>) {
    let _ = (clock, other);
}

#[handler]
async fn with_bounds(
    _event: &OrderPlaced,
    clock: &(dyn Clock + Send),
    other: Option<&(dyn Clock + Send + Sync)>,
) {
    let _ = (clock, other);
}

#[handler]
async fn of_a_trait_that_owns_itself(
    _event: &OrderPlaced,
    clock: &dyn OwnedClock,
    other: Option<&(dyn OwnedClock + Send)>,
) {
    let _ = (clock, other);
}

#[handler]
async fn with_a_lifetime_in_the_bounds<'a>(
    _event: &'a OrderPlaced,
    clock: &'a (dyn Clock + 'a),
    other: Option<&(dyn Clock + 'static)>,
    third: &(dyn Clock + '_),
) {
    let _ = (clock, other, third);
}

#[handler]
async fn with_the_lifetime_of_the_event<'a>(
    _event: &'a OrderPlaced,
    clock: &'a dyn Clock,
    table: Option<&'a Table<'a>>,
) {
    let _ = (clock, table.map(|table| table.0));
}

#[handler]
async fn with_more_lifetimes<'a, 'b>(
    _event: &'a OrderPlaced,
    pair: &'b Pair<'a, '_>,
    other: Option<&Pair<'b, 'b>>,
    table: &Table<'_>,
) {
    let _ = (pair.0, pair.1, other, table);
}

#[handler]
async fn without_a_lifetime(_event: &OrderPlaced, alias: &SharedClock, boxed: &Box<dyn Clock>) {
    let _ = (alias, boxed);
}

#[handler]
async fn of_every_event(_event: &dyn AnyEvent, clock: &dyn Clock, other: Option<&dyn Clock>) {
    let _ = (clock, other);
}

struct Mailer;

#[handlers]
impl Mailer {
    #[handler]
    async fn welcome(&self, _event: &OrderPlaced, clock: &dyn Clock) -> Option<OrderPlaced> {
        let _ = clock;
        None
    }

    #[handler]
    async fn remind<'a>(&'a self, _event: &'a OrderPlaced, clock: &'a dyn Clock) {
        let _ = clock;
    }
}

macro_rules! handle {
    ($name:ident, $dependency:ty) => {
        #[handler]
        async fn $name(_event: &OrderPlaced, one: &$dependency, other: Option<&$dependency>) {
            let _ = (one, other);
        }
    };
}

handle!(of_a_trait_in_a_macro, dyn Clock);
handle!(of_a_trait_with_bounds_in_a_macro, dyn Clock + Send);
handle!(of_a_type_in_a_macro, u8);

fn main() {}
