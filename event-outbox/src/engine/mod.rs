//! Makes the deliveries of an outbox: those that were handed over, and those that it finds in the store.
//!
//! One task, the [`Worker`], decides what runs: it begins deliveries, claims stored ones while it has room, keeps the
//! leases of what it has, and frees what dead processes had. Each delivery is a task of its own. The
//! [`Completer`] tells the store how deliveries ended, many at a time.

mod claimed;
mod complete;
mod deliver;
mod leases;
mod ready;
mod stop;

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use event_core::__private::{HandlerOf, durable_handlers, is_open};
use event_core::Dispatcher;
use event_core::dispatcher::DispatcherHandle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, error, warn};

use self::complete::{Completer, Endings};
use self::deliver::Delivering;
use self::leases::Leases;
use self::ready::Ready;
use self::stop::give_back;
use crate::shared::{HandedOver, Phase, Shared};
use crate::store::{Bounds, Claimed, Fence, Owner, Recovered, Store, StoreError, StoreErrorKind};

/// How many stored deliveries are claimed at once, at most.
const CLAIM: usize = 500;

/// How long the engine waits after the store failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Makes the deliveries until the outbox is shut down or its dispatcher is gone.
pub(crate) async fn run<S: Store>(shared: Arc<Shared<S>>, dispatcher: DispatcherHandle) {
    let Ok(handlers) = dispatcher
        .get()
        .map(|dispatcher| handlers_by_id(&dispatcher))
    else {
        shared.phase.send_replace(Phase::Stopped);
        return;
    };
    let (endings, completer) = Completer::new(&shared);
    let completing = tokio::spawn(completer.run());
    let (ended, mut steps) = mpsc::unbounded_channel();
    let mut worker = Worker {
        ready: Ready::new(shared.settings.concurrency),
        names: handlers.keys().copied().collect(),
        handlers,
        dispatcher,
        endings,
        ended,
        leases: Leases::default(),
        chores: JoinSet::new(),
        asks: false,
        claims_one: false,
        claim_at: Some(Instant::now()),
        poll_at: Instant::now(),
        polls: 0,
        shared: Arc::clone(&shared),
    };
    worker.work(&mut steps).await;
    worker.stop().await.keep(steps).await;
    // The last sender is gone when the last delivery has ended.
    let _ = completing.await;
    shared.waiting.clear();
    if let Err(why) = shared.store.unregister(shared.owner()).await {
        debug!(error = %why, "the outbox could not end its registration");
    }
    shared.phase.send_replace(Phase::Stopped);
}

/// Returns the durable handlers by their ids and aliases.
fn handlers_by_id(dispatcher: &Dispatcher) -> BTreeMap<&'static str, HandlerOf> {
    let mut handlers = BTreeMap::new();
    for handler in durable_handlers(dispatcher) {
        let info = handler.info();
        for id in info.id().iter().chain(info.aliases()) {
            handlers.insert(*id, handler.clone());
        }
    }
    handlers
}

/// Decides which delivery runs next.
struct Worker<S: Store> {
    shared: Arc<Shared<S>>,
    dispatcher: DispatcherHandle,
    /// The durable handlers by their ids and aliases.
    handlers: BTreeMap<&'static str, HandlerOf>,
    names: Vec<&'static str>,
    ready: Ready,
    endings: Endings,
    ended: mpsc::UnboundedSender<Step>,
    /// What is leased to this process, by its number.
    leases: Leases,
    chores: JoinSet<Chore>,
    /// Whether the store is being asked for deliveries, or for what dead processes had.
    asks: bool,
    /// Whether one delivery is claimed at a time, since the last claim had one that is made alone.
    claims_one: bool,
    /// When there is a reason to ask for deliveries: news, room, or the end of a wait.
    claim_at: Option<Instant>,
    /// When the store is asked without a reason.
    poll_at: Instant,
    /// How many polls there were.
    polls: u64,
}

