//! Events that are handed to a queue.

mod handlers;
mod threads;

use std::future::Future;
use std::marker::PhantomData;
use std::rc::Rc;

use event_core::queue::{Queue, QueueHandle};
use event_core::{Dispatcher, Report};
use tokio::runtime::Runtime;

pub(crate) use self::threads::by_threads;
use crate::queues::events::{First, Keyed, Large, Numbered, Plain, Ready, Second, Waits};
use crate::queues::producers::{self, Target};
use crate::queues::{Candidate, Kind};

event_core::module!();

/// `emit_async` of events for a queue that tasks serve, from tasks.
pub(crate) fn by_tasks(kind: Kind, runtime: &Rc<Runtime>, consumers: usize) -> Candidate {
    macro_rules! emits {
        ($queue:ident, $events:ty, $($handler:ident),+) => {{
            let dispatcher = Dispatcher::builder()
                $(.only(handlers::$handler))+
                .configure(&handlers::$queue, |settings| settings.consumers(consumers))
                .runtime(runtime.handle().clone())
                .build()
                .unwrap_or_else(|error| panic!("{error}"));
            let emitter = Emitter::<$events>::new(dispatcher, &handlers::$queue);
            producers::candidate("ours", runtime, kind.producers(), emitter)
        }};
    }
    match kind {
        Kind::Plain | Kind::Producers => emits!(PLAIN, Plain, plain),
        Kind::Ready => emits!(READY, Ready, awaits),
        Kind::Waits => emits!(WAITS, Waits, waits),
        Kind::Key => emits!(KEYED, Keyed, keyed),
        Kind::Types => emits!(TYPES, (First, Second), first, second),
        Kind::Large => emits!(LARGE, Large, large),
    }
}

/// A dispatcher, the queue of its handlers, and which events are emitted.
struct Emitter<E> {
    dispatcher: Dispatcher,
    queue: QueueHandle,
    events: PhantomData<fn() -> E>,
}

impl<E> Emitter<E> {
    fn new(dispatcher: Dispatcher, queue: &'static Queue) -> Self {
        let queue = dispatcher.queue(queue).expect("a handler names it");
        Self {
            dispatcher,
            queue,
            events: PhantomData,
        }
    }
}

impl<E: Events> Target for Emitter<E> {
    async fn send(&self, id: u64) {
        let report = E::emit(&self.dispatcher, id).await;
        assert!(report.is_ok(), "{report:?}");
    }

    async fn join(&self) {
        self.queue.join().await;
    }
}

/// The type of the events, or two types in turns.
trait Events: 'static {
    fn emit(dispatcher: &Dispatcher, id: u64) -> impl Future<Output = Report> + Send;
}

impl<E: Numbered> Events for E {
    fn emit(dispatcher: &Dispatcher, id: u64) -> impl Future<Output = Report> + Send {
        dispatcher.emit_async(E::new(id))
    }
}

impl<A: Numbered, B: Numbered> Events for (A, B) {
    async fn emit(dispatcher: &Dispatcher, id: u64) -> Report {
        if id.is_multiple_of(2) {
            dispatcher.emit_async(A::new(id)).await
        } else {
            dispatcher.emit_async(B::new(id)).await
        }
    }
}
