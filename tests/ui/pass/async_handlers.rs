//! The good twins of `async_handler_with_nine_parameters`, `async_handler_that_is_not_send`,
//! `timeout_is_a_word`, `concurrency_zero` and their kind: every form of an `async` handler.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Mutex;

use event_core::{AnyEvent, Context, Dispatcher, Emitter, Event, handler, handlers};

#[derive(Event)]
#[event(name = "shop.order_placed", stoppable)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event)]
struct StockReserved;

type Placed = OrderPlaced;

type Answer<T> = Result<T, std::fmt::Error>;

struct Log(Mutex<Vec<&'static str>>);

impl Log {
    fn add(&self, name: &'static str) {
        self.0.lock().unwrap().push(name);
    }
}

struct Tenant;

struct Borrowed<'a>(&'a str);

async fn pause() {}

#[handler]
async fn alone(_: &OrderPlaced) {}

#[handler]
async fn destructured(OrderPlaced { order_id }: &OrderPlaced) {
    pause().await;
    assert_eq!(*order_id, 7);
}

#[handler]
async fn with_a_lifetime<'a>(event: &'a OrderPlaced, log: &'a Log) -> Option<StockReserved> {
    let both: (&'a u64, &'a Log) = (&event.order_id, log);
    pause().await;
    both.1.add("with_a_lifetime");
    None
}

#[handler]
async fn with_two_lifetimes<'a, 'b>(event: &'a Placed, log: &'b Log) {
    pause().await;
    assert_eq!(event.order_id, 7);
    log.add("with_two_lifetimes");
}

#[handler(concurrency = 1, filter = is_seven, priority = -3, timeout = "1m 30s")]
async fn with_every_key(event: &OrderPlaced, log: &Log) -> Answer<StockReserved> {
    assert!(is_seven(event));
    pause().await;
    log.add("with_every_key");
    Ok(StockReserved)
}

fn is_seven(event: &OrderPlaced) -> bool {
    event.order_id == 7
}

#[handler(after = with_every_key, before = [alone, destructured], timeout = "500ms")]
async fn with_every_parameter(
    event: &OrderPlaced,
    log: &Log,
    missing: Option<&String>,
    tenant: Option<Context<Tenant>>,
    emit: Emitter<(StockReserved,)>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    {
        let not_across_an_await = Rc::new(Cell::new(event.order_id));
        assert_eq!(not_across_an_await.get(), 7);
    }
    assert!(missing.is_none() && tenant.is_none());
    emit.emit_after(StockReserved);
    pause().await;
    log.add("with_every_parameter");
    Ok(())
}

#[handler]
async fn with_eight_parameters(
    _event: &OrderPlaced,
    _a: Option<&u8>,
    _b: Option<&u16>,
    _c: Option<&u32>,
    _d: Option<&u64>,
    _e: Option<&u128>,
    _f: Option<&i8>,
    _g: Option<&i16>,
    log: &Log,
) {
    log.add("with_eight_parameters");
}

#[handler]
async fn of_another_event(_event: &StockReserved, log: &Log) -> (Option<StockReserved>, ()) {
    log.add("of_another_event");
    (None, ())
}

#[handler(events = "shop.*", filter = is_named)]
async fn of_every_event(event: &dyn AnyEvent, log: &Log) -> Result<(), String> {
    assert!(is_named(event));
    pause().await;
    log.add("of_every_event");
    Ok(())
}

fn is_named(event: &dyn AnyEvent) -> bool {
    event.info().name() == "shop.order_placed"
}

#[cfg(any())]
#[handler]
async fn never(_event: &NoSuchEvent) {}

#[handlers]
impl Log {
    #[handler(timeout = "5s")]
    async fn method(&self, event: &OrderPlaced) {
        pause().await;
        assert_eq!(event.order_id, 7);
        self.add("method");
    }

    #[handler(after = Self::method)]
    async fn with_parameters<'a>(
        self: &Self,
        event: &'a OrderPlaced,
        missing: Option<&'a String>,
    ) -> Vec<StockReserved> {
        assert!(event.order_id == 7 && missing.is_none());
        pause().await;
        self.add("with_parameters");
        Vec::new()
    }

    #[handler]
    async fn associated(event: &OrderPlaced, this: &Self) {
        assert_eq!(event.order_id, 7);
        this.add("associated");
    }

    #[handler]
    async fn of_all(&self, _event: &dyn AnyEvent) {
        self.add("of_all");
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let log = std::sync::Arc::new(Log(Mutex::default()));
    let builder = Dispatcher::builder().runtime(runtime.handle().clone());
    let dispatcher = builder.provide_arc(log.clone()).build().unwrap();
    let report =
        runtime.block_on(async { dispatcher.emit_async(OrderPlaced { order_id: 7 }).await });
    assert!(report.is_ok(), "{report:?}");
    let mut log = log.0.lock().unwrap().clone();
    log.sort_unstable();
    assert_eq!(
        log,
        [
            "associated",
            "method",
            "of_all",
            "of_all",
            "of_all",
            "of_another_event",
            "of_another_event",
            "of_every_event",
            "with_a_lifetime",
            "with_eight_parameters",
            "with_every_key",
            "with_every_parameter",
            "with_parameters",
            "with_two_lifetimes",
        ]
    );
    // They can be called by hand.
    drop(with_two_lifetimes(
        &OrderPlaced { order_id: 7 },
        &Log(Mutex::default()),
    ));
    let _ = Borrowed("").0;
}
