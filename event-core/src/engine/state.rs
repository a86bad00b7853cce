//! The state that the clones of a dispatcher share.

mod listing;
mod queues;

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;

use crate::engine::emission::lineage::Lineage;
use crate::engine::plan::bound::CatchAll;
use crate::engine::plan::executor::Executors;
use crate::engine::plan::flags;
use crate::engine::plan::handlers::{EventKind, TableEntry};
use crate::engine::plan::lookup::TableLookup;
use crate::engine::plan::pattern::sees;
use crate::engine::plan::planned::PlannedHandler;
use crate::engine::plan::provided::Provided;
use crate::engine::queue::live::LiveQueue;
use crate::engine::shutdown::closing::Closing;
use crate::engine::shutdown::tasks::Tasks;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::event::slot::EventSlot;
use crate::meta::Meta;
use crate::meta::parent::ParentEvent;
use crate::meta::source::MetaSource;
use crate::nesting::scope::DispatcherId;
use crate::nesting::{self, NestingLimits};
use crate::observer::{self, Observer};
use crate::panics;
use crate::prehashed::ByType;
use crate::report::failure::Failure;
use crate::report::snapshot::Snapshot;
use crate::runtime::Runtime;
use crate::spans::Spans;

/// The state that the clones of a dispatcher share with its tasks and threads. After the build only these
/// parts change: the runtime subscriptions, the observers, the entries of late events, and the waiting
/// and running deliveries.
pub(crate) struct DispatcherState {
    name: Option<Arc<str>>,
    /// Entries of event types that are not generic, by their dense index.
    pub(crate) table: Box<[Option<TableEntry>]>,
    /// Entries of generic events with handlers, and of events that the linker did not collect.
    pub(crate) generic: ByType<TableEntry>,
    /// Entries of such events that were first subscribed to, or seen by a catch-all, after the build.
    late: ArcSwap<ByType<Arc<TableEntry>>>,
    has_late: AtomicBool,
    /// The catch-alls, in order; they see late events, too.
    pub(crate) catch_alls: Box<[(&'static PlannedHandler, CatchAll)]>,
    /// The number of handlers, each catch-all counted once.
    handlers: usize,
    pub(crate) observers: ArcSwap<Vec<Arc<dyn Observer>>>,
    pub(crate) observed: AtomicBool,
    pub(crate) observer_panics: AtomicU64,
    /// The number of events that replays did not emit, since they are in the journal.
    discarded: AtomicU64,
    /// How many events were dropped with units of work that were rolled back.
    pub(crate) rolled_back: AtomicU64,
    /// How many events of units of work nobody emitted by mistake.
    pub(crate) forgotten: AtomicU64,
    /// Whether a handler asks for the identity of its event, or a subscription did.
    needs_meta: AtomicBool,
    /// Whether emissions are stamped with an identity: for such a handler, or for observers or spans.
    makes_meta: AtomicBool,
    meta_source: MetaSource,
    spans: Spans,
    pub(crate) runtime: Option<Runtime>,
    /// The queues, by their index.
    pub(crate) queues: Arc<[Arc<LiveQueue>]>,
    executors: Mutex<Executors>,
    pub(crate) tasks: Arc<Tasks>,
    pub(crate) closing: Arc<Closing>,
    on_failure: OnFailure,
    /// The values that were provided; those that handlers take belong to the handlers.
    provided: Provided,
    /// Held while flags, the late map or the observers change.
    changes: Mutex<()>,
    pub(crate) limits: NestingLimits,
    weak: Weak<Self>,
}

/// The parts of the state that a build makes.
pub(crate) struct Parts {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) table: Vec<Option<TableEntry>>,
    pub(crate) generic: ByType<TableEntry>,
    pub(crate) catch_alls: Vec<(&'static PlannedHandler, CatchAll)>,
    pub(crate) handlers: usize,
    pub(crate) observers: Vec<Arc<dyn Observer>>,
    pub(crate) needs_meta: bool,
    pub(crate) meta_source: MetaSource,
    pub(crate) spans: Spans,
    pub(crate) runtime: Option<Runtime>,
    pub(crate) queues: Vec<Arc<LiveQueue>>,
    pub(crate) executors: Executors,
    pub(crate) on_failure: OnFailure,
    pub(crate) provided: Provided,
    pub(crate) limits: NestingLimits,
}

/// The hook for failures that are in no report.
pub(crate) type OnFailure = Box<dyn Fn(&Failure) + Send + Sync>;

impl DispatcherState {
    pub(crate) fn new(parts: Parts) -> Arc<Self> {
        let observed = parts.spans.are_on() || !parts.observers.is_empty();
        let (tasks, queues) = (Arc::default(), parts.queues.into());
        let closing = Closing::new(&tasks, &queues);
        Arc::new_cyclic(|weak| Self {
            name: parts.name,
            handlers: parts.handlers,
            table: parts.table.into(),
            generic: parts.generic,
            late: ArcSwap::default(),
            has_late: AtomicBool::new(!parts.catch_alls.is_empty()),
            catch_alls: parts.catch_alls.into(),
            observed: AtomicBool::new(observed),
            observers: ArcSwap::from_pointee(parts.observers),
            observer_panics: AtomicU64::new(0),
            discarded: AtomicU64::new(0),
            rolled_back: AtomicU64::new(0),
            forgotten: AtomicU64::new(0),
            needs_meta: AtomicBool::new(parts.needs_meta),
            makes_meta: AtomicBool::new(parts.needs_meta || observed),
            meta_source: parts.meta_source,
            spans: parts.spans,
            runtime: parts.runtime,
            queues,
            executors: Mutex::new(parts.executors),
            tasks,
            closing,
            on_failure: parts.on_failure,
            provided: parts.provided,
            changes: Mutex::new(()),
            limits: parts.limits,
            weak: weak.clone(),
        })
    }

    /// Returns a reference that does not keep the dispatcher alive.
    pub(crate) fn weak(&self) -> Weak<Self> {
        self.weak.clone()
    }

    /// Returns the id that distinguishes this dispatcher from others.
    #[inline]
    pub(crate) fn id(&self) -> DispatcherId {
        DispatcherId(ptr::from_ref(self).addr())
    }

    /// Returns the name that the builder was given.
    pub(crate) fn name(&self) -> Option<&Arc<str>> {
        self.name.as_ref()
    }

    /// Whether an observer or a trace sees each step.
    pub(crate) fn is_observed(&self) -> bool {
        self.observed.load(Ordering::Relaxed)
    }

    /// Whether emits check each step, since the dispatcher is observed or closes.
    fn is_watched(&self) -> bool {
        self.is_observed() || !self.closing.is_open()
    }

    /// Returns the flags that all events of the dispatcher have.
    fn watch_flags(&self) -> u8 {
        let keeps_events = observer::keep_events(&self.observers.load());
        flags::of_dispatcher(self.is_watched(), keeps_events)
    }

    /// Whether a handler, an observer or a span asks for the identity of emissions.
    pub(crate) fn makes_meta(&self) -> bool {
        self.makes_meta.load(Ordering::Relaxed)
    }

    /// Stamps each later emission with an identity.
    pub(crate) fn need_meta(&self) {
        let _changing = self.changing();
        self.needs_meta.store(true, Ordering::Relaxed);
        self.makes_meta.store(true, Ordering::Release);
    }

    /// Returns the values that were provided and are left.
    pub(crate) fn provided(&self) -> &Provided {
        &self.provided
    }

    /// Returns the identity of an event: its own, if it was delivered from outside; or the one by which
    /// the events that it caused know it; or a new one.
    pub(crate) fn meta_of(&self, lineage: &Lineage, own: Option<&ParentEvent>) -> Meta {
        let known = lineage.meta.clone();
        known.unwrap_or_else(|| {
            let parent = lineage.parent.as_deref();
            self.meta_source.new_meta(lineage.depth, parent, own)
        })
    }

    /// Makes the snapshot of an event that was not emitted, for a failure.
    #[cold]
    pub(crate) fn snapshot(&self, event: &dyn AnyEvent, lineage: &Lineage) -> Arc<Snapshot> {
        Snapshot::of(event, self.meta_of(lineage, None))
    }

    /// Begins an emission: gives it an identity and a span, if these are made.
    pub(crate) fn begin(&self, event: &'static EventInfo, lineage: &mut Lineage) {
        if self.makes_meta() {
            // An event from outside has its identity already.
            let remote = lineage.meta.as_ref().and_then(Meta::traceparent);
            let mut meta = self.meta_of(lineage, None);
            lineage.trace = self
                .spans
                .emission(event, &lineage.within, remote, &mut meta);
            lineage.meta = Some(meta);
        }
    }

    /// Whether emissions have spans.
    #[cfg(feature = "tokio")]
    pub(crate) fn makes_spans(&self) -> bool {
        self.spans.are_on()
    }

    /// Counts an event that a replay does not emit.
    #[cold]
    pub(crate) fn count_discarded(&self) {
        self.discarded.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn discarded(&self) -> u64 {
        self.discarded.load(Ordering::Relaxed)
    }

    /// Calls the hook with a failure of a delivery whose emitter has its report already. An event that
    /// the hook emits is caused by the event that failed; if it is not emitted because of a limit, the
    /// hook is called once more with that failure.
    #[cold]
    pub(crate) fn notify_failure(&self, failure: &Failure) {
        // A hook that causes another failure before it returns would never end.
        if nesting::next() > self.limits.depth.saturating_add(1) {
            return;
        }
        let hook = |failure| {
            let told = || panics::catch(|| (self.on_failure)(failure));
            failure.descend(self.id(), told).1
        };
        if let Some(refusal) = hook(failure) {
            let _ = hook(&failure.refused_inside(refusal));
        }
    }

    /// Returns the entry of an event in the table.
    #[inline]
    pub(crate) fn entry(&self, slot: Option<&'static EventSlot>) -> Option<&TableEntry> {
        self.table.get(slot?.index())?.as_ref()
    }

    /// Returns the entry of an event that the build made.
    pub(crate) fn known(&self, kind: EventKind) -> Option<&TableEntry> {
        self.entry(kind.slot())
            .or_else(|| self.generic.get(&kind.info().type_id()))
    }

    /// Returns the entry of an event, made by the build or late; `None` if there is none.
    pub(crate) fn find(&self, kind: EventKind) -> Option<TableLookup<'_>> {
        if let Some(entry) = self.known(kind) {
            return Some(TableLookup::Known(entry));
        }
        if !self.has_late.load(Ordering::Acquire) && !self.is_watched() {
            return None;
        }
        if let Some(entry) = self.late.load().get(&kind.info().type_id()) {
            return Some(TableLookup::Late(Arc::clone(entry)));
        }
        if self.catch_alls.is_empty() && !self.is_observed() {
            return None;
        }
        Some(TableLookup::Late(self.late_entry(kind)))
    }

    /// Returns the entry of an event, which is made if there is none.
    pub(crate) fn find_or_make(&self, kind: EventKind) -> TableLookup<'_> {
        match self.known(kind) {
            Some(entry) => TableLookup::Known(entry),
            None => TableLookup::Late(self.late_entry(kind)),
        }
    }

    /// Returns or makes the entry of an event that the build did not know.
    #[cold]
    fn late_entry(&self, kind: EventKind) -> Arc<TableEntry> {
        let _changing = self.changing();
        let event = kind.info();
        if let Some(entry) = self.late.load().get(&event.type_id()) {
            return Arc::clone(entry);
        }
        let mut list = kind.new_list(self.catch_alls.len());
        let mut planned = Vec::new();
        for (handler, catch_all) in &self.catch_alls {
            if sees(handler.pattern(), event) {
                list.push_catch_all(catch_all.clone());
                planned.push(*handler);
            }
        }
        let mut executors = self.executors();
        let entry = TableEntry::new(kind, list, planned, &mut executors, self.watch_flags());
        drop(executors);
        let entry = Arc::new(entry);
        let mut late = ByType::clone(&self.late.load());
        late.insert(event.type_id(), Arc::clone(&entry));
        self.late.store(Arc::new(late));
        self.has_late.store(true, Ordering::Release);
        entry
    }

    /// Computes the flags of an event's entry again.
    pub(crate) fn refresh(&self, kind: EventKind) {
        let _changing = self.changing();
        let watch = self.watch_flags();
        if let Some(entry) = self.known(kind) {
            entry.refresh(watch);
        } else if let Some(entry) = self.late.load().get(&kind.info().type_id()) {
            entry.refresh(watch);
        }
    }

    /// Changes the list of observers.
    pub(crate) fn change_observers(&self, change: impl FnOnce(&mut Vec<Arc<dyn Observer>>)) {
        let changing = self.changing();
        let mut observers = Vec::clone(&self.observers.load());
        change(&mut observers);
        let observed = self.spans.are_on() || !observers.is_empty();
        if observed {
            self.makes_meta.store(true, Ordering::Release);
        }
        let before = self.observers.swap(Arc::new(observers));
        self.observed.store(observed, Ordering::Release);
        if !observed {
            let needs_meta = self.needs_meta.load(Ordering::Relaxed);
            self.makes_meta.store(needs_meta, Ordering::Release);
        }
        self.refresh_all();
        drop(changing);
        panics::drop_caught(before);
    }

    /// Makes each later emit check whether the dispatcher is open.
    pub(crate) fn watch(&self) {
        let changing = self.changing();
        self.refresh_all();
        drop(changing);
    }

    fn refresh_all(&self) {
        let watch = self.watch_flags();
        let known = self.table.iter().flatten().chain(self.generic.values());
        known.for_each(|entry| entry.refresh(watch));
        for entry in self.late.load().values() {
            entry.refresh(watch);
        }
    }

    fn changing(&self) -> std::sync::MutexGuard<'_, ()> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for DispatcherState {
    /// Drops the values that handlers captured and that were provided, where the last clone is dropped,
    /// possibly inside of an emit. They are dropped one by one, so that a panic does not prevent the drop
    /// of others.
    fn drop(&mut self) {
        let owners = self.provided.take_owners();
        panics::release(|| {
            let table = std::mem::take(&mut self.table);
            table.into_iter().for_each(panics::drop_caught);
            let generic = std::mem::take(&mut self.generic);
            generic.into_values().for_each(panics::drop_caught);
            let catch_alls = std::mem::take(&mut self.catch_alls);
            catch_alls.into_iter().for_each(panics::drop_caught);
            let late = ByType::clone(&self.late.swap(Arc::default()));
            late.into_values().for_each(panics::drop_caught);
            let observers = Vec::clone(&self.observers.swap(Arc::default()));
            observers.into_iter().for_each(panics::drop_caught);
            let wakes = self.queues.iter().map(|line| line.take_wake());
            wakes.for_each(panics::drop_caught);
            panics::drop_caught(std::mem::take(&mut self.spans));
            panics::drop_caught(self.meta_source.take_clock());
            panics::drop_caught(std::mem::replace(&mut self.on_failure, Box::new(|_| {})));
            // Dropped last, so that nothing above was the last owner of a value.
            owners.into_iter().for_each(panics::drop_caught);
        });
    }
}
