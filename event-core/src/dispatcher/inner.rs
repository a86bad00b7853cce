//! What the clones of a dispatcher share.

use std::any::TypeId;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;

use super::DispatcherHandle;
use super::roster::{CatchAll, Entry, EventKind, KindOf};
use crate::event::Event;
use crate::handler::registered::Registered;
use crate::isolate;
use crate::observer::Observer;
use crate::registry::EventSlot;
use crate::resolver::ByType;
use crate::wiring;

/// What the clones of a dispatcher share. After the build nothing in it changes but the
/// runtime subscriptions, the observers, and the places of generic events.
pub(crate) struct Inner {
    /// By the dense index of each event type that is not generic.
    pub(crate) table: Box<[Option<Entry>]>,
    /// Generic events with handlers, and any event the linker did not tell of.
    pub(crate) generic: ByType<Entry>,
    /// Such events that were first subscribed to, or seen by a catch-all, after the build.
    late: ArcSwap<ByType<Arc<Entry>>>,
    has_late: AtomicBool,
    /// The catch-alls, in order: they see late events, too.
    pub(crate) everything: Box<[(&'static dyn Registered, CatchAll)]>,
    pub(crate) observers: ArcSwap<Vec<Arc<dyn Observer>>>,
    pub(crate) observed: AtomicBool,
    pub(crate) observer_panics: AtomicU64,
    /// Held while a mode, the late map or the observers change.
    changes: Mutex<()>,
    pub(crate) depth_limit: u32,
    pub(crate) count_limit: usize,
    weak: Weak<Self>,
}

/// What a build hands over.
pub(crate) struct Parts {
    pub(crate) table: Vec<Option<Entry>>,
    pub(crate) generic: ByType<Entry>,
    pub(crate) everything: Vec<(&'static dyn Registered, CatchAll)>,
    pub(crate) observers: Vec<Arc<dyn Observer>>,
    pub(crate) depth_limit: u32,
    pub(crate) count_limit: usize,
}

impl Inner {
    pub(crate) fn new(parts: Parts) -> Arc<Self> {
        Arc::new_cyclic(|weak| Self {
            table: parts.table.into(),
            generic: parts.generic,
            late: ArcSwap::default(),
            has_late: AtomicBool::new(!parts.everything.is_empty()),
            everything: parts.everything.into(),
            observed: AtomicBool::new(!parts.observers.is_empty()),
            observers: ArcSwap::from_pointee(parts.observers),
            observer_panics: AtomicU64::new(0),
            changes: Mutex::new(()),
            depth_limit: parts.depth_limit,
            count_limit: parts.count_limit,
            weak: weak.clone(),
        })
    }

    pub(crate) fn handle(&self) -> DispatcherHandle {
        DispatcherHandle::of(self.weak.clone())
    }

    pub(crate) fn is_observed(&self) -> bool {
        self.observed.load(Ordering::Relaxed)
    }

    /// The place of an event in the table.
    #[inline]
    pub(crate) fn entry(&self, slot: Option<&'static EventSlot>) -> Option<&Entry> {
        self.table.get(slot?.index())?.as_ref()
    }

    /// Runs `code` with the place of `E`, wherever it is; `None` if there is none.
    pub(crate) fn with_entry<E: Event, R>(&self, code: impl FnOnce(&Entry) -> R) -> Option<R> {
        let known = self
            .entry(E::slot())
            .or_else(|| self.generic.get(&TypeId::of::<E>()));
        if let Some(entry) = known {
            return Some(code(entry));
        }
        if !self.has_late.load(Ordering::Acquire) && !self.is_observed() {
            return None;
        }
        if let Some(entry) = self.late.load().get(&TypeId::of::<E>()) {
            return Some(code(entry));
        }
        if self.everything.is_empty() && !self.is_observed() {
            return None;
        }
        Some(code(&self.late_entry::<E>()))
    }

    /// Runs `code` with the place of `E`, which is made if there is none.
    pub(crate) fn with_entry_made<E: Event, R>(&self, code: impl FnOnce(&Entry) -> R) -> R {
        let known = self
            .entry(E::slot())
            .or_else(|| self.generic.get(&TypeId::of::<E>()));
        match known {
            Some(entry) => code(entry),
            None => code(&self.late_entry::<E>()),
        }
    }

    /// The place of an event that the build did not know of.
    #[cold]
    fn late_entry<E: Event>(&self) -> Arc<Entry> {
        let _changing = self.changing();
        if let Some(entry) = self.late.load().get(&TypeId::of::<E>()) {
            return Arc::clone(entry);
        }
        let kind = KindOf::<E>::NEW;
        let mut list = kind.new_list(self.everything.len());
        let mut registered = Vec::new();
        for (handler, catch_all) in &self.everything {
            if wiring::sees(*handler, E::INFO) {
                kind.push_catch_all(&mut *list, Arc::clone(catch_all));
                registered.push(*handler);
            }
        }
        let entry = Arc::new(Entry::new(
            kind.finish(list, registered),
            self.is_observed(),
        ));
        let mut late = ByType::clone(&self.late.load());
        late.insert(TypeId::of::<E>(), Arc::clone(&entry));
        self.late.store(Arc::new(late));
        self.has_late.store(true, Ordering::Release);
        entry
    }

    /// Chooses the mode of the place of `E` again.
    pub(crate) fn refresh<E: Event>(&self) {
        let _changing = self.changing();
        let observed = self.is_observed();
        let known = self
            .entry(E::slot())
            .or_else(|| self.generic.get(&TypeId::of::<E>()));
        if let Some(entry) = known {
            entry.refresh(observed);
        } else if let Some(entry) = self.late.load().get(&TypeId::of::<E>()) {
            entry.refresh(observed);
        }
    }

    /// Changes the list of observers.
    pub(crate) fn change_observers(&self, change: impl FnOnce(&mut Vec<Arc<dyn Observer>>)) {
        let changing = self.changing();
        let mut observers = Vec::clone(&self.observers.load());
        change(&mut observers);
        let observed = !observers.is_empty();
        let before = self.observers.swap(Arc::new(observers));
        self.observed.store(observed, Ordering::Release);
        let known = self.table.iter().flatten().chain(self.generic.values());
        known.for_each(|entry| entry.refresh(observed));
        for entry in self.late.load().values() {
            entry.refresh(observed);
        }
        drop(changing);
        isolate::discard(before);
    }

    fn changing(&self) -> std::sync::MutexGuard<'_, ()> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    /// Here end what handlers captured and what was provided, wherever the last clone ends:
    /// perhaps inside of an emit.
    fn drop(&mut self) {
        isolate::discard(std::mem::take(&mut self.table));
        isolate::discard(std::mem::take(&mut self.generic));
        isolate::discard(std::mem::take(&mut self.everything));
        isolate::discard(self.late.swap(Arc::default()));
        isolate::discard(self.observers.swap(Arc::default()));
    }
}
