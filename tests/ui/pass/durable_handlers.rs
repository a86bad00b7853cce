//! Handlers whose deliveries an outbox makes.

use event_core::handler::DeliveryKind;
use event_core::{Context, Dispatcher, Event, Meta, handler, handlers};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", durable, key = order_id)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.payment_taken", durable)]
struct PaymentTaken {
    order_id: u64,
}

#[derive(Event)]
struct TillRang;

struct Tx<'c>(&'c mut u8);

struct Bank;

fn is_large(event: &OrderPlaced) -> bool {
    event.order_id > 1_000
}

fn is_temporary(error: &String) -> bool {
    error == "busy"
}

#[handler(
    durable,
    id = "billing.charge",
    alias = "billing.take_payment",
    filter = is_large,
    concurrency = 4,
    timeout = "5s",
    retry(attempts = 7, when = is_temporary)
)]
async fn charge(
    event: &OrderPlaced,
    tx: &mut Tx<'_>,
    bank: &Bank,
    meta: Meta,
    context: Option<Context<u8>>,
) -> Result<(PaymentTaken, TillRang), String> {
    *tx.0 += 1;
    let _ = (bank, meta, context);
    Ok((PaymentTaken { order_id: event.order_id }, TillRang))
}

#[handler(durable, id = "stock.reserve", alias = ["stock.take", "stock.get"])]
fn reserve(_event: &OrderPlaced) -> Vec<PaymentTaken> {
    Vec::new()
}

#[handler(before_commit)]
async fn check(_event: &OrderPlaced, tx: &mut Tx<'_>) -> Result<(), String> {
    *tx.0 += 1;
    Ok(())
}

#[handler]
fn count(_event: &OrderPlaced) -> TillRang {
    TillRang
}

struct Ledger;

#[handlers]
impl Ledger {
    #[handler(durable, id = "ledger.write")]
    async fn write(&self, _event: &PaymentTaken, tx: &mut Tx<'_>) {
        *tx.0 += 1;
    }

    #[handler(durable, id = "ledger.read", retry(attempts = 1))]
    async fn read(&self, _event: &PaymentTaken, _bank: &Bank) {}
}

fn main() {
    let linked = event_core::linked::handlers();
    let charged = linked.iter().find(|it| it.info().is(charge)).unwrap();
    assert_eq!(charged.info().id(), Some("billing.charge"));
    assert_eq!(charged.info().aliases(), ["billing.take_payment"]);
    assert_eq!(charged.info().delivery(), DeliveryKind::Durable);
    assert_eq!(charged.info().retry().unwrap().attempts(), 7);
    let causes: Vec<_> = charged.causes().iter().map(|it| it.type_id()).collect();
    assert_eq!(causes, [PaymentTaken::INFO.type_id(), TillRang::INFO.type_id()]);
    let checked = linked.iter().find(|it| it.info().is(check)).unwrap();
    assert_eq!(checked.info().delivery(), DeliveryKind::BeforeCommit);
    let reserved = linked.iter().find(|it| it.info().is(reserve)).unwrap();
    assert_eq!(reserved.info().retry().unwrap().attempts(), 10);
    assert!(OrderPlaced::INFO.is_durable() && OrderPlaced::INFO.is_wire());

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let build = || Dispatcher::builder().provide(Bank).provide(Ledger);
    let error = build().runtime(runtime.handle().clone()).build().unwrap_err();
    let error = error.to_string();
    assert!(error.contains("need an outbox, and there is none"), "{error}");
    assert!(error.contains("durable_handlers.rs"), "{error}");
    assert!(error.contains(".outbox(&outbox)"), "{error}");
}
