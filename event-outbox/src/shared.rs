//! What an outbox, its transactions and its engine share.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use event_core::__private::TransactionalDelivery;
use event_core::Dispatcher;
use event_core::dispatcher::DispatcherHandle;
use event_core::wire::Codec;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};
use tracing::debug;

use crate::emitted::Target;
use crate::error::OutboxError;
use crate::settings::Settings;
use crate::store::{Fence, Lease, Owner, Store};
use crate::waiting::{Storing, Waiting};

/// The least time between two calls of [`Store::notify`]. Each can take a lock of the whole database, and lets each
/// process ask.
const PAUSE: Duration = Duration::from_millis(5);

/// What an outbox, its transactions and its engine share.
pub(crate) struct Shared<S> {
    pub(crate) store: S,
    pub(crate) codec: Codec,
    pub(crate) settings: Settings,
    /// This run of the process, or another if the store has taken the first for dead.
    owner: Mutex<Owner>,
    dispatcher: OnceLock<DispatcherHandle>,
    handed: Mutex<Handed>,
    /// How many deliveries the engine has that it has not begun.
    pub(crate) backlog: AtomicUsize,
    /// Whether the engine has one delivery that it makes alone, so that new ones wait in the store.
    pub(crate) is_reserved: AtomicBool,
    /// Wakes the engine.
    pub(crate) wake: Notify,
    /// Whether the engine looks for stored deliveries at once.
    look: AtomicBool,
    /// Whether the engine asks the store when a delivery can be claimed.
    look_ahead: AtomicBool,
    /// Whether a task will tell other processes of all that is committed until it does.
    has_news: AtomicBool,
    /// When other processes were told of something last.
    told_at: tokio::sync::Mutex<Option<Instant>>,
    /// How far the engine is.
    pub(crate) phase: watch::Sender<Phase>,
    /// How often the engine found that there is nothing to do, while somebody waits for that.
    rests: watch::Sender<u64>,
    pub(crate) counts: Counts,
    /// What sessions of a testing kit wait for.
    pub(crate) waiting: Arc<Waiting>,
}

/// What was handed to the engine, and what it gives back to the store.
#[derive(Default)]
pub(crate) struct Handed {
    pub(crate) deliveries: VecDeque<HandedOver>,
    pub(crate) release: Vec<Fence>,
}

/// A delivery that is leased to this process.
pub(crate) struct HandedOver {
    pub(crate) delivery: TransactionalDelivery,
    pub(crate) fence: Fence,
    /// When the store was asked for its lease.
    pub(crate) asked_at: Instant,
    pub(crate) attempt: u32,
    pub(crate) crashes: u32,
}

/// How far the engine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// No dispatcher was built with the outbox.
    Idle,
    Running,
    /// No further delivery is begun.
    Stopping,
    /// The limit of the shutdown has passed: what still runs is left to others.
    Overdue,
    Stopped,
}

/// What has happened in this process.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) done: AtomicU64,
    pub(crate) retried: AtomicU64,
    pub(crate) dead: AtomicU64,
    /// Completions of deliveries that another process had taken over.
    pub(crate) stale: AtomicU64,
}

impl Counts {
    pub(crate) fn add(counter: &AtomicU64, by: usize) {
        counter.fetch_add(by as u64, Ordering::Relaxed);
    }
}

impl<S: Store> Shared<S> {
    pub(crate) fn new(store: S, codec: Codec, settings: Settings, owner: Owner) -> Self {
        Self {
            store,
            codec,
            settings,
            owner: Mutex::new(owner),
            dispatcher: OnceLock::new(),
            handed: Mutex::default(),
            backlog: AtomicUsize::new(0),
            is_reserved: AtomicBool::new(false),
            wake: Notify::new(),
            look: AtomicBool::new(false),
            look_ahead: AtomicBool::new(false),
            has_news: AtomicBool::new(false),
            told_at: tokio::sync::Mutex::default(),
            phase: watch::Sender::new(Phase::Idle),
            rests: watch::Sender::new(0),
            counts: Counts::default(),
            waiting: Arc::default(),
        }
    }

    /// Keeps the dispatcher; returns whether it is the first.
    pub(crate) fn attach(&self, dispatcher: DispatcherHandle) -> bool {
        self.dispatcher.set(dispatcher).is_ok()
    }

    pub(crate) fn is_attached(&self) -> bool {
        self.dispatcher.get().is_some()
    }

    pub(crate) fn dispatcher(&self) -> Result<Dispatcher, OutboxError> {
        let handle = self.dispatcher.get().ok_or(OutboxError::NoDispatcher)?;
        handle.get().map_err(|_| OutboxError::NoDispatcher)
    }

