//! Makes the deliveries of an outbox: those that were handed over, and those that it finds in the store.
//!
//! One task, the [`Worker`], decides what runs: it begins deliveries, claims stored ones while it has room, keeps the
//! leases of what it has, and frees what dead processes had. Each delivery is a task of its own. The
//! [`Completer`] tells the store how deliveries ended, many at a time.

mod claimed;
mod complete;
mod deliver;
mod keep;
mod leases;
mod listen;
mod ready;
mod schedule;
mod stop;

use std::collections::BTreeMap;
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
use self::listen::listen;
use self::ready::Ready;
use self::schedule::{Question, Schedule};
use self::stop::give_back;
use crate::shared::{HandedOver, Phase, Shared};
use crate::store::{Claimed, Fence, Recovered, Store, StoreError, StoreErrorKind};

/// How many stored deliveries are claimed at once, at most.
const CLAIM: usize = 500;

/// How long the engine waits after the store failed.
const PAUSE: Duration = Duration::from_millis(500);

/// How many steps of deliveries are taken before the engine looks at anything else.
const STEPS: usize = 256;

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
    let listening = tokio::spawn(listen(Arc::clone(&shared)));
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
        schedule: Schedule::new(shared.settings.poll),
        claims_one: false,
        shared: Arc::clone(&shared),
    };
    worker.work(&mut steps).await;
    listening.abort();
    let _ = listening.await;
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
    schedule: Schedule,
    /// Whether one delivery is claimed at a time, since the last claim had one that is made alone.
    claims_one: bool,
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
        /// When the store was asked, and for how many at most.
        asked_at: Instant,
        limit: usize,
        claimed: Result<Vec<Claimed>, StoreError>,
    },
    /// After how long a delivery can be claimed.
    Due(Result<Option<Duration>, StoreError>),
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
        let mut steps = Vec::with_capacity(STEPS);
        self.clamp();
        loop {
            if !self.is_running() {
                return;
            }
            self.take_handed();
            self.begin_ready();
            self.ask_if_due();
            if self.leases.is_empty() && self.schedule.is_at_rest() {
                self.shared.rests();
            }
            let ask_at = self.schedule.ask_at();
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
                        self.claim_now();
                    }
                    if shared.take_look_ahead() {
                        self.schedule.look_ahead();
                    }
                }
                _ = ended.recv_many(&mut steps, STEPS) => {
                    for step in steps.drain(..) {
                        self.step(step);
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
            self.claim_now();
            self.wait_for_others(delivery);
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

    /// Asks the store what is due to be asked.
    fn ask_if_due(&mut self) {
        match self.schedule.question() {
            Some(Question::Claim) => self.claim(),
            Some(Question::NextDue) => self.look_ahead(),
            Some(Question::Recover) => self.recover(),
            None => {}
        }
    }

    fn claim_now(&mut self) {
        self.schedule.claim_by(Instant::now());
    }

    /// Asks when a delivery can be claimed.
    fn look_ahead(&mut self) {
        self.schedule.asks();
        let shared = Arc::clone(&self.shared);
        let names = self.names.clone();
        self.chores
            .spawn(async move { Chore::Due(shared.store.next_due(&names).await) });
    }

    fn recover(&mut self) {
        self.schedule.asks();
        let shared = Arc::clone(&self.shared);
        self.chores.spawn(async move {
            failpoint!(Recovering);
            let recovered = shared.store.recover(shared.owner()).await;
            failpoint!(Recovered);
            Chore::Recovered(recovered)
        });
    }

    fn claim(&mut self) {
        self.claim_behind(0);
    }

    /// Claims deliveries, as many as there is room for behind some that are not in the queue yet.
    fn claim_behind(&mut self, coming: usize) {
        let most = if self.claims_one { 1 } else { CLAIM };
        let room = self.ready.room().saturating_sub(coming).min(most);
        if self.names.is_empty() {
            return;
        }
        if room == 0 {
            self.ready.was_full = true;
            return;
        }
        self.schedule.asks();
        let shared = Arc::clone(&self.shared);
        let (lease, names) = (shared.lease(), self.names.clone());
        let asked_at = Instant::now();
        self.chores.spawn(async move {
            failpoint!(Claiming);
            let claimed = shared.store.claim(lease, &names, room).await;
            failpoint!(Claimed);
            Chore::Claimed {
                asked_at,
                limit: room,
                claimed,
            }
        });
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
                    self.schedule.due_in(wait);
                }
            }
        }
    }

    /// Asks the store again before there is nothing to do.
    fn claim_if_low(&mut self) {
        if self.ready.is_low() && self.ready.was_full && !self.ready.is_reserved() {
            self.ready.was_full = false;
            self.claim_now();
        }
    }

    fn chore(&mut self, chore: Result<Chore, tokio::task::JoinError>) {
        match chore {
            Ok(Chore::Claimed {
                asked_at,
                limit,
                claimed: Ok(claimed),
            }) => {
                self.schedule.answered();
                let is_full = claimed.len() >= limit;
                self.claimed(claimed, asked_at, is_full);
            }
            Ok(Chore::Due(Ok(wait))) => {
                self.schedule.answered();
                if let Some(wait) = wait {
                    self.schedule.due_in(wait);
                }
            }
            Ok(Chore::Recovered(Ok(recovered))) => {
                self.schedule.answered();
                if recovered.rows > 0 {
                    warn!(
                        owners = recovered.owners,
                        deliveries = recovered.rows,
                        "the outbox takes over what dead processes had"
                    );
                    self.claim_now();
                }
            }
            Ok(
                Chore::Claimed {
                    claimed: Err(why), ..
                }
                | Chore::Recovered(Err(why))
                | Chore::Due(Err(why)),
            ) => {
                self.schedule.answered();
                warn!(error = %why, "the outbox cannot ask its store");
                if why.kind() == StoreErrorKind::Unregistered {
                    self.register();
                }
                self.schedule.pause(PAUSE);
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
            Ok(Chore::Released) => self.claim_now(),
            Err(panic) => {
                self.schedule.answered();
                error!(error = %panic, "a store panicked");
                self.schedule.pause(PAUSE);
            }
        }
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}
