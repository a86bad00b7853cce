//! Workers that must not begin before a cache is warm: what Python has `asyncio.Event` for.
//!
//! ```text
//! cargo run -p ready_flag
//! ```
//!
//! When a flag, and when an event? Both are here:
//!
//! * `CacheWarmed` is an *event*: it says what happened, with its data, to whoever reacts. It happens,
//!   and is over. Two of them are two facts.
//! * `ready` is a *flag*: it says "go on" to code that already runs and waits. It carries nothing, set
//!   twice is set once, and it can be taken back.
//! * Where a fact ends a wait, a handler sets the flag: `open`.
//!
//! Code that reacts to what happened wants an event, and so does code that wants to know *what*
//! happened. Code that only must not go on yet wants a flag.
//!
//! What to look at:
//!
//! * Tasks and a thread wait for the same flag. Python has a class for each of the two, and neither
//!   serves both.
//! * The flag is cleared and used again, and somebody waits no longer than 20 milliseconds.
//! * Last, the flag is set and cleared at once, before the waiting code was looked at even once. It
//!   goes on nevertheless, since its wait began with the call of `wait()`. In Python it would wait on,
//!   as a coroutine does not start before its task runs.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use event_core::flag::Flag;
use event_core::{Dispatcher, Event, error::BoxError, handler};

#[derive(Event)]
struct CacheWarmed {
    entries: usize,
}

#[handler]
fn announce(event: &CacheWarmed) {
    println!("The cache has {} entries.", event.entries);
}

/// A handler like any other. Those who wait know nothing of caches.
#[handler(after = announce)]
fn open(event: &CacheWarmed, ready: &Flag) {
    if event.entries > 0 {
        ready.set();
    }
}

async fn work(worker: usize, ready: Arc<Flag>) -> String {
    ready.wait().await;
    format!("worker {worker} works")
}

/// Does not wait for ever.
async fn visit(ready: &Flag, patience: Duration) -> &'static str {
    match tokio::time::timeout(patience, ready.wait()).await {
        Ok(()) => "the visitor is served",
        Err(_) => "the visitor goes away",
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let ready = Arc::new(Flag::new());
    let dispatcher = Dispatcher::builder()
        .provide_arc(Arc::clone(&ready))
        .build()?;
    let workers = |numbers: [usize; 3]| {
        println!("Workers {numbers:?} wait.");
        numbers.map(|number| tokio::spawn(work(number, Arc::clone(&ready))))
    };

    let early = workers([1, 2, 3]);
    let thread = thread::spawn({
        let ready = Arc::clone(&ready);
        move || ready.wait_blocking()
    });
    dispatcher.emit(CacheWarmed { entries: 0 });
    println!("  still waiting: {}", !ready.is_set());
    dispatcher.emit(CacheWarmed { entries: 40 });
    for worker in early {
        println!("  {}", worker.await?);
    }
    thread.join().map_err(|_| "the thread panicked")?;
    println!("  the thread works");

    println!("The cache is emptied.");
    ready.clear();
    let late = workers([4, 5, 6]);
    println!("  {}", visit(&ready, Duration::from_millis(20)).await);
    dispatcher.emit(CacheWarmed { entries: 41 });
    for worker in late {
        println!("  {}", worker.await?);
    }
    println!("  {}", visit(&ready, Duration::from_millis(20)).await);

    println!("The flag is set and cleared at once.");
    ready.clear();
    let waiting = ready.wait();
    ready.set();
    ready.clear();
    waiting.await;
    println!("  who waited went on; set: {}", ready.is_set());
    Ok(())
}
