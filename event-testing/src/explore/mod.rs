//! Runs a test in many orders of its deliveries.

mod random;
mod scheduler;

use std::any::Any;
use std::env;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use event_core::__private::{Scheduler, with_scheduler};

use crate::explore::scheduler::SeededScheduler;
use crate::limit::{default_limit, within};

/// The environment variable with the only seed to run.
const SEED: &str = "EVENT_TEST_SEED";

/// Runs an async closure once for each seed, with the deliveries of its dispatchers in an order that the seed chooses.
///
/// The closure builds its dispatchers. Their async handlers and the consumers of their queues run on this thread, one
/// poll at a time: whenever several of them, or the closure itself, can go on, the seed chooses one. So the points at
/// which the order may change are the `.await`s of handlers; a handler that is no `async fn` runs as a whole, also one
/// whose queue is served by threads otherwise. The order is the same for each run of a seed.
///
/// The clock of the runtime is [paused](tokio::time::pause), so timeouts and the waits of retries take no time. Tasks
/// and threads that handlers start themselves run in their usual order. A handler that blocks its thread until another
/// delivery ends blocks for ever.
///
/// What fails here fails with its seed: the panic has the number, and the environment variable `EVENT_TEST_SEED=…` runs
/// that seed alone.
///
/// # Examples
///
/// A lost update: both deliveries may read the balance before one of them writes. That a test passes once does not show
/// it.
///
/// ```standalone_crate
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use event_core::queue::Queue;
/// use event_core::{Dispatcher, Event, handler};
/// use event_testing::{DispatcherExt as _, explore};
///
/// static PAYMENTS: Queue = Queue::new("payments").consumers(4);
///
/// #[derive(Event)]
/// #[event(key = account)]
/// struct Deposited { account: u32, cents: u64 }
///
/// /// A row of a database.
/// #[derive(Default)]
/// struct Balance(AtomicU64);
///
/// impl Balance {
///     async fn read(&self) -> u64 {
///         tokio::task::yield_now().await;
///         self.0.load(Ordering::Relaxed)
///     }
///     async fn write(&self, cents: u64) {
///         tokio::task::yield_now().await;
///         self.0.store(cents, Ordering::Relaxed);
///     }
/// }
///
/// #[handler]
/// async fn add(event: &Deposited, balance: &Balance) {
///     let before = balance.read().await;
///     balance.write(before + event.cents).await;
/// }
///
/// // A queue runs the deliveries of one key one after another.
/// #[handler(queue = PAYMENTS)]
/// async fn add_in_order(event: &Deposited, balance: &Balance) {
///     let before = balance.read().await;
///     balance.write(before + event.cents).await;
/// }
///
/// async fn deposit_twice<F: Copy + 'static>(handler: F) {
///     let balance = Arc::new(Balance::default());
///     let builder = Dispatcher::empty().handler(handler).provide_arc(balance.clone());
///     let dispatcher = builder.build().unwrap();
///     dispatcher
///         .track(async |d| {
///             d.emit(Deposited { account: 1, cents: 20 });
///             d.emit(Deposited { account: 1, cents: 22 });
///         })
///         .await;
///     assert_eq!(balance.0.load(Ordering::Relaxed), 42);
/// }
///
/// let lost = std::panic::catch_unwind(|| explore(0..20, async || deposit_twice(add).await));
/// let text = lost.unwrap_err().downcast::<String>().unwrap();
/// assert!(text.starts_with("seed "), "{text}");
/// explore(0..20, async || deposit_twice(add_in_order).await);
/// ```
///
/// # Panics
///
/// The closure panics for a seed, or does not end within [5 seconds](crate#limits): its deliveries wait for each other.
/// The thread belongs to a runtime: use a plain `#[test]`.
#[track_caller]
pub fn explore(seeds: impl IntoIterator<Item = u64>, code: impl AsyncFn()) {
    let chosen = env::var_os(SEED).map(|text| {
        let seed = text.to_str().and_then(|text| text.parse().ok());
        seed.unwrap_or_else(|| panic!("the environment variable `{SEED}` is no number"))
    });
    let all: Box<dyn Iterator<Item = u64>> = match chosen {
        Some(seed) => Box::new(std::iter::once::<u64>(seed)),
        None => Box::new(seeds.into_iter()),
    };
    for (passed, seed) in all.enumerate() {
        if let Err(failure) = run(seed, default_limit(), &code) {
            panic!(
                "seed {seed} failed, after {passed} that passed: {failure}\n\
                 help: run it alone: `{SEED}={seed} cargo test …`"
            );
        }
    }
}

/// Runs the closure with one seed.
fn run(seed: u64, limit: Duration, code: &impl AsyncFn()) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
    let seeded = Arc::new(SeededScheduler::new(seed));
    let scheduler: Arc<dyn Scheduler> = Arc::clone(&seeded) as Arc<dyn Scheduler>;
    let explored = catch_unwind(AssertUnwindSafe(|| {
        let explored = async {
            let mut code = pin!(code());
            poll_fn(|context| seeded.poll(context, |context| code.as_mut().poll(context))).await;
        };
        with_scheduler(&scheduler, || runtime.block_on(within(limit, explored)))
    }));
    // What has not ended is dropped, outside of the exploration.
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(runtime)));
    match (explored, dropped) {
        (Ok(Some(())), Ok(())) => Ok(()),
        (Ok(None), _) => Err(format!(
            "it did not end within {limit:?}: the closure and {} wait for each other, or run without an end",
            seeded.waiting()
        )),
        (Err(panic), _) | (_, Err(panic)) => Err(message(&*panic)),
    }
}

/// Returns the text of a panic.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked with a value that is no text")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::run;

    #[test]
    fn what_waits_for_ever_ends_at_the_limit() {
        let failure = run(0, Duration::from_millis(5), &std::future::pending::<()>);
        assert_eq!(
            failure.expect_err("it never ends"),
            "it did not end within 5ms: the closure and 0 deliveries wait for each other, or run without an end"
        );
    }
}