/// How far a delivery is.
#[derive(Clone, Copy)]
enum Step {
    /// Its handler has returned, so that another can run.
    Ran(&'static str),
    /// The store knows how it ended, or it belongs to another process. It is due again after a wait.
    Left {
        fence: Fence,
        wait: Option<Duration>,
    },
}

/// What the engine asked the store.
enum Chore {
    Claimed {
        /// When the store was asked.
        asked_at: Instant,
        claimed: Result<Vec<Claimed>, StoreError>,
    },
    Extended {
        asked_at: Instant,
        asked: Vec<Fence>,
        kept: Result<Vec<Fence>, StoreError>,
    },
    Recovered(Result<Recovered, StoreError>),
    Released,
}

impl<S: Store> Worker<S> {
    async fn work(&mut self, ended: &mut mpsc::UnboundedReceiver<Step>) {
        let mut phase = self.shared.phase.subscribe();
        let third = self.shared.settings.lease / 3;
        let mut heartbeat = Instant::now() + third;
        let mut listen_at = Instant::now();
        self.clamp();
        loop {
            if !self.is_running() {
                return;
            }
            self.take_handed();
            self.begin_ready();
            self.ask_if_due();
            // While the store is being asked, its answer is what the engine waits for.
            let ask_at = (!self.asks).then(|| self.ask_at());
            let shared = Arc::clone(&self.shared);
            tokio::select! {
                // In an order of its own, so that a simulation can run a seed again. What is rare comes first.
                biased;
                _ = phase.changed() => {}
                () = sleep_until(heartbeat) => {
                    heartbeat = Instant::now() + third;
                    self.extend();
                }
                Some(chore) = self.chores.join_next() => self.chore(chore),
                () = shared.wake.notified() => {
                    if shared.take_look() {
                        self.claim_by(Instant::now());
                    }
                }
                Some(step) = ended.recv() => self.step(step),
                changed = shared.store.changed(), if listen_at <= Instant::now() => {
                    match changed {
                        Ok(()) => self.claim_by(Instant::now()),
                        // What others write is found by asking until then.
                        Err(_) => listen_at = Instant::now() + PAUSE,
                    }
                }
                () = until(ask_at) => {}
            }
        }
    }

    fn is_running(&self) -> bool {
        let is_running = *self.shared.phase.borrow() == Phase::Running;
        is_running
            && self
                .dispatcher
                .get()
                .is_ok_and(|dispatcher| is_open(&dispatcher))
    }

    /// Takes what was handed over.
    fn take_handed(&mut self) {
        let (deliveries, release) = {
            let mut handed = self.shared.handed();
            (
                std::mem::take(&mut handed.deliveries),
                std::mem::take(&mut handed.release),
            )
        };
        for delivery in deliveries {
            self.keep(delivery.fence, delivery.asked_at);
            self.ready.push(delivery);
        }
        if !release.is_empty() {
            let shared = Arc::clone(&self.shared);
            self.chores.spawn(async move {
                give_back(&*shared, &release).await;
                Chore::Released
            });
        }
    }

    /// Keeps a lease that the store was asked for at a moment. A process that was suspended can be given a row that still
    /// waits here under its old token.
    fn keep(&mut self, fence: Fence, asked_at: Instant) {
        let until = asked_at + self.shared.settings.lease;
        if let Some(old) = self.leases.insert(fence, until) {
            let forgotten = self.ready.forget(&BTreeSet::from([old]));
            self.shared.backlog.fetch_sub(forgotten, Ordering::Relaxed);
        }
    }

