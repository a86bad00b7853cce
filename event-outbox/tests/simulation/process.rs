//! The simulated processes, and the world that they share: a database, faults, and a journal of the calls of handlers.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use super::random::Random;
use super::rows::{Rows, Target, Writer};

pub(super) struct World {
    pub(super) random: Random,
    begun: Instant,
    rows: Mutex<Rows>,
    /// How many writes there were.
    version: AtomicU64,
    /// Wakes in the order of the waiters, which tokio's `watch` does not.
    written: Notify,
    /// Whether calls are late.
    pub(super) is_slow: AtomicBool,
    /// Whether calls and handlers fail.
    pub(super) has_faults: AtomicBool,
    /// Whether there is no room for what transactions write.
    pub(super) is_full: AtomicBool,
    pub(super) runs: Mutex<Vec<Run>>,
    /// What handlers did that they must not, found while they run.
    pub(super) violations: Mutex<Vec<String>>,
}

/// A call of a handler.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) process: usize,
    pub(super) target: Target,
    pub(super) order: u32,
    pub(super) customer: Option<u32>,
    pub(super) begun: Duration,
    pub(super) ended: Option<Duration>,
    /// The token of its lease, if it had one when it began.
    pub(super) token: Option<i64>,
    pub(super) is_success: bool,
}

impl World {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            random: Random::new(seed),
            begun: Instant::now(),
            rows: Mutex::default(),
            version: AtomicU64::new(0),
            written: Notify::new(),
            is_slow: AtomicBool::new(true),
            has_faults: AtomicBool::new(true),
            is_full: AtomicBool::new(false),
            runs: Mutex::default(),
            violations: Mutex::default(),
        })
    }

    pub(super) fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap()
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The clock of the database, in milliseconds since 1970.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap()
    }

    pub(super) fn has_faults(&self) -> bool {
        self.has_faults.load(Ordering::Relaxed)
    }

    /// Whether a call fails before it has an effect.
    pub(super) fn fails(&self) -> bool {
        self.has_faults() && self.random.permille(30)
    }

    /// Whether the reply of a call is lost, which has had its effect.
    pub(super) fn loses_reply(&self) -> bool {
        self.has_faults() && self.random.permille(20)
    }

    /// Tells everybody that something was written.
    pub(super) fn tell(&self) {
        self.version.fetch_add(1, Ordering::Relaxed);
        self.written.notify_waiters();
    }

    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// Waits until the version is another one; returns it.
    pub(super) async fn written_since(&self, seen: u64) -> u64 {
        loop {
            let written = self.written.notified();
            let version = self.version();
            if version != seen {
                return version;
            }
            written.await;
        }
    }
}

pub(super) struct Process {
    pub(super) id: usize,
    pub(super) world: Arc<World>,
    is_dead: AtomicBool,
    paused_until: Mutex<Instant>,
    writers: AtomicU64,
    /// How often each method of the store was called.
    pub(super) calls: Mutex<BTreeMap<&'static str, u64>>,
}

impl Process {
    pub(super) fn new(id: usize, world: &Arc<World>) -> Arc<Self> {
        Arc::new(Self {
            id,
            world: Arc::clone(world),
            is_dead: AtomicBool::new(false),
            paused_until: Mutex::new(Instant::now()),
            writers: AtomicU64::new(0),
            calls: Mutex::default(),
        })
    }

    pub(super) fn new_writer(&self) -> Writer {
        (self.id, self.writers.fetch_add(1, Ordering::Relaxed))
    }

    /// Kills the process: whatever it waits for never comes, and its transactions are rolled back.
    pub(super) fn kill(&self) {
        self.is_dead.store(true, Ordering::Relaxed);
        self.world.rows().bury_process(self.id);
        self.world.tell();
    }

    pub(super) fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Relaxed)
    }

    /// Pauses the process: whatever it waits for comes late.
    pub(super) fn pause(&self, length: Duration) {
        *self.paused_until.lock().unwrap() = Instant::now() + length;
    }

    /// Waits until the process runs, and after a kill for ever.
    pub(super) async fn gate(&self) {
        loop {
            if self.is_dead() {
                pending::<()>().await;
            }
            let until = *self.paused_until.lock().unwrap();
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }

    /// Waits as long as a message to the database takes.
    pub(super) async fn turn(&self) {
        let random = &self.world.random;
        let wait = match random.below(100) {
            _ if !self.world.is_slow.load(Ordering::Relaxed) => Duration::ZERO,
            0..60 => Duration::ZERO,
            60..95 => random.millis(20),
            _ => random.millis(1500),
        };
        if !wait.is_zero() {
            sleep(wait).await;
        }
        self.gate().await;
    }

    pub(super) fn count(&self, call: &'static str) {
        *self.calls.lock().unwrap().entry(call).or_default() += 1;
    }

    pub(super) fn calls(&self, call: &'static str) -> u64 {
        self.calls.lock().unwrap().get(call).copied().unwrap_or(0)
    }
}
