//! Everything at once, at random: no delivery may be lost, nothing may hang, and memory must not grow.

mod crew;
mod witness;
mod world;

use std::fs;
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use event_core::Dispatcher;
use event_core::queue::{QueueCounts, QueueHandle};
use fastrand::Rng;
use tokio::runtime::Runtime;

use self::crew::Hand;
use self::witness::Witness;
use self::world::{LOCAL, OLDEST, REJECTS, TASKS, THREADS};

/// Subscribes, cancels, emits, pauses, resumes, drops emissions, shuts down and rebuilds, at random and
/// from several threads.
#[derive(Debug, Parser)]
struct Arguments {
    /// How long it lasts
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// What happens, but for the order of the threads
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

const HANDS: u64 = 4;
/// Without any progress for so long, something hangs.
const PATIENCE: Duration = Duration::from_secs(20);
/// What the allocator may keep for itself.
const SLACK_KIB: u64 = 24 * 1024;

/// What is done, for the watchdog.
static PROGRESS: AtomicU64 = AtomicU64::new(0);

fn advance() {
    PROGRESS.fetch_add(1, Ordering::Relaxed);
}

/// Ends the process when nothing moves any more. It polls the count, so that the threads that count need no signal.
fn watch() {
    let (mut last, mut since) = (0, Instant::now());
    loop {
        thread::sleep(Duration::from_millis(100));
        let now = PROGRESS.load(Ordering::Relaxed);
        if now != last {
            (last, since) = (now, Instant::now());
        } else if since.elapsed() > PATIENCE {
            eprintln!("no progress for {PATIENCE:?}: something hangs");
            process::abort();
        }
    }
}

/// The memory that the process has right now, in KiB; 0 where the system does not tell.
fn memory() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_u64) * 4
}

/// One dispatcher from its build to its end.
struct Age {
    runtime: Option<Runtime>,
    witness: Arc<Witness>,
    dispatcher: Dispatcher,
}