    /// Returns the lease for new deliveries that the engine has room for; `None` if they wait in the store.
    pub(crate) fn lease_for(&self, deliveries: usize) -> Option<Lease> {
        let backlog = self.backlog.load(Ordering::Relaxed);
        let has_room = backlog.saturating_add(deliveries) <= self.settings.backlog
            && !self.is_reserved.load(Ordering::Relaxed);
        (has_room && self.is_running()).then_some(self.lease())
    }

    pub(crate) fn is_running(&self) -> bool {
        *self.phase.borrow() == Phase::Running
    }

    /// Lets the sessions of a testing kit wait for deliveries that are about to be stored, and are made here.
    pub(crate) fn storing(&self, targets: &[Target]) -> Storing {
        if self.is_running() {
            self.waiting.storing(targets)
        } else {
            Storing::default()
        }
    }

    pub(crate) fn owner(&self) -> Owner {
        *self.owner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on as another owner.
    pub(crate) fn set_owner(&self, owner: Owner) {
        *self.owner.lock().unwrap_or_else(PoisonError::into_inner) = owner;
    }

    pub(crate) fn lease(&self) -> Lease {
        Lease {
            owner: self.owner(),
            length: self.settings.lease,
        }
    }

    /// Hands a delivery that was committed, and is leased to this process, to the engine.
    pub(crate) fn hand_over(
        &self,
        delivery: TransactionalDelivery,
        fence: Fence,
        asked_at: Instant,
    ) {
        self.backlog.fetch_add(1, Ordering::Relaxed);
        self.handed().deliveries.push_back(HandedOver {
            delivery,
            fence,
            asked_at,
            attempt: 1,
            crashes: 0,
        });
        self.wake.notify_one();
    }

    /// Gives rows back of which it is not known whether they were committed.
    pub(crate) fn release_later(&self, fences: Vec<Fence>) {
        if !fences.is_empty() {
            self.handed().release.extend(fences);
            self.wake.notify_one();
        }
    }

    /// Lets the engine look for stored deliveries at once.
    pub(crate) fn look_now(&self) {
        self.look.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Waits until the engine, after another look, has nothing to do.
    pub(crate) async fn rest(&self) {
        let mut rests = self.rests.subscribe();
        let before = {
            // What was handed over until now is there before the count is read.
            let _handed = self.handed();
            self.look.store(true, Ordering::Release);
            *rests.borrow_and_update()
        };
        self.wake.notify_one();
        // The sender lives as long as this.
        let _ = rests.wait_for(|rests| *rests > before).await;
    }

    /// Notes that the engine has nothing to do, unless something was handed over meanwhile, or it is asked to look.
    pub(crate) fn rests(&self) {
        if self.rests.receiver_count() > 0 {
            let handed = self.handed();
            if handed.deliveries.is_empty() && !self.look.load(Ordering::Acquire) {
                self.rests.send_modify(|rests| *rests += 1);
            }
        }
    }

    /// Lets the engine find out that a delivery is due at a time to come.
    pub(crate) fn look_ahead(&self) {
        self.look_ahead.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Lets stored deliveries be found at once that are leased to nobody: by the engine, and by other processes if this one
    /// has no room, or makes no deliveries.
    pub(crate) fn announce(self: &Arc<Self>) {
        self.look_now();
        if self.lease_for(1).is_some() {
            return;
        }
        // Without a runtime others find them when they ask.
        if let Ok(runtime) = Handle::try_current()
            && let Some(news) = News::unless_told_of(self)
        {
            let shared = Arc::clone(self);
            runtime.spawn(async move { shared.tell_others(Some(news)).await });
        }
    }

    /// Wakes other processes up.
    pub(crate) async fn tell_others(&self, news: Option<News<S>>) {
        let mut told_at = self.told_at.lock().await;
        if let Some(told_at) = *told_at {
            sleep_until(told_at + PAUSE).await;
        }
        // What is committed from now on is told of by another call.
        drop(news);
        if let Err(why) = self.store.notify().await {
            debug!(error = %why, "other processes are not told of new deliveries");
        }
        *told_at = Some(Instant::now());
    }

    /// Whether the engine was asked to look, since the last call.
    pub(crate) fn take_look(&self) -> bool {
        self.look.swap(false, Ordering::AcqRel)
    }

    /// Whether the engine was asked to look ahead, since the last call.
    pub(crate) fn take_look_ahead(&self) -> bool {
        self.look_ahead.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn handed(&self) -> MutexGuard<'_, Handed> {
        self.handed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// That others will be told of all that is committed until it is dropped.
pub(crate) struct News<S: Store>(Arc<Shared<S>>);

impl<S: Store> News<S> {
    fn unless_told_of(shared: &Arc<Shared<S>>) -> Option<Self> {
        let is_told_of = shared.has_news.swap(true, Ordering::AcqRel);
        (!is_told_of).then(|| Self(Arc::clone(shared)))
    }
}

impl<S: Store> Drop for News<S> {
    fn drop(&mut self) {
        self.0.has_news.store(false, Ordering::Release);
    }
}
