//! Millions of queued deliveries under each overflow policy, on threads and on tasks: every one must
//! be counted, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use event_core::queue::{Overflow, Queue};
use event_core::{Dispatcher, Event, handler};

/// Sends queued deliveries through every overflow policy and both kinds of consumers.
///
/// What was emitted must be what was done, dropped and rejected, exactly.
#[derive(Debug, Parser)]
struct Arguments {
    /// Deliveries for each policy and kind of consumers
    #[arg(long, default_value_t = 1_000_000)]
    deliveries: u64,
    /// Begins no further policy after so many seconds
    #[arg(long)]
    seconds: Option<u64>,
    /// Which events have which key
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

const EMITTERS: u64 = 2;

static THREADS: Queue = Queue::new("threads").consumers(2);
static TASKS: Queue = Queue::new("tasks").consumers(2);

#[derive(Event)]
struct Plain;

#[derive(Event)]
#[event(key = key)]
struct Keyed {
    key: u8,
}

/// How many deliveries handlers saw.
#[derive(Default)]
struct Handled(AtomicU64);

impl Handled {
    fn one_more(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[handler(queue = THREADS)]
fn plain_on_a_thread(_event: &Plain, handled: &Handled) {
    handled.one_more();
}

#[handler(queue = THREADS)]
fn keyed_on_a_thread(_event: &Keyed, handled: &Handled) {
    handled.one_more();
}

#[handler(queue = TASKS)]
async fn plain_as_a_task(_event: &Plain, handled: &Handled) {
    handled.one_more();
}

#[handler(queue = TASKS)]
async fn keyed_as_a_task(_event: &Keyed, handled: &Handled) {
    handled.one_more();
}

/// What the emitters' reports say.
#[derive(Default)]
struct Told {
    handed_over: u64,
    dropped: u64,
    rejected: u64,
}

fn emit(dispatcher: &Dispatcher, deliveries: u64, seed: u64) -> Told {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut told = Told::default();
    for _ in 0..deliveries {
        let report = if random.bool() {
            dispatcher.emit_blocking(Plain)
        } else {
            let key = random.u8(..);
            dispatcher.emit_blocking(Keyed { key })
        };
        let report = report.expect("it is a plain thread");
        told.handed_over += report.handed_over() as u64;
        told.dropped += report.dropped() as u64;
        told.rejected += report.rejected() as u64;
    }
    told
}

/// Runs one policy; answers how long it took.
fn run(queue: &'static Queue, overflow: Overflow, arguments: &Arguments) -> Duration {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("a runtime of two threads");
    let handled = Arc::new(Handled::default());
    let builder = if std::ptr::eq(queue, &raw const THREADS) {
        Dispatcher::empty()
            .handler(plain_on_a_thread)
            .handler(keyed_on_a_thread)
    } else {
        Dispatcher::empty()
            .handler(plain_as_a_task)
            .handler(keyed_as_a_task)
    };
    let dispatcher = builder
        .configure(queue, |queue| queue.overflow(overflow))
        .provide_arc(Arc::clone(&handled))
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    let start = Instant::now();
    let told = thread::scope(|scope| {
        let emitters: Vec<_> = (0..EMITTERS)
            .map(|emitter| {
                let share = arguments.deliveries / EMITTERS
                    + u64::from(emitter < arguments.deliveries % EMITTERS);
                let seed = arguments.seed.wrapping_add(emitter);
                let dispatcher = &dispatcher;
                scope.spawn(move || emit(dispatcher, share, seed))
            })
            .collect();
        let mut sum = Told::default();
        for emitter in emitters {
            let told = emitter.join().expect("an emitter panicked");
            sum.handed_over += told.handed_over;
            sum.dropped += told.dropped;
            sum.rejected += told.rejected;
        }
        sum
    });
    let hour = Duration::from_hours(1);
    assert!(
        dispatcher
            .queue(queue)
            .expect("a handler names it")
            .join_blocking(hour),
        "it never ends"
    );
    let took = start.elapsed();

    let counts = dispatcher
        .queue(queue)
        .expect("a handler names it")
        .counts();
    let emitted = arguments.deliveries;
    assert_eq!(
        emitted,
        counts.done + counts.dropped + counts.rejected,
        "{counts:?}"
    );
    assert_eq!(emitted, counts.offered, "{counts:?}");
    assert_eq!(emitted, told.handed_over + told.dropped + told.rejected);
    assert_eq!(counts.done, handled.0.load(Ordering::Relaxed));
    assert_eq!(counts.rejected, told.rejected);
    let displaced = told.handed_over - counts.done;
    assert_eq!(counts.dropped, told.dropped + displaced);
    let of_policy = match overflow {
        Overflow::Wait => counts.done,
        Overflow::Reject => counts.done + counts.rejected,
        Overflow::DropOldest => counts.done + displaced,
        Overflow::DropNewest => counts.done + told.dropped,
        other => unreachable!("no round has {other:?}"),
    };
    assert_eq!(emitted, of_policy, "it ends as its policy says: {counts:?}");
    assert!(counts.high_water <= 1024);
    took
}

fn main() {
    let arguments = Arguments::parse();
    println!("seed {}", arguments.seed);
    let start = Instant::now();
    for (kind, queue) in [("threads", &THREADS), ("tasks", &TASKS)] {
        for overflow in [
            Overflow::Wait,
            Overflow::Reject,
            Overflow::DropOldest,
            Overflow::DropNewest,
        ] {
            let limit = arguments.seconds.map(Duration::from_secs);
            if limit.is_some_and(|limit| start.elapsed() > limit) {
                println!("{kind} {overflow:?}: left out, the time is over");
                continue;
            }
            let took = run(queue, overflow, &arguments);
            #[allow(clippy::cast_precision_loss, reason = "it is a figure for people")]
            let each_second = arguments.deliveries as f64 / took.as_secs_f64();
            println!("{kind} {overflow:?}: {each_second:.0} deliveries per second");
        }
    }
}
