//! A queued closure may be tried again, and an inline one may stop its emission.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use event_core::error::BoxError;
use event_core::queue::{LocalQueue, Queue};
use event_core::retry::RetryPolicy;
use event_core::{Dispatcher, Event};

#[derive(Event)]
#[event(stoppable)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event)]
struct ReceiptSent;

static MAIL: Queue = Queue::new("mail");
static UI: LocalQueue<u32> = LocalQueue::new("ui");

const POLICY: RetryPolicy = RetryPolicy::new()
    .with_attempts(3)
    .with_backoff(Duration::from_millis(100), Duration::from_secs(30));

fn subscribe(dispatcher: &Dispatcher) {
    let options = || dispatcher.subscription_builder();
    let queued = || options().queue(&MAIL).retry(POLICY);
    queued().subscribe(|_: &OrderPlaced| Some(ReceiptSent)).detach();
    queued().subscribe(|_: &OrderPlaced| -> Result<ReceiptSent, BoxError> { Err("busy".into()) }).detach();
    queued().subscribe(|_: &ReceiptSent| unreachable!()).detach();
    queued().subscribe_async(async |_: Arc<OrderPlaced>| Ok::<_, String>(ReceiptSent)).detach();
    options().queue(&UI).subscribe(|_: &OrderPlaced, _: &mut u32| ReceiptSent).detach();
    dispatcher.subscribe(|_: &OrderPlaced| ControlFlow::<()>::Break(())).detach();
    let order_7 = options().filter(|placed: &OrderPlaced| placed.order_id == 7);
    order_7.subscribe(|_| Ok::<_, String>(Some(ControlFlow::Break(())))).detach();
}

fn main() -> Result<(), event_core::error::BuildError> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let builder = Dispatcher::empty().queue(&MAIL).queue(&UI);
    subscribe(&builder.runtime(runtime.handle().clone()).build()?);
    Ok(())
}
