//! Makes the deliveries of an outbox: those that were handed over, and those that it finds in the store.
//!
//! One task, the [`Worker`], decides what runs: it begins deliveries, claims stored ones while it has room, keeps the
//! leases of what it has, and frees what dead processes had. Each delivery is a task of its own. The
//! [`Completer`] tells the store how deliveries ended, many at a time.

mod complete;
mod deliver;
mod ready;

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use event_core::__private::{HandlerOf, TransactionalEvent, durable_handlers, is_open};
use event_core::Dispatcher;
use event_core::dispatcher::DispatcherHandle;
use event_core::wire::DecodeError;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, error, warn};

use self::complete::{Completer, Ending};
use self::deliver::Delivering;
use self::ready::Ready;
use crate::shared::{HandedOver, Phase, Shared};
use crate::store::{
    Bounds, Burial, Claimed, Fence, Owner, Recovered, Retry, Store, StoreError, StoreErrorKind,
};

/// How many stored deliveries are claimed at once, at most.
const CLAIM: usize = 100;

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
    let (ended, ended_here) = mpsc::unbounded_channel();
    let mut worker = Worker {
        ready: Ready::new(shared.settings.concurrency),
        names: handlers.keys().copied().collect(),
        handlers,
        dispatcher,
        endings,
        ended,
        leases: HashMap::new(),
        chores: JoinSet::new(),
        claims: false,
        claim_at: Some(Instant::now()),
        recovers_next: true,
        shared: Arc::clone(&shared),
    };
    worker.work(ended_here).await;
    worker.stop().await;
    drop(worker);
    // The last sender is gone when the last delivery has ended.
    let _ = completing.await;
    if let Err(why) = shared.store.unregister(shared.owner()).await {
        debug!(error = %why, "the outbox could not end its registration");
    }
    shared.phase.send_replace(Phase::Stopped);
}

/// Returns the durable handlers by their ids and aliases.
fn handlers_by_id(dispatcher: &Dispatcher) -> HashMap<&'static str, HandlerOf> {
    let mut handlers = HashMap::new();
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
    handlers: HashMap<&'static str, HandlerOf>,
    names: Vec<&'static str>,
    ready: Ready,
    endings: mpsc::Sender<Ending>,
    ended: mpsc::UnboundedSender<Step>,
    /// What is leased to this process, by its number.
    leases: HashMap<i64, Fence>,
    chores: JoinSet<Chore>,
    /// Whether a claim is under way.
    claims: bool,
    /// When the store is asked next; `None` while that is under way.
    claim_at: Option<Instant>,
    /// Whether the next question is after dead processes, and not after deliveries.
    recovers_next: bool,
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
    Claimed(Result<Vec<Claimed>, StoreError>),
    Extended {
        asked: Vec<Fence>,
        kept: Result<Vec<Fence>, StoreError>,
    },
    Recovered(Result<Recovered, StoreError>),
    Released,
}

impl<S: Store> Worker<S> {
    async fn work(&mut self, mut ended: mpsc::UnboundedReceiver<Step>) {
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
            self.claim_if_due();
            // While the store is being asked, its answer is what the engine waits for.
            let claim_at = self.claim_at.filter(|_| !self.claims);
            let shared = Arc::clone(&self.shared);
            tokio::select! {
                () = shared.wake.notified() => {
                    if shared.take_look() {
                        self.claim_by(Instant::now());
                    }
                }
                Some(step) = ended.recv() => self.step(step),
                Some(chore) = self.chores.join_next() => self.chore(chore),
                changed = shared.store.changed(), if listen_at <= Instant::now() => {
                    match changed {
                        Ok(()) => self.claim_by(Instant::now()),
                        // What others write is found by asking until then.
                        Err(_) => listen_at = Instant::now() + PAUSE,
                    }
                }
                () = until(claim_at) => {}
                () = sleep_until(heartbeat) => {
                    heartbeat = Instant::now() + third;
                    self.extend();
                }
                _ = phase.changed() => {}
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
            self.leases.insert(delivery.fence.seq, delivery.fence);
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
            self.shared.backlog.fetch_sub(1, Ordering::Relaxed);
            let delivering = Delivering {
                shared: Arc::clone(&self.shared),
                dispatcher: self.dispatcher.clone(),
                endings: self.endings.clone(),
                steps: self.ended.clone(),
            };
            tokio::spawn(delivering.run(delivery));
        }
    }

