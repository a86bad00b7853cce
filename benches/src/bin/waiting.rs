//! Times what a user asks for beyond a plain queue: the wait for one emission, and a policy of attempts.
//!
//! `waiting SECONDS` measures each pair for that long, on a current-thread runtime. It prints
//!
//! ```text
//! time settled.10.ours 1710.0 1755.2   nanoseconds per emission with ten queued deliveries, until all have ended
//! ratio settled.10.join 1.08           of `settled` to an emit and `join` of the queue
//! ratio retry.1.without 1.00           of a handler with a policy, which never fails, to one without
//! ```

use std::env;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use event_benches::rounds;
use event_benches::timed::{Timed, measure};
use event_core::queue::Queue;
use event_core::{Dispatcher, Event, handler};
use tokio::runtime::Runtime;

const CAPACITY: usize = 4_096;

static TEN: Queue = Queue::new("ten").capacity(CAPACITY);
static ONE: Queue = Queue::new("one").capacity(CAPACITY);

#[derive(Event)]
struct Placed(u64);

#[derive(Event)]
struct Tried(u64);

#[derive(Event)]
struct Plain(u64);

macro_rules! ten {
    ($($name:ident)*) => {
        $(
            #[handler(queue = TEN)]
            async fn $name(event: &Placed) {
                black_box(event.0);
            }
        )*
    };
}

ten! { h0 h1 h2 h3 h4 h5 h6 h7 h8 h9 }

#[handler(queue = ONE, retry(attempts = 5))]
async fn with_policy(event: &Tried) -> Result<(), &'static str> {
    black_box(event.0);
    Ok(())
}

#[handler(queue = ONE)]
async fn without_policy(event: &Plain) -> Result<(), &'static str> {
    black_box(event.0);
    Ok(())
}

fn main() {
    let seconds = env::args().nth(1).and_then(|seconds| seconds.parse().ok());
    let patience = Duration::from_secs_f64(seconds.unwrap_or(2.0));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let runtime = Arc::new(runtime.expect("a runtime"));
    let dispatcher = Dispatcher::builder().runtime(runtime.handle().clone());
    let dispatcher = dispatcher.build().unwrap_or_else(|error| panic!("{error}"));

    let settled = measure(
        vec![
            each(
                &runtime,
                &dispatcher,
                "ours",
                async |dispatcher: &Dispatcher, number| {
                    dispatcher.settled().emit_async(Placed(number)).await;
                },
            ),
            each(
                &runtime,
                &dispatcher,
                "join",
                async |dispatcher: &Dispatcher, number| {
                    dispatcher.emit(Placed(number));
                    dispatcher.queue(&TEN).expect("in use").join().await;
                },
            ),
        ],
        patience,
    );
    rounds::print("settled", 10, &settled.iter().collect::<Vec<_>>(), &[]);

    let attempts = measure(
        vec![
            flood(&runtime, &dispatcher, "ours", Tried),
            flood(&runtime, &dispatcher, "without", Plain),
        ],
        patience,
    );
    rounds::print("retry", 1, &attempts.iter().collect::<Vec<_>>(), &[]);
}

/// Waits for each emission before the next one.
fn each(
    runtime: &Arc<Runtime>,
    dispatcher: &Dispatcher,
    name: &'static str,
    emit: impl AsyncFn(&Dispatcher, u64) + 'static,
) -> Timed {
    let (runtime, dispatcher) = (Arc::clone(runtime), dispatcher.clone());
    Timed::new(name, move |times| {
        runtime.block_on(async {
            for number in 0..times {
                emit(&dispatcher, number).await;
            }
        });
    })
}

/// Fills the queue, and waits until it is empty.
fn flood<E: event_core::Transient>(
    runtime: &Arc<Runtime>,
    dispatcher: &Dispatcher,
    name: &'static str,
    make: fn(u64) -> E,
) -> Timed {
    const EVENTS: u64 = 1_000;
    let (runtime, dispatcher) = (Arc::clone(runtime), dispatcher.clone());
    let parts = u32::try_from(EVENTS).expect("small");
    Timed::per(name, parts, move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                for number in 0..EVENTS {
                    dispatcher.emit(make(number));
                }
                dispatcher.queue(&ONE).expect("in use").join().await;
            }
        });
    })
}
