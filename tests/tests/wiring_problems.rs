//! A program with every wiring problem there is, and the one error that lists them all. So it stays apart.

use event_core::error::ProblemKind;
use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::{AnyEvent, Dispatcher, Event, handler};
use expect_test::expect;

struct Stock;
struct Mailer;
trait Clock: Send + Sync {}

#[derive(Event)]
#[event(name = "shop.order_placed")]
struct OrderPlaced;

#[derive(Event)]
#[event(name = "shop.order_placed")]
struct OrderPlacedAgain;

#[derive(Event)]
#[event(name = "shop.paid", handlers = 1..)]
struct Paid;

#[derive(Event)]
#[event(handlers = 1)]
struct Charged;

#[derive(Event)]
struct Shipped;

#[handler]
fn needs_stock(_event: &OrderPlaced, _stock: &Stock, _mailer: &Mailer) {}

#[handler]
fn needs_stock_too(_event: &Shipped, _stock: &Stock, _clock: &dyn Clock) {}

#[handler]
fn needs_an_event(_event: &Shipped, _other: &Charged) {}

#[handler(after = second)]
fn first(_event: &Shipped) {}

#[handler(before = third)]
fn second(_event: &Shipped) {}

#[handler(before = [first, second])]
fn third(_event: &Shipped) {}

#[handler(after = first)]
fn stranger(_event: &OrderPlaced) {}

#[handler(before = no_handler)]
fn names_no_handler(_event: &OrderPlaced) {}

fn no_handler(_event: &OrderPlaced) {}

#[handler(events = "shoop.*")]
fn audit(_event: &dyn AnyEvent) {}

#[handler]
fn charge_a(_event: &Charged) {}

#[handler]
fn charge_b(_event: &Charged) {}

/// Needs something, and does not say what.
struct Silent;

impl event_core::param::Param for Silent {
    type State = std::sync::Arc<Mailer>;
    type Rejection = std::convert::Infallible;

    fn resolve(resolver: &mut event_core::param::Resolver<'_>) -> Option<Self::State> {
        resolver.get()
    }

    fn param(
        _: &Self::State,
        _: &event_core::param::Delivery<'_>,
    ) -> Result<Self, Self::Rejection> {
        Ok(Self)
    }
}

#[handler]
fn takes_what_cannot_be_made(_event: &OrderPlaced, _silent: Silent) {}

static MAIL: Queue = Queue::new("mail");
static POST: Queue = Queue::new("mail");
static RETURNS: Queue = Queue::new("returns");
static LABELS: Queue = Queue::new("labels");
static SCREEN: LocalQueue<u8> = LocalQueue::new("screen");

#[derive(Event)]
struct Returned;

#[derive(Event)]
struct Refunded;

#[handler]
async fn tell_customer(_event: &Returned) {}

#[handler(before = tell_customer)]
fn count_returns(_event: &Returned) {}

#[handler(queue = MAIL)]
fn mail_label(_event: &Returned) {}

#[handler(queue = POST)]
async fn post_label(_event: &Returned) {}

#[handler(queue = RETURNS)]
fn refund(_event: &Returned) -> Refunded {
    Refunded
}

#[handler(queue = RETURNS)]
fn book_refund(_event: &Refunded) {}

#[handler(queue = LABELS)]
async fn print_label(_event: &Refunded) -> Result<Option<Returned>, String> {
    Ok(None)
}

#[handler(queue = SCREEN)]
fn show_return(_event: &Returned, _lines: &mut u8) {}

mod empty {
    event_core::module!();
}