impl Age {
    fn begin(random: &mut Rng) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_time()
            .build()
            .expect("a runtime of two threads");
        let witness = Arc::new(Witness::default());
        let consumers = random.usize(1..4);
        let dispatcher = Dispatcher::builder()
            .configure(&THREADS, |threads| threads.consumers(consumers))
            .observe(Arc::clone(&witness))
            .on_failure(|_| advance())
            .runtime(runtime.handle().clone())
            .build()
            .expect("wired");
        Self {
            runtime: Some(runtime),
            witness,
            dispatcher,
        }
    }

    /// Lets hands do what they like with it, while queues are paused and resumed.
    fn pass(&self, random: &mut Rng, hands: &mut [Rng]) {
        let is_over = AtomicBool::new(false);
        let hands: Vec<_> = hands.iter_mut().collect();
        thread::scope(|scope| {
            for random in hands {
                let is_over = &is_over;
                let dispatcher = self.dispatcher.clone();
                scope.spawn(move || {
                    let mut hand = Hand::new(random.fork(), dispatcher);
                    while !is_over.load(Ordering::Relaxed) {
                        hand.act();
                        advance();
                    }
                    *random = hand.into_random();
                });
            }
            for _ in 0..random.u8(1..20) {
                let queue = random.choice([&THREADS, &TASKS, &OLDEST, &REJECTS]);
                let queue = self
                    .dispatcher
                    .queue(queue.expect("there are four"))
                    .expect("a handler names it");
                queue.pause();
                // Random times between the steps are the load: nothing is waited for.
                thread::sleep(Duration::from_micros(random.u64(..500)));
                queue.resume();
                thread::sleep(Duration::from_micros(random.u64(..2000)));
            }
            if random.bool() {
                // While the hands are at it.
                self.shut_down(random);
            }
            is_over.store(true, Ordering::Relaxed);
        });
    }

    fn shut_down(&self, random: &mut Rng) {
        let limit = Duration::from_micros(random.u64(..5000));
        let shutdown = self.dispatcher.shutdown(limit).blocking();
        assert!(self.dispatcher.emit(world::Tick(0)).closed(), "{shutdown}");
    }

    /// Lets everything end, which takes somebody who pumps.
    fn drain(&self) {
        // It may have been shut down before, in no time.
        let was_open = !self.dispatcher.emit(world::Tick(0)).closed();
        thread::scope(|scope| {
            let shutdown = scope.spawn(|| self.dispatcher.shutdown(PATIENCE * 2).blocking());
            let mut sum = 0;
            while !shutdown.is_finished() {
                self.dispatcher
                    .queue(&LOCAL)
                    .expect("a handler names it")
                    .pump(&mut sum);
                thread::yield_now();
            }
            let shutdown = shutdown.join().expect("no panic");
            assert!(shutdown.is_complete() || !was_open, "{shutdown}");
        });
    }

    /// Ends it in one of several ways; answers how many deliveries it had.
    fn end(mut self, random: &mut Rng) -> u64 {
        let queues: Vec<_> = [&THREADS, &TASKS, &OLDEST, &REJECTS]
            .into_iter()
            .map(|queue| self.dispatcher.queue(queue).expect("a handler names it"))
            .chain([QueueHandle::clone(
                &self.dispatcher.queue(&LOCAL).expect("a handler names it"),
            )])
            .collect();
        let way = random.u8(..4);
        match way {
            0 => self.shut_down(random),
            1 => self.drain(),
            // The runtime ends under it.
            2 => drop(self.runtime.take()),
            // Its last clone goes.
            _ => {}
        }
        drop(self.dispatcher);
        // Whatever works for it holds the witness.
        let since = Instant::now();
        // A consumer lets go of the dispatcher, with its witness, before it says that its delivery has ended.
        let is_running = || queues.iter().any(|queue| queue.counts().running > 0);
        while Arc::strong_count(&self.witness) > 1 || is_running() {
            thread::yield_now();
            if since.elapsed() > PATIENCE / 2 {
                let counts: Vec<_> = queues.iter().map(QueueHandle::counts).collect();
                let tasks = self
                    .runtime
                    .as_ref()
                    .map(|runtime| runtime.metrics().num_alive_tasks());
                panic!("ended in way {way}, {tasks:?} tasks, it does not go: {counts:#?}");
            }
        }
        for queue in &queues {
            adds_up(&queue.counts());
        }
        advance();
        self.witness.testify()
    }
}

fn adds_up(counts: &QueueCounts) {
    let ended = counts.done + counts.failed + counts.abandoned;
    let refused = counts.dropped + counts.rejected;
    assert_eq!((counts.depth, counts.running), (0, 0), "{counts:?}");
    assert_eq!(counts.offered, ended + refused, "{counts:?}");
}

fn main() {
    let arguments = Arguments::parse();
    println!("seed {}", arguments.seed);
    thread::spawn(watch);
    let failed = Arc::new(Mutex::new(None::<String>));
    let heard = Arc::clone(&failed);
    // A panic anywhere is a failure: those on purpose do not come here.
    std::panic::set_hook(Box::new(move |panic| {
        eprintln!("{panic}");
        let mut failed = heard.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get_or_insert_with(|| panic.to_string());
    }));

    let mut random = Rng::with_seed(arguments.seed);
    let mut hands: Vec<Rng> = (0..HANDS).map(|_| random.fork()).collect();
    let (start, length) = (Instant::now(), Duration::from_secs(arguments.seconds));
    let (mut ages, mut deliveries) = (0_u64, 0);
    let mut warm = 0;
    while start.elapsed() < length {
        let age = Age::begin(&mut random);
        age.pass(&mut random, &mut hands);
        deliveries += age.end(&mut random);
        ages += 1;
        if start.elapsed() < length / 3 {
            warm = warm.max(memory());
        }
        if let Some(panic) = &*failed.lock().unwrap_or_else(PoisonError::into_inner) {
            eprintln!("seed {}: {panic}", arguments.seed);
            process::exit(1);
        }
    }
    let memory = memory();
    println!(
        "{ages} dispatchers, {deliveries} deliveries; {warm} KiB when warm, {memory} KiB at the end"
    );
    assert!(
        memory < warm + warm / 4 + SLACK_KIB,
        "memory grew from {warm} to {memory} KiB"
    );
}
