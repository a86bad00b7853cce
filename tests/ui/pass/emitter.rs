//! The good twins of `emitter_does_not_name_the_event` and `dependency_by_value`.

use event_core::param::{Delivery, Param, Resolver};
use event_core::{Dispatcher, Emitter, Event, handler};

#[derive(Event)]
struct OrderPlaced;

#[derive(Event)]
struct StockReserved;

#[derive(Event)]
struct ShelfEmpty;

struct Depth(u32);

impl Param for Depth {
    type State = ();
    type Rejection = std::convert::Infallible;

    fn resolve(_: &mut Resolver<'_>) -> Option<()> {
        Some(())
    }

    fn param((): &(), delivery: &Delivery<'_>) -> Result<Self, Self::Rejection> {
        Ok(Self(delivery.depth()))
    }
}

#[handler]
fn one(_event: &OrderPlaced, emitter: Emitter<StockReserved>) {
    emitter.emit_after(StockReserved);
}

#[handler]
fn two(_event: &OrderPlaced, emitter: Emitter<(StockReserved, ShelfEmpty)>, depth: Depth) {
    assert_eq!(depth.0, 0);
    emitter.emit_after(ShelfEmpty);
    emitter.emit_after(StockReserved);
}

fn main() {
    let report = Dispatcher::builder().build().unwrap().emit(OrderPlaced);
    assert_eq!(report.returned::<StockReserved>().count(), 2);
    assert_eq!(report.returned::<ShelfEmpty>().count(), 1);
}