#[test]
fn one_error_lists_every_problem_with_its_place_and_its_fix() {
    let error = Dispatcher::builder()
        .module(empty::MODULE)
        .provide(std::sync::Arc::new(Mailer))
        .provide(1_u8)
        .provide(2_u8)
        .override_with(3_u16)
        .without(no_handler)
        .configure(&SCREEN, |screen| screen.overflow(Overflow::Wait))
        .build()
        .expect_err("nothing is right");
    assert_eq!(error.problems().len(), 22);
    expect![[r#"
        the dispatcher cannot be built; 22 problems:

        two event types are named `shop.order_placed`: `wiring_problems::OrderPlaced` and `wiring_problems::OrderPlacedAgain`
          --> tests/tests/wiring_problems.rs:14
          --> tests/tests/wiring_problems.rs:18
          help: give one of them another `name`; if both are one type, two versions of its crate are linked: `cargo tree --duplicates` shows who needs which

        event `shop.paid` has 0 handlers and must have at least 1
          --> tests/tests/wiring_problems.rs:22
          help: write the handler, link its crate by naming its module in the builder (`.module(its_crate::MODULE)`), or say `.allow_unhandled::<Paid>()`

        event `wiring_problems::Charged` has 2 handlers and must have exactly 1
          --> tests/tests/wiring_problems.rs:26
          help: its handlers are `wiring_problems::charge_a`, `wiring_problems::charge_b`; remove `#[handler]` from one

        `wiring_problems::Mailer` was not provided
          --> tests/tests/wiring_problems.rs:32 wiring_problems::needs_stock
          help: an `Arc<Mailer>` was provided: give it with `.provide_arc(…)` instead of `.provide(…)`

        `wiring_problems::Stock` was not provided
          --> tests/tests/wiring_problems.rs:32 wiring_problems::needs_stock
          --> tests/tests/wiring_problems.rs:35 wiring_problems::needs_stock_too
          help: add `.provide(…)` with a value of type `Stock` to the builder; a handler that can do without takes `Option<&Stock>`; a dispatcher that does not need the handler leaves it out with `.without(…)`, or names all that it has: `Dispatcher::empty().handler(…)`

        `dyn wiring_problems::Clock` was not provided
          --> tests/tests/wiring_problems.rs:35 wiring_problems::needs_stock_too
          help: add `.provide_arc::<dyn Clock>(std::sync::Arc::new(…))` to the builder; a dispatcher that does not need the handler leaves it out with `.without(…)`, or names all that it has: `Dispatcher::empty().handler(…)`

        `wiring_problems::Charged` was not provided
          --> tests/tests/wiring_problems.rs:38 wiring_problems::needs_an_event
          help: `Charged` is an event: a handler takes one event, as its first parameter; write a second handler for `Charged`

        handler `wiring_problems::stranger` says `after = wiring_problems::first`, but that one handles `wiring_problems::Shipped` and this one `shop.order_placed`
          --> tests/tests/wiring_problems.rs:41
          --> tests/tests/wiring_problems.rs:50
          help: order is between handlers of one event; to run after the other's event, return an event from it and handle that

        the handlers of `wiring_problems::Shipped` wait for each other: `wiring_problems::second` waits for `wiring_problems::third` waits for `wiring_problems::second`
          --> tests/tests/wiring_problems.rs:44
          --> tests/tests/wiring_problems.rs:47
          help: remove one `after` or `before` among them

        handler `wiring_problems::names_no_handler` says `before = wiring_problems::no_handler`, which is no handler
          --> tests/tests/wiring_problems.rs:53
          help: add `#[handler]` to that function, or name another

        handler `wiring_problems::audit` says `events = "shoop.*"`, which matches no event
          --> tests/tests/wiring_problems.rs:58
          help: the declared names are `shop.order_placed`, `shop.paid`

        handler `wiring_problems::takes_what_cannot_be_made` takes `wiring_problems::Silent`, which cannot be made in this dispatcher
          --> tests/tests/wiring_problems.rs:86
          help: in its `resolve`, use `resolver.required::<T>()`, which says what is missing, or `resolver.note(…)`

        two queues are named `mail`
          --> tests/tests/wiring_problems.rs:88
          --> tests/tests/wiring_problems.rs:89
          help: give one of them another name, or let all handlers name one `static`

        queue `screen` is pumped by one thread, and can neither let emitters wait nor have consumers
          --> tests/tests/wiring_problems.rs:92 screen
          --> tests/tests/wiring_problems.rs:141
          help: choose `.overflow(Overflow::Reject)`, `DropOldest` or `DropNewest`, and leave out `.consumers(…)`

        handler `wiring_problems::count_returns` says `before = wiring_problems::tell_customer`, but that one runs as an `async fn` and this one inline
          --> tests/tests/wiring_problems.rs:101
          --> tests/tests/wiring_problems.rs:104
          help: return an event from the one that comes first, and let the other handle that; `priority` orders what is started first

        handlers that are `async` or have a queue need a tokio runtime, and there is none
          --> tests/tests/wiring_problems.rs:101 wiring_problems::tell_customer
          --> tests/tests/wiring_problems.rs:107 wiring_problems::mail_label
          --> tests/tests/wiring_problems.rs:110 wiring_problems::post_label
          --> tests/tests/wiring_problems.rs:113 wiring_problems::refund
          --> tests/tests/wiring_problems.rs:118 wiring_problems::book_refund
          --> tests/tests/wiring_problems.rs:121 wiring_problems::print_label
          help: call `.build()` inside of `#[tokio::main]`, or give the builder a runtime: `.runtime(runtime.handle().clone())`

        queue `returns` can wait for capacity in itself: `wiring_problems::Returned` → `wiring_problems::refund` (`returns`) → `wiring_problems::Refunded` → `wiring_problems::book_refund` (`returns`)
          --> tests/tests/wiring_problems.rs:113
          --> tests/tests/wiring_problems.rs:118
          help: when full, consumers wait for capacity that only they free; add `.overflow(Overflow::Reject)`, `DropOldest` or `DropNewest` to the declaration of one of the queues, or give the last handler a queue of its own

        queues `labels` and `returns` can wait for capacity in each other: `wiring_problems::Refunded` → `wiring_problems::print_label` (`labels`) → `wiring_problems::Returned` → `wiring_problems::refund` (`returns`) → `wiring_problems::Refunded` → `wiring_problems::print_label` (`labels`)
          --> tests/tests/wiring_problems.rs:113
          --> tests/tests/wiring_problems.rs:121
          help: when full, consumers wait for capacity that only they free; add `.overflow(Overflow::Reject)`, `DropOldest` or `DropNewest` to the declaration of one of the queues, or give the last handler a queue of its own

        module `wiring_problems::empty` has no handlers
          --> tests/tests/wiring_problems.rs:129
          help: add `#[handler]` to its functions; where the linker drops what registers itself (a static library, some wasm), list them: `module!(handlers = [a, b])`

        two values of type `u8` are provided
          --> tests/tests/wiring_problems.rs:137
          --> tests/tests/wiring_problems.rs:138
          help: remove one, replace the first with `.override_with(…)`, or give the second a type of its own: `struct Second(u8);`

        `u16` is overridden, but no value of the type was provided before
          --> tests/tests/wiring_problems.rs:139
          help: use `.provide(…)`

        `.without(…)` names `wiring_problems::no_handler`, which is no handler
          --> tests/tests/wiring_problems.rs:140
          help: add `#[handler]` to the function, or name another"#]].assert_eq(&error.to_string());
}

#[test]
fn a_problem_concerns_only_the_handlers_that_a_dispatcher_has() {
    let error = Dispatcher::builder()
        .only(charge_a)
        .allow_unhandled::<Paid>()
        .build()
        .expect_err("the program is wrong, whatever the selection");
    assert!(
        error
            .problems()
            .iter()
            .all(|problem| problem.kind() != ProblemKind::MissingDependency),
        "{error}"
    );
    let has = |kind| {
        error
            .problems()
            .iter()
            .any(|problem| problem.kind() == kind)
    };
    assert!(has(ProblemKind::EventNameTwice));
    assert!(has(ProblemKind::Cardinality), "`Charged` has two handlers");
    assert!(!error.to_string().contains("shop.paid"), "{error}");
}

#[test]
fn an_empty_dispatcher_asks_for_no_handlers() {
    let error = Dispatcher::empty().build().expect_err("the names clash");
    assert_eq!(error.problems().len(), 3, "{error}");
}

#[test]
fn two_types_in_two_blocks_are_two_events() {
    fn one() -> &'static str {
        #[derive(Event)]
        struct Local;
        Local::INFO.name()
    }
    {
        #[derive(Event)]
        struct Twin;
        assert!(Twin::INFO.name().ends_with("Twin"));
    }
    {
        #[derive(Event)]
        struct Twin;
        assert!(Twin::INFO.name().ends_with("Twin"));
    }
    assert!(one().ends_with("Local"));
    let error = Dispatcher::empty().build().expect_err("other names clash");
    assert!(!error.to_string().contains("Twin"), "{error}");
}
