//! Events and handlers that a macro of the user's writes.

#![deny(warnings)]

use event_core::queue::{LocalQueue, Queue};
use event_core::{Dispatcher, Event, handler};

macro_rules! event {
    ($name:ident { $($field:ident: $ty:ty),* } $key:expr) => {
        #[derive(Event)]
        #[event(name = $key, handlers = 1..)]
        struct $name { $(#[event(redact)] #[allow(dead_code)] $field: $ty),* }
    };
}

macro_rules! handle {
    ($name:ident, $event:ty, $dependency:ty, $priority:literal) => {
        #[handler(priority = $priority)]
        fn $name(event: &$event, dependency: &$dependency, other: Option<&$dependency>) {
            let _ = (event, dependency, other);
        }
    };
    ($event:ident $body:block) => {
        #[handler]
        fn fixed($event: &Rang) $body
    };
}

macro_rules! later {
    ($name:ident, $event:ty, $dependency:ty, $timeout:literal, $queue:path) => {
        #[handler(timeout = $timeout, queue = $queue, filter = any::<$event>)]
        async fn $name(event: &$event, dependency: &$dependency) {
            let _ = (event, dependency);
        }
    };
    ($queue:ident: $lent:ty, $event:ident: $ty:ty => $body:block) => {
        static $queue: LocalQueue<$lent> = LocalQueue::new(stringify!($queue));

        #[handler(queue = $queue)]
        fn shown($event: &$ty, _lent: &mut $lent) $body
    };
}

macro_rules! keyed {
    ($name:ident, $field:ident: $ty:ty) => {
        #[derive(Event)]
        #[event(key = $field)]
        struct $name {
            $field: $ty,
        }
    };
}

mod queues {
    pub static MAIL: super::Queue = super::Queue::new("mail");
}

fn any<T>(_: &T) -> bool {
    true
}

later!(three, Rang, u64, "5s", queues::MAIL);
later!(UI: Vec<u8>, event: Rang => { assert_eq!(event.floor, 1) });
keyed!(Keyed, number: Option<u8>);
event!(Rang { door: Option<u8>, floor: u8 } "house.bell_rang");
handle!(one, Rang, u64, 3);
handle!(two, crate::Rang, Vec<u8>, -3);
handle!(event { assert_eq!(event.floor, 1) });

fn main() {
    let dispatcher = Dispatcher::builder()
        .without(three)
        .provide(1_u64)
        .provide(vec![1_u8])
        .build()
        .unwrap();
    assert_eq!(
        dispatcher
            .emit(Rang {
                door: None,
                floor: 1
            })
            .done(),
        3
    );
    assert!(Keyed { number: None }.lane().is_some());
}
