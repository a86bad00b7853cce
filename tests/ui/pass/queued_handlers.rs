//! The good twins of `queue_is_a_string`, `const_queue`, `queue_that_lends_another_type`,
//! `lent_twice`, `local_queue_for_an_async_handler` and their kind: every form of a queued handler.

use std::rc::Rc;

use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::{AnyEvent, Dispatcher, Emitter, Event, handler, handlers};

#[derive(Event)]
#[event(key = order_id)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event)]
struct Shown(u64);

/// Neither `Send` nor `Sync`.
struct App {
    seen: Rc<std::cell::RefCell<Vec<&'static str>>>,
}

impl App {
    fn add(&mut self, name: &'static str) {
        self.seen.borrow_mut().push(name);
    }
}

struct Borrowed<'a>(&'a str);

mod queues {
    use super::*;

    pub static MAIL: Queue = Queue::new("mail")
        .capacity(100)
        .overflow(Overflow::DropOldest);
    pub static UI: LocalQueue<super::App> = LocalQueue::new("ui");
    pub static NOTES: LocalQueue<Borrowed<'static>> = LocalQueue::new("notes");
}

use queues::{MAIL, UI};

fn is_seven(event: &OrderPlaced) -> bool {
    event.order_id == 7
}

#[handler(queue = queues::MAIL)]
fn on_a_thread(event: &OrderPlaced) {
    assert_eq!(event.order_id, 7);
}

#[handler(queue = MAIL, filter = is_seven, timeout = "5s")]
async fn as_a_task(event: &OrderPlaced, missing: Option<&String>) -> Result<Shown, String> {
    assert!(missing.is_none());
    Ok(Shown(event.order_id))
}

#[handler(queue = crate::queues::MAIL)]
async fn catch_all_as_a_task(_event: &dyn AnyEvent) {}

#[handler(queue = UI, filter = is_seven, priority = 1)]
fn lent(event: &OrderPlaced, app: &mut App, missing: Option<&String>, emit: Emitter<(Shown,)>) {
    assert!(missing.is_none());
    app.add("lent");
    emit.emit_after(Shown(event.order_id));
}

#[handler(queue = self::queues::UI)]
fn lent_without_more(_: &Shown, App { seen }: &mut App) -> Option<Shown> {
    seen.borrow_mut().push("lent_without_more");
    None
}

#[handler(queue = UI)]
fn not_lent(event: &Shown) {
    assert_eq!(event.0, 7);
}

#[handler(queue = UI, filter = is_any)]
fn catch_all_lent(_event: &dyn AnyEvent, app: &mut App) -> Result<(), String> {
    app.add("catch_all_lent");
    Ok(())
}

fn is_any(_event: &dyn AnyEvent) -> bool {
    true
}

#[handler(queue = queues::NOTES)]
fn lent_a_type_with_a_lifetime(_event: &OrderPlaced, notes: &mut Borrowed<'_>) {
    notes.0 = "noted";
}

struct Screen;

#[handlers]
impl Screen {
    #[handler(queue = UI)]
    fn show(&self, _event: &OrderPlaced, app: &mut App) {
        app.add("show");
    }

    #[handler(queue = UI)]
    fn associated<'a>(_event: &'a OrderPlaced, app: &'a mut App, _this: &Self) {
        app.add("associated");
    }

    #[handler(queue = MAIL)]
    fn method(&self, _event: &OrderPlaced) {}

    #[handler(queue = MAIL)]
    async fn async_method(&self, _event: &OrderPlaced) {}
}

fn main() {
    let dispatcher = Dispatcher::builder()
        .without(on_a_thread)
        .without(as_a_task)
        .without(catch_all_as_a_task)
        .without(Screen::method)
        .without(Screen::async_method)
        .provide(Screen)
        .build()
        .unwrap();
    let mut app = App {
        seen: Rc::default(),
    };
    let mut notes = Borrowed("");
    assert!(dispatcher.emit(OrderPlaced { order_id: 7 }).is_ok());
    assert!(app.seen.borrow().is_empty());
    assert_eq!(dispatcher.queue(&queues::NOTES).expect("a handler names it").pump(&mut notes), 1);
    assert_eq!(notes.0, "noted");
    // What the first pump causes waits for the second.
    assert_eq!(dispatcher.queue(&UI).expect("a handler names it").pump(&mut app), 4);
    assert_eq!(dispatcher.queue(&UI).expect("a handler names it").pump(&mut app), 3);
    app.seen.borrow_mut().sort_unstable();
    assert_eq!(
        *app.seen.borrow(),
        [
            "associated",
            "catch_all_lent",
            "catch_all_lent",
            "lent",
            "lent_without_more",
            "show",
        ]
    );
}