    fn claim_by(&mut self, when: Instant) {
        self.claim_at = Some(self.claim_at.map_or(when, |at| at.min(when)));
    }

    /// Asks the store for deliveries, or for what dead processes had, if that is due and there is room.
    fn claim_if_due(&mut self) {
        let is_due = self.claim_at.is_some_and(|at| at <= Instant::now());
        if !is_due || self.claims {
            return;
        }
        self.claim_at = None;
        let shared = Arc::clone(&self.shared);
        if std::mem::take(&mut self.recovers_next) {
            self.claims = true;
            self.chores
                .spawn(async move { Chore::Recovered(shared.store.recover(shared.owner()).await) });
            return;
        }
        let room = self.ready.room().min(CLAIM);
        if room == 0 || self.names.is_empty() {
            self.claim_by(Instant::now() + self.shared.settings.poll);
            return;
        }
        self.claims = true;
        let (lease, names) = (shared.lease(), self.names.clone());
        self.chores
            .spawn(async move { Chore::Claimed(shared.store.claim(lease, &names, room).await) });
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Ran(handler) => {
                self.ready.ran(handler);
                // The store is asked again before there is nothing to do.
                if self.ready.is_low() && self.ready.was_full {
                    self.ready.was_full = false;
                    self.claim_by(Instant::now());
                }
            }
            Step::Left { fence, wait } => {
                if self.leases.get(&fence.seq) == Some(&fence) {
                    self.leases.remove(&fence.seq);
                }
                if let Some(wait) = wait {
                    self.claim_by(Instant::now() + wait);
                }
            }
        }
    }

    fn chore(&mut self, chore: Result<Chore, tokio::task::JoinError>) {
        let poll = self.shared.settings.poll;
        match chore {
            Ok(Chore::Claimed(Ok(claimed))) => {
                self.claims = false;
                self.claimed(claimed);
            }
            Ok(Chore::Recovered(Ok(recovered))) => {
                self.claims = false;
                if recovered.rows > 0 {
                    warn!(
                        owners = recovered.owners,
                        deliveries = recovered.rows,
                        "the outbox takes over what dead processes had"
                    );
                }
                self.claim_by(Instant::now());
            }
            Ok(Chore::Claimed(Err(why)) | Chore::Recovered(Err(why))) => {
                self.claims = false;
                warn!(error = %why, "the outbox cannot ask its store");
                if why.kind() == StoreErrorKind::Unregistered {
                    self.register();
                }
                self.claim_by(Instant::now() + PAUSE.max(poll));
            }
            Ok(Chore::Extended {
                asked,
                kept: Ok(kept),
            }) => {
                let lost = asked.len() - kept.len();
                if lost > 0 {
                    debug!(lost, "leases of the outbox belong to others by now");
                }
            }
            Ok(Chore::Extended { kept: Err(why), .. }) => {
                warn!(error = %why, "the outbox cannot extend its leases");
            }
            Ok(Chore::Released) => self.claim_by(Instant::now()),
            Err(panic) => {
                self.claims = false;
                error!(error = %panic, "a store panicked");
                self.claim_by(Instant::now() + PAUSE);
            }
        }
    }

    /// Makes deliveries of what was claimed.
    fn claimed(&mut self, claimed: Vec<Claimed>) {
        let is_full = claimed.len() >= self.ready.room().min(CLAIM);
        let poll = self.shared.settings.poll;
        for claimed in claimed {
            let (fence, attempt, crashes) = (claimed.fence, claimed.attempts, claimed.crashes);
            self.leases.insert(fence.seq, fence);
            if crashes >= self.shared.settings.crash_limit {
                let cause = format!("the process died {crashes} times while it had the delivery");
                self.bury(fence, "crashed", cause);
                continue;
            }
            match self.read(&claimed) {
                Ok((event, handler)) => {
                    self.shared.backlog.fetch_add(1, Ordering::Relaxed);
                    self.ready.push(HandedOver {
                        delivery: event.delivery(handler),
                        fence,
                        attempt,
                        crashes,
                    });
                }
                Err(unread) => self.unread(&claimed, unread),
            }
        }
        self.ready.was_full = is_full;
        self.recovers_next = !is_full;
        // A full claim is followed by another as soon as there is room.
        if is_full && self.ready.is_low() {
            self.claim_by(Instant::now());
        } else {
            self.claim_by(Instant::now() + poll);
        }
    }

    fn read(&self, claimed: &Claimed) -> Result<(TransactionalEvent, HandlerOf), Unread> {
        let envelope = self.shared.codec.decode(&claimed.body)?;
        let event = TransactionalEvent::of_envelope(&envelope);
        let Some(handler) = self.handlers.get(&*claimed.handler) else {
            return Err(Unread::Handler);
        };
        if !handler.handles(&event) {
            return Err(Unread::OtherEvent(event.event().name()));
        }
        Ok((event, handler.clone()))
    }

    /// Ends a delivery whose event cannot be read: for good, unless another version of the program may read it.
    fn unread(&self, claimed: &Claimed, unread: Unread) {
        let fence = claimed.fence;
        let (may_be_newer, reason, cause) = match unread {
            Unread::Event(error) => {
                let unknown = matches!(
                    error,
                    DecodeError::UnknownEvent { .. } | DecodeError::UnknownVersion { .. }
                );
                (unknown, "unreadable", error.to_string())
            }
            Unread::Handler => (true, "unreadable", "no handler has the id".to_owned()),
            Unread::OtherEvent(found) => (
                false,
                "unreadable",
                format!("the handler does not handle `{found}`"),
            ),
        };
        let policy = self.handlers.get(&*claimed.handler);
        let policy = policy.and_then(|handler| handler.info().retry());
        match policy.filter(|policy| may_be_newer && claimed.attempts < policy.attempts()) {
            Some(policy) => self.end(Ending::Retry {
                retry: Retry {
                    fence,
                    wait: policy.backoff(claimed.attempts),
                    error: cause,
                },
            }),
            None => self.bury(fence, reason, cause),
        }
    }

    fn bury(&self, fence: Fence, reason: &'static str, cause: String) {
        self.end(Ending::Bury {
            burial: Burial {
                fence,
                reason: reason.into(),
                cause,
            },
        });
    }

    /// Tells the store how a delivery ended that was not begun.
    fn end(&self, ending: Ending) {
        let (endings, steps) = (self.endings.clone(), self.ended.clone());
        let (fence, wait) = (ending.fence(), ending.wait());
        tokio::spawn(async move {
            let _ = endings.send(ending).await;
            let _ = steps.send(Step::Left { fence, wait });
        });
    }

    /// Extends the leases of what this process has.
    fn extend(&mut self) {
        if self.leases.is_empty() {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let asked: Vec<Fence> = self.leases.values().copied().collect();
        self.chores.spawn(async move {
            let kept = shared.store.extend(&asked, shared.settings.lease).await;
            Chore::Extended { asked, kept }
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

    /// Gives back what was not begun.
    async fn stop(&mut self) {
        self.take_handed();
        let fences: Vec<Fence> = self.ready.drain().map(|waiting| waiting.fence).collect();
        if !fences.is_empty() {
            give_back(&*self.shared, &fences).await;
        }
        while let Some(chore) = self.chores.join_next().await {
            if let Ok(Chore::Claimed(Ok(claimed))) = chore {
                let fences: Vec<Fence> = claimed.iter().map(|claimed| claimed.fence).collect();
                give_back(&*self.shared, &fences).await;
            }
        }
        self.shared.backlog.store(0, Ordering::Relaxed);
    }
}

/// Why a stored delivery cannot be made.
enum Unread {
    Event(DecodeError),
    Handler,
    OtherEvent(&'static str),
}

impl From<DecodeError> for Unread {
    fn from(error: DecodeError) -> Self {
        Self::Event(error)
    }
}

/// Gives rows back to the store. If that fails, their leases lapse.
async fn give_back<S: Store>(shared: &Shared<S>, fences: &[Fence]) {
    if let Err(why) = shared.store.release(fences).await {
        warn!(
            error = %why,
            deliveries = fences.len(),
            "the outbox cannot give deliveries back; others get them when their leases end"
        );
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}
