//! The good twins of `returns_a_number`, `returns_impl_trait`, `error_that_is_no_error`,
//! `control_flow_for_an_event_that_is_not_stoppable` and their kind.

use std::fmt;
use std::ops::ControlFlow;

use event_core::{error::BoxError, handler, Dispatcher, Event};

#[derive(Event)]
#[event(stoppable)]
struct OrderPlaced;

#[derive(Event)]
struct StockReserved;

#[derive(Debug)]
struct OutOfStock;

impl fmt::Display for OutOfStock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("out of stock")
    }
}

impl std::error::Error for OutOfStock {}

type Answer<T> = Result<T, OutOfStock>;

#[handler]
fn nothing(_: &OrderPlaced) -> () {}

#[handler]
fn an_event(_: &OrderPlaced) -> StockReserved {
    StockReserved
}

#[handler]
fn an_option(_: &OrderPlaced) -> Option<StockReserved> {
    None
}

#[handler]
fn a_list(_: &OrderPlaced) -> Vec<StockReserved> {
    vec![StockReserved, StockReserved]
}

#[handler]
fn a_tuple(_: &OrderPlaced) -> (StockReserved, Option<StockReserved>) {
    (StockReserved, None)
}

#[handler]
fn a_result(_: &OrderPlaced) -> Result<StockReserved, OutOfStock> {
    Ok(StockReserved)
}

#[handler]
fn an_alias(_: &OrderPlaced) -> Answer<Option<StockReserved>> {
    Ok(None)
}

#[handler]
fn a_boxed_error(_: &OrderPlaced) -> Result<(), BoxError> {
    Err(OutOfStock.into())
}

#[handler(priority = 100)]
fn a_stop(_: &OrderPlaced) -> Result<ControlFlow<()>, OutOfStock> {
    Ok(ControlFlow::Break(()))
}

#[handler(priority = 101)]
fn skipped(_: &OrderPlaced) {}

fn main() {
    let report = Dispatcher::builder().build().unwrap().emit(OrderPlaced);
    assert_eq!(report.returned::<StockReserved>().count(), 5);
    assert_eq!(
        (report.done(), report.failed(), report.skipped()),
        (8, 1, 1)
    );
}
