//! The deliveries that wait for their handlers, and which of them runs next.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::shared::HandedOver;
use crate::store::{Fence, SUSPECT};

/// The deliveries that wait for their handlers.
pub(super) struct Ready {
    waiting: VecDeque<HandedOver>,
    /// Deliveries whose handlers run as often as they may, by the handler.
    held: BTreeMap<&'static str, VecDeque<HandedOver>>,
    /// A delivery that was in several crashes. Those before it run first, and no further one is taken.
    suspect: Option<HandedOver>,
    running: BTreeMap<&'static str, usize>,
    total: usize,
    most: usize,
    /// The suspect that is made, beside which nothing is begun.
    alone: Option<Fence>,
    /// Whether the last claim had as many as it asked for.
    pub(super) was_full: bool,
}

impl Ready {
    pub(super) fn new(most: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            held: BTreeMap::new(),
            suspect: None,
            running: BTreeMap::new(),
            total: 0,
            most,
            alone: None,
            was_full: false,
        }
    }

    /// Whether a delivery would be made alone, and another such one is here already.
    pub(super) fn is_one_suspect_too_many(&self, crashes: u32) -> bool {
        crashes >= SUSPECT && self.is_reserved()
    }

    /// Whether a suspect waits or runs, so that there is room for nothing else. A process that dies counts as a crash
    /// for all that it has: what waits behind one that kills it would become a dead letter with it.
    pub(super) fn is_reserved(&self) -> bool {
        self.alone.is_some() || self.suspect.is_some()
    }

    pub(super) fn push(&mut self, delivery: HandedOver) {
        if delivery.crashes >= SUSPECT {
            self.suspect = Some(delivery);
        } else {
            self.waiting.push_back(delivery);
        }
    }

    /// Returns the next delivery that may run, and counts it as running.
    pub(super) fn next(&mut self) -> Option<HandedOver> {
        if self.alone.is_some() || self.total >= self.most {
            return None;
        }
        while let Some(delivery) = self.waiting.pop_front() {
            let handler = id(&delivery);
            let running = self.running.entry(handler).or_default();
            if *running < limit(&delivery) {
                *running += 1;
                self.total += 1;
                return Some(delivery);
            }
            self.held.entry(handler).or_default().push_back(delivery);
        }
        None
    }

    /// Returns the suspect, and counts it as running, if it may run now by what else this process has.
    pub(super) fn next_alone(
        &mut self,
        may: impl FnOnce(&HandedOver) -> bool,
    ) -> Option<HandedOver> {
        let delivery = self.suspect.take_if(|delivery| may(delivery))?;
        self.alone = Some(delivery.fence);
        *self.running.entry(id(&delivery)).or_default() += 1;
        self.total += 1;
        Some(delivery)
    }

    /// Counts the end of a call.
    pub(super) fn ran(&mut self, handler: &'static str) {
        self.total = self.total.saturating_sub(1);
        if let Some(running) = self.running.get_mut(handler) {
            *running = running.saturating_sub(1);
        }
        if let Some(delivery) = self.held.get_mut(handler).and_then(VecDeque::pop_front) {
            self.waiting.push_front(delivery);
        }
    }

    /// Notes that a lease has ended.
    pub(super) fn left(&mut self, fence: Fence) {
        self.alone.take_if(|alone| *alone == fence);
    }

    /// Returns how many more deliveries are worth having.
    pub(super) fn room(&self) -> usize {
        if self.is_reserved() {
            return 0;
        }
        let held: usize = self.held.values().map(VecDeque::len).sum();
        (2 * self.most).saturating_sub(self.waiting.len() + held)
    }

    /// Whether fewer deliveries wait than can run at once.
    pub(super) fn is_low(&self) -> bool {
        self.is_low_with(0)
    }

    /// Whether fewer deliveries wait than can run at once when some more have come.
    pub(super) fn is_low_with(&self, coming: usize) -> bool {
        self.waiting.len() + coming < self.most
    }

    /// Takes what was not begun of these.
    pub(super) fn take(&mut self, fences: &BTreeSet<Fence>) -> Vec<HandedOver> {
        let mut taken = Vec::new();
        for queue in std::iter::once(&mut self.waiting).chain(self.held.values_mut()) {
            let is_taken = |delivery: &HandedOver| fences.contains(&delivery.fence);
            let (these, others) = queue.drain(..).partition::<VecDeque<_>, _>(is_taken);
            taken.extend(these);
            *queue = others;
        }
        taken.extend(self.suspect.take_if(|it| fences.contains(&it.fence)));
        taken
    }

    /// Takes all that was not begun.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = HandedOver> {
        let held = std::mem::take(&mut self.held).into_values().flatten();
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_iter().chain(held).chain(self.suspect.take())
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
