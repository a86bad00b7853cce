//! The deliveries that wait for their handlers, and which of them runs next.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::shared::HandedOver;
use crate::store::Fence;

/// From how many crashes on a delivery is made alone.
const SUSPECT: u32 = 3;

/// The deliveries that wait for their handlers.
pub(super) struct Ready {
    waiting: VecDeque<HandedOver>,
    /// Deliveries whose handlers run as often as they may, by the handler.
    held: BTreeMap<&'static str, VecDeque<HandedOver>>,
    /// Deliveries that were in several crashes.
    suspects: VecDeque<HandedOver>,
    running: BTreeMap<&'static str, usize>,
    total: usize,
    most: usize,
    /// Whether a suspect runs, so that nothing else does.
    is_alone: bool,
    /// How many deliveries have begun while a suspect waited.
    overtaken: usize,
    /// Whether the last claim had as many as it asked for.
    pub(super) was_full: bool,
}

impl Ready {
    pub(super) fn new(most: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            held: BTreeMap::new(),
            suspects: VecDeque::new(),
            running: BTreeMap::new(),
            total: 0,
            most,
            is_alone: false,
            overtaken: 0,
            was_full: false,
        }
    }

    /// Whether a delivery would be made alone, and another such one is here already. A process that dies counts as a
    /// crash for all that it has, so those who wait for one that kills it would become dead letters with it.
    pub(super) fn is_one_suspect_too_many(&self, crashes: u32) -> bool {
        crashes >= SUSPECT && (self.is_alone || !self.suspects.is_empty())
    }

    pub(super) fn push(&mut self, delivery: HandedOver) {
        if delivery.crashes >= SUSPECT {
            self.suspects.push_back(delivery);
        } else {
            self.waiting.push_back(delivery);
        }
    }

    /// Returns the next delivery that may run, and counts it as running.
    pub(super) fn next(&mut self) -> Option<HandedOver> {
        if self.is_alone || self.total >= self.most {
            return None;
        }
        // A suspect waits until nothing runs, and not for ever: those behind it are held back in the end.
        while self.suspects.is_empty() || self.overtaken < self.most {
            let Some(delivery) = self.waiting.pop_front() else {
                break;
            };
            let handler = id(&delivery);
            let running = self.running.entry(handler).or_default();
            if *running < limit(&delivery) {
                *running += 1;
                self.total += 1;
                self.overtaken += usize::from(!self.suspects.is_empty());
                return Some(delivery);
            }
            self.held.entry(handler).or_default().push_back(delivery);
        }
        if self.total > 0 {
            return None;
        }
        let delivery = self.suspects.pop_front()?;
        self.is_alone = true;
        self.overtaken = 0;
        *self.running.entry(id(&delivery)).or_default() += 1;
        self.total = 1;
        Some(delivery)
    }

    /// Counts the end of a call.
    pub(super) fn ran(&mut self, handler: &'static str) {
        self.total = self.total.saturating_sub(1);
        self.is_alone = false;
        if let Some(running) = self.running.get_mut(handler) {
            *running = running.saturating_sub(1);
        }
        if let Some(delivery) = self.held.get_mut(handler).and_then(VecDeque::pop_front) {
            self.waiting.push_front(delivery);
        }
    }

    /// Returns how many more deliveries are worth having.
    pub(super) fn room(&self) -> usize {
        let held: usize = self.held.values().map(VecDeque::len).sum();
        (2 * self.most).saturating_sub(self.waiting.len() + self.suspects.len() + held)
    }

    /// Whether fewer deliveries wait than can run at once.
    pub(super) fn is_low(&self) -> bool {
        self.waiting.len() < self.most
    }

    /// Drops what was not begun of these; returns how many that were.
    pub(super) fn forget(&mut self, fences: &BTreeSet<Fence>) -> usize {
        let mut forgotten = 0;
        let queues = [&mut self.waiting, &mut self.suspects];
        for queue in queues.into_iter().chain(self.held.values_mut()) {
            let before = queue.len();
            queue.retain(|delivery| !fences.contains(&delivery.fence));
            forgotten += before - queue.len();
        }
        forgotten
    }

    /// Takes all that was not begun.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = HandedOver> {
        let held = std::mem::take(&mut self.held).into_values().flatten();
        let waiting = std::mem::take(&mut self.waiting);
        waiting
            .into_iter()
            .chain(held)
            .chain(std::mem::take(&mut self.suspects))
    }
}

/// Returns the id of a delivery's handler.
pub(super) fn id(delivery: &HandedOver) -> &'static str {
    delivery.delivery.handler().info().id().unwrap_or_default()
}

fn limit(delivery: &HandedOver) -> usize {
    let concurrency = delivery.delivery.handler().info().concurrency();
    concurrency.map_or(usize::MAX, |most| most as usize)
}
