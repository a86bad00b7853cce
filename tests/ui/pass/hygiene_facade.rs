//! `crate = path`: the framework re-exported by a crate of the user's, and no other in sight.

#![deny(warnings)]

mod facade {
    pub mod nested {
        pub use event_core as events;
    }
}

use facade::nested::events::queue::Queue;
use facade::nested::events::{Dispatcher, Event, handler, handlers};

mod event_core {}

#[derive(Event)]
#[event(crate = facade::nested::events, name = "shop.order_placed")]
struct OrderPlaced;

#[derive(Event)]
#[event(crate = crate::facade::nested::events, key = 0)]
struct PostSave<T: std::hash::Hash>(T);

#[handler(crate = facade::nested::events)]
fn count(_: &OrderPlaced) -> PostSave<u8> {
    PostSave(3)
}

static MAIL: Queue = Queue::new("mail");

#[handler(crate = facade::nested::events, filter = is_any, retry)]
async fn asynchronous(_: &OrderPlaced) {}

#[handler(crate = facade::nested::events, filter = is_any, queue = MAIL, retry(when = is_temporary))]
fn queued(_: &OrderPlaced) -> Result<(), String> {
    Ok(())
}

fn is_temporary(_: &String) -> bool {
    true
}

fn is_any(_: &OrderPlaced) -> bool {
    true
}

struct Mailer;

#[handlers(crate = facade::nested::events)]
impl Mailer {
    #[handler]
    fn send(&self, event: &PostSave<u8>) {
        assert_eq!(event.0, 3);
    }

    #[handler(queue = MAIL)]
    async fn send_later(&self, _: &PostSave<u8>) {}
}

mod listed {
    use super::Mailer;
    crate::facade::nested::events::module!(
        crate = crate::facade::nested::events,
        handlers = [super::count, Mailer::send]
    );
}

fn main() {
    let builder = Dispatcher::builder().module(listed::MODULE).provide(Mailer);
    let builder = builder.without(asynchronous).without(queued);
    let builder = builder.without(Mailer::send_later);
    assert_eq!(builder.build().unwrap().emit(OrderPlaced).done(), 2);
}
