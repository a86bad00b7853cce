use event_core::{Emitter, Event, handler};

#[derive(Event)]
struct OrderPlaced;

#[derive(Event)]
struct StockReserved;

#[handler]
fn reserve_stock(_event: &OrderPlaced, emitter: &Emitter<StockReserved>) {
    emitter.emit_after(StockReserved);
}

fn main() {}
