//! The handlers of an event are listed in the order in which they run.

use std::any::type_name_of_val;
use std::cell::RefCell;
use std::sync::Arc;

use event_core::handler::{DeliveryKind, HandlerInfo};
use event_core::queue::LocalQueue;
use event_core::{
    AnyEvent, Dispatcher, Event,
    dispatcher::{DispatcherBuilder, Subscription},
    handler,
};
use proptest::prelude::*;

static DESK: LocalQueue<()> = LocalQueue::new("listed order");

#[derive(Event)]
#[event(name = "listed.order_placed")]
struct OrderPlaced;

thread_local! {
    /// The paths of what ran on this thread, in order.
    static RAN: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

fn run<F>(function: &F) {
    RAN.with_borrow_mut(|ran| ran.push(type_name_of_val(function)));
}

// In an order that is neither the expected one nor its reverse.

#[handler(priority = 1)]
fn k_late(_event: &OrderPlaced) {
    run(&k_late);
}

#[handler(priority = -2, after = [m_middle])]
fn a_behind_middle(_event: &OrderPlaced) {
    run(&a_behind_middle);
}

#[handler]
fn m_middle(_event: &OrderPlaced) {
    run(&m_middle);
}

#[handler(priority = -1)]
async fn c_async_early(_event: &OrderPlaced) {
    run(&c_async_early);
}

#[handler(after = c_async_early, priority = -2)]
async fn b_async_behind(_event: &OrderPlaced) {
    run(&b_async_behind);
}

#[handler(queue = DESK, priority = 2)]
fn e_queued_late(_event: &OrderPlaced) {
    run(&e_queued_late);
}

#[handler(queue = DESK)]
fn f_queued(_event: &OrderPlaced) {
    run(&f_queued);
}

#[handler(events = "listed.*", priority = -1)]
fn l_every(_event: &dyn AnyEvent) {
    run(&l_every);
}

#[handler(events = "listed.*")]
async fn d_async_every(_event: &dyn AnyEvent) {
    run(&d_async_every);
}

/// Adds each handler to a builder.
const HANDLERS: [fn(DispatcherBuilder) -> DispatcherBuilder; 9] = [
    |builder| builder.handler(k_late),
    |builder| builder.handler(a_behind_middle),
    |builder| builder.handler(m_middle),
    |builder| builder.handler(c_async_early),
    |builder| builder.handler(b_async_behind),
    |builder| builder.handler(e_queued_late),
    |builder| builder.handler(f_queued),
    |builder| builder.handler(l_every),
    |builder| builder.handler(d_async_every),
];

/// A subscription whose path has its number.
fn told<const N: usize>(_event: &OrderPlaced) {
    run(&told::<N>);
}

async fn told_later<const N: usize>(_event: Arc<OrderPlaced>) {
    run(&told_later::<N>);
}

#[derive(Clone, Copy, Debug)]
struct Options {
    priority: i32,
    is_async: bool,
    once: bool,
    is_cancelled: bool,
}

fn options() -> impl Strategy<Value = Options> {
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    (-3..3_i32, flags).prop_map(|(priority, (is_async, once, is_cancelled))| Options {
        priority,
        is_async,
        once,
        is_cancelled,
    })
}

fn subscribe<const N: usize>(dispatcher: &Dispatcher, options: Options) -> Option<Subscription> {
    let builder = dispatcher.subscription_builder().priority(options.priority);
    let builder = if options.once {
        builder.once()
    } else {
        builder
    };
    let subscription = if options.is_async {
        builder.subscribe_async(told_later::<N>)
    } else {
        builder.subscribe(told::<N>)
    };
    (!options.is_cancelled).then_some(subscription)
}

const SUBSCRIBE: [fn(&Dispatcher, Options) -> Option<Subscription>; 6] = [
    subscribe::<0>,
    subscribe::<1>,
    subscribe::<2>,
    subscribe::<3>,
    subscribe::<4>,
    subscribe::<5>,
];

/// Emits once; returns the paths of what ran, with those of the queue behind the others.
fn emit(dispatcher: &Dispatcher, has_queue: bool) -> Vec<&'static str> {
    let report = pollster::block_on(dispatcher.emit_async(OrderPlaced));
    assert!(report.is_ok(), "{report}");
    if has_queue {
        let desk = dispatcher.queue(&DESK).expect("a handler names it");
        desk.pump(&mut ());
    }
    RAN.take()
}

proptest! {
    #[test]
    fn handlers_are_listed_in_the_order_in_which_they_run(
        chosen in prop::array::uniform9(any::<bool>()),
        subscriptions in prop::collection::vec(options(), 0..=SUBSCRIBE.len()),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let chosen_handlers = HANDLERS.iter().zip(chosen).filter(|(_, chosen)| *chosen);
        let builder = chosen_handlers.fold(Dispatcher::empty(), |builder, (add, _)| add(builder));
        let dispatcher = builder.runtime(runtime.handle().clone()).build().expect("wired");
        let subscribed = SUBSCRIBE.iter().zip(&subscriptions);
        let guards: Vec<_> = subscribed.map(|(add, options)| add(&dispatcher, *options)).collect();

        // What is called once is listed for the first emission alone.
        for _ in 0..2 {
            let listed: Vec<HandlerInfo> = dispatcher.handlers_of::<OrderPlaced>().collect();
            let is_local = |handler: &HandlerInfo| handler.delivery() == DeliveryKind::Local;
            let has_queue = listed.iter().any(is_local);
            let (queued, others): (Vec<_>, Vec<_>) = listed.iter().partition(|handler| is_local(handler));
            let expected: Vec<_> = others.into_iter().chain(queued).map(HandlerInfo::name).collect();
            prop_assert_eq!(dispatcher.has_handlers::<OrderPlaced>(), !expected.is_empty());
            prop_assert_eq!(emit(&dispatcher, has_queue), expected);
            let first_deferred = listed.iter().position(|handler| handler.delivery() != DeliveryKind::Inline);
            let deferred = first_deferred.map_or(&[][..], |at| &listed[at..]);
            prop_assert!(deferred.iter().all(|handler| handler.delivery() != DeliveryKind::Inline));
        }
        drop(guards);
    }
}