    /// Begins deliveries while there is room.
    fn begin_ready(&mut self) {
        while let Some(delivery) = self.ready.next() {
            self.begin(delivery);
        }
        // A suspect is made when it is all that this process has. What runs for longer than a lease is not waited for.
        let has_others = self.leases.len() > 1;
        let patience = self.shared.settings.lease;
        let suspect = self
            .ready
            .next_alone(|suspect| !has_others || suspect.asked_at.elapsed() >= patience);
        if let Some(suspect) = suspect {
            self.begin(suspect);
        }
        let is_reserved = self.ready.is_reserved();
        self.shared
            .is_reserved
            .store(is_reserved, Ordering::Relaxed);
    }

    fn begin(&mut self, delivery: HandedOver) {
        self.shared.backlog.fetch_sub(1, Ordering::Relaxed);
        if !self.leases.lasts(delivery.fence, Instant::now()) {
            // It waited for longer than its lease, as in a process that was suspended: others may have it.
            self.leases.remove(delivery.fence);
            self.ready.ran(ready::id(&delivery));
            self.ready.left(delivery.fence);
            self.claim_by(Instant::now());
            return;
        }
        let delivering = Delivering {
            shared: Arc::clone(&self.shared),
            dispatcher: self.dispatcher.clone(),
            endings: self.endings.clone(),
            steps: self.ended.clone(),
        };
        tokio::spawn(delivering.run(delivery));
    }

    fn claim_by(&mut self, when: Instant) {
        self.claim_at = Some(self.claim_at.map_or(when, |at| at.min(when)));
    }

    fn ask_at(&self) -> Instant {
        self.claim_at
            .map_or(self.poll_at, |at| at.min(self.poll_at))
    }

    /// Asks the store for deliveries, or for what dead processes had, if that is due and there is room.
    ///
    /// A poll is one question, and two of three are after dead processes: nobody tells of those, while new deliveries
    /// are mostly told of.
    fn ask_if_due(&mut self) {
        let now = Instant::now();
        if self.asks || self.ask_at() > now {
            return;
        }
        if self.poll_at <= now {
            self.poll_at = now + self.shared.settings.poll;
            self.polls += 1;
            if !self.polls.is_multiple_of(3) {
                self.recover();
                return;
            }
        }
        self.claim();
    }

    fn recover(&mut self) {
        self.asks = true;
        let shared = Arc::clone(&self.shared);
        self.chores.spawn(async move {
            failpoint!(Recovering);
            let recovered = shared.store.recover(shared.owner()).await;
            failpoint!(Recovered);
            Chore::Recovered(recovered)
        });
    }

    fn claim(&mut self) {
        self.claim_at = None;
        let room = self.room();
        if self.names.is_empty() {
            return;
        }
        if room == 0 {
            self.ready.was_full = true;
            return;
        }
        self.asks = true;
        let shared = Arc::clone(&self.shared);
        let (lease, names) = (shared.lease(), self.names.clone());
        let asked_at = Instant::now();
        self.chores.spawn(async move {
            failpoint!(Claiming);
            let claimed = shared.store.claim(lease, &names, room).await;
            failpoint!(Claimed);
            Chore::Claimed { asked_at, claimed }
        });
    }

    /// Returns how many deliveries are claimed at once.
    fn room(&self) -> usize {
        let most = if self.claims_one { 1 } else { CLAIM };
        self.ready.room().min(most)
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Ran(handler) => {
                self.ready.ran(handler);
                self.claim_if_low();
            }
            Step::Left { fence, wait } => {
                self.leases.remove(fence);
                self.ready.left(fence);
                self.claim_if_low();
                if let Some(wait) = wait {
                    self.claim_by(Instant::now() + wait);
                }
            }
        }
    }

    /// Asks the store again before there is nothing to do.
    fn claim_if_low(&mut self) {
        if self.ready.is_low() && self.ready.was_full && !self.ready.is_reserved() {
            self.ready.was_full = false;
            self.claim_by(Instant::now());
        }
    }

    fn chore(&mut self, chore: Result<Chore, tokio::task::JoinError>) {
        let poll = self.shared.settings.poll;
        match chore {
            Ok(Chore::Claimed {
                asked_at,
                claimed: Ok(claimed),
            }) => {
                self.asks = false;
                self.claimed(claimed, asked_at);
            }
            Ok(Chore::Recovered(Ok(recovered))) => {
                self.asks = false;
                if recovered.rows > 0 {
                    warn!(
                        owners = recovered.owners,
                        deliveries = recovered.rows,
                        "the outbox takes over what dead processes had"
                    );
                    self.claim_by(Instant::now());
                }
            }
            Ok(
                Chore::Claimed {
                    claimed: Err(why), ..
                }
                | Chore::Recovered(Err(why)),
            ) => {
                self.asks = false;
                warn!(error = %why, "the outbox cannot ask its store");
                if why.kind() == StoreErrorKind::Unregistered {
                    self.register();
                }
                let again = Instant::now() + PAUSE.max(poll);
                self.poll_at = self.poll_at.max(again);
                self.claim_by(again);
            }
            Ok(Chore::Extended {
                asked_at,
                asked,
                kept: Ok(kept),
            }) => {
                for fence in &kept {
                    self.leases
                        .extend(*fence, asked_at + self.shared.settings.lease);
                }
                self.lost(&asked, &kept);
            }
            Ok(Chore::Extended { kept: Err(why), .. }) => {
                warn!(error = %why, "the outbox cannot extend its leases");
            }
            Ok(Chore::Released) => self.claim_by(Instant::now()),
            Err(panic) => {
                self.asks = false;
                error!(error = %panic, "a store panicked");
                self.claim_by(Instant::now() + PAUSE);
            }
        }
    }

    /// Forgets the deliveries that belong to others by now, and were not begun.
    fn lost(&mut self, asked: &[Fence], kept: &[Fence]) {
        let mut lost: BTreeSet<Fence> = asked.iter().copied().collect();
        for fence in kept {
            lost.remove(fence);
        }
        // Those that ended while the store was asked are not lost.
        lost.retain(|fence| self.leases.has(*fence));
        if lost.is_empty() {
            return;
        }
        debug!(
            lost = lost.len(),
            "leases of the outbox belong to others by now"
        );
        let forgotten = self.ready.forget(&lost);
        self.shared.backlog.fetch_sub(forgotten, Ordering::Relaxed);
        for fence in lost {
            self.leases.remove(fence);
        }
        self.claim_if_low();
    }

    /// Extends the leases of what this process has.
    fn extend(&mut self) {
        let asked = self.leases.fences();
        if asked.is_empty() {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let asked_at = Instant::now();
        self.chores.spawn(async move {
            failpoint!(Extending);
            let kept = shared.store.extend(&asked, shared.settings.lease).await;
            failpoint!(Extended);
            Chore::Extended {
                asked_at,
                asked,
                kept,
            }
        });
    }

    /// Brings back what a clock that was set back has put too far ahead.
    fn clamp(&mut self) {
        let policies = self
            .handlers
            .values()
            .filter_map(|handler| handler.info().retry());
        let longest = policies.map(|policy| policy.backoff(u32::MAX)).max();
        let bounds = Bounds {
            lease: self.shared.settings.lease,
            wait: longest.unwrap_or_default().max(Duration::from_mins(15)),
        };
        let shared = Arc::clone(&self.shared);
        self.chores.spawn(async move {
            if let Err(why) = shared.store.clamp(bounds).await {
                debug!(error = %why, "the outbox cannot look at its clock");
            }
            Chore::Released
        });
    }

    /// Registers this process anew, since others take the owner that it was for dead.
    fn register(&mut self) {
        let shared = Arc::clone(&self.shared);
        self.chores.spawn(async move {
            let owner = Owner::new();
            match shared.store.register(owner).await {
                Ok(()) => shared.set_owner(owner),
                Err(why) => warn!(error = %why, "the outbox cannot register its process"),
            }
            Chore::Released
        });
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}
