//! Which event leads to which, through handlers, as far as they declare it.

use std::collections::{HashSet, VecDeque};

use super::Catalog;

/// Which event leads to which, through handlers, as far as their return types and `Emitter`s declare it.
///
/// Events are indices into [`Catalog::events`], and handlers into [`handlers`](super::EventEntry::handlers).
#[derive(Debug)]
pub struct Causality {
    causes: Vec<Cause>,
    /// For each event the range of its causes, which are sorted by `from`.
    starts: Vec<usize>,
    /// For each event the number of the cycle that it is in.
    cycles: Vec<Option<usize>>,
}

/// A handler of one event may cause another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cause {
    /// The event that is handled.
    pub from: usize,
    /// The handler, among those of that event.
    pub handler: usize,
    /// The event that may be caused.
    pub to: usize,
}

impl Causality {
    /// Reads which event leads to which.
    #[must_use]
    pub fn of(catalog: &Catalog) -> Self {
        let mut causes = Vec::new();
        let mut starts = Vec::with_capacity(catalog.events.len() + 1);
        for (from, event) in catalog.events.iter().enumerate() {
            starts.push(causes.len());
            for (handler, entry) in event.handlers.iter().enumerate() {
                // Two types may have one name, which the doctor reports: either may be meant.
                for to in entry.causes.iter().flat_map(|id| catalog.positions(id)) {
                    causes.push(Cause { from, handler, to });
                }
            }
        }
        starts.push(causes.len());
        let mut causality = Self {
            causes,
            starts,
            cycles: Vec::new(),
        };
        causality.cycles = causality.find_cycles();
        causality
    }

    /// Returns what the handlers of an event may cause, in run order.
    #[must_use]
    pub fn of_event(&self, event: usize) -> &[Cause] {
        &self.causes[self.starts[event]..self.starts[event + 1]]
    }

    /// Returns everything that any handler may cause.
    #[must_use]
    pub fn all(&self) -> &[Cause] {
        &self.causes
    }

    /// Whether an event can lead to itself by way of this cause.
    #[must_use]
    pub fn is_in_cycle(&self, cause: &Cause) -> bool {
        let cycle = self.cycles[cause.from];
        cycle.is_some() && cycle == self.cycles[cause.to]
    }

    /// Returns the cycles: for each set of events that lead to one another a shortest way from its first
    /// event back to it.
    #[must_use]
    pub fn cycles(&self) -> Vec<Vec<Cause>> {
        let mut seen = HashSet::new();
        let events = self.cycles.iter().enumerate();
        let firsts = events.filter_map(|(event, cycle)| {
            let cycle = (*cycle)?;
            seen.insert(cycle).then_some(event)
        });
        firsts.map(|event| self.way_back(event)).collect()
    }

    /// Returns the events within so many steps of some others, along the causes or against them, themselves
    /// included.
    #[must_use]
    pub fn around(&self, events: &[usize], steps: usize) -> HashSet<usize> {
        let along = self.reached(events, steps, |cause| (cause.from, cause.to));
        let against = self.reached(events, steps, |cause| (cause.to, cause.from));
        along.union(&against).copied().collect()
    }

    fn reached(
        &self,
        events: &[usize],
        steps: usize,
        ends: impl Fn(&Cause) -> (usize, usize),
    ) -> HashSet<usize> {
        let mut next = vec![Vec::new(); self.cycles.len()];
        for (from, to) in self.causes.iter().map(ends) {
            next[from].push(to);
        }
        let mut reached: HashSet<usize> = events.iter().copied().collect();
        let mut edge: Vec<usize> = events.to_vec();
        for _ in 0..steps {
            let further = edge.iter().flat_map(|event| &next[*event]).copied();
            edge = further.filter(|event| reached.insert(*event)).collect();
            if edge.is_empty() {
                break;
            }
        }
        reached
    }

    /// Finds a shortest way from an event back to it.
    fn way_back(&self, start: usize) -> Vec<Cause> {
        let mut came_by: Vec<Option<Cause>> = vec![None; self.cycles.len()];
        let mut queue = VecDeque::from([start]);
        while let Some(event) = queue.pop_front() {
            for cause in self.of_event(event) {
                if cause.to == start {
                    let mut way = vec![*cause];
                    let mut at = cause.from;
                    while let (true, Some(earlier)) = (at != start, came_by[at]) {
                        way.push(earlier);
                        at = earlier.from;
                    }
                    way.reverse();
                    return way;
                }
                if came_by[cause.to].is_none() {
                    came_by[cause.to] = Some(*cause);
                    queue.push_back(cause.to);
                }
            }
        }
        Vec::new()
    }

    /// Numbers the strongly connected components that have a cycle, by Tarjan's algorithm, without
    /// recursion.
    fn find_cycles(&self) -> Vec<Option<usize>> {
        const UNSEEN: usize = usize::MAX;
        let count = self.starts.len() - 1;
        let mut cycles = vec![None; count];
        let (mut index, mut low) = (vec![UNSEEN; count], vec![0; count]);
        let mut is_on_stack = vec![false; count];
        let (mut stack, mut next_index, mut next_cycle) = (Vec::new(), 0, 0);
        for root in 0..count {
            if index[root] != UNSEEN {
                continue;
            }
            let mut calls = vec![(root, 0)];
            while let Some((event, done)) = calls.pop() {
                if done == 0 {
                    index[event] = next_index;
                    low[event] = next_index;
                    next_index += 1;
                    stack.push(event);
                    is_on_stack[event] = true;
                }
                let causes = self.of_event(event);
                let unseen = causes[done..].iter().position(|cause| {
                    let to = cause.to;
                    if index[to] != UNSEEN && is_on_stack[to] {
                        low[event] = low[event].min(index[to]);
                    }
                    index[to] == UNSEEN
                });
                if let Some(skipped) = unseen {
                    calls.push((event, done + skipped + 1));
                    calls.push((causes[done + skipped].to, 0));
                    continue;
                }
                if let Some((caller, _)) = calls.last() {
                    low[*caller] = low[*caller].min(low[event]);
                }
                if low[event] == index[event] {
                    let at = stack.iter().rposition(|other| *other == event);
                    let component = stack.split_off(at.unwrap_or(0));
                    let is_cycle =
                        component.len() > 1 || causes.iter().any(|cause| cause.to == event);
                    for member in component {
                        is_on_stack[member] = false;
                        cycles[member] = is_cycle.then_some(next_cycle);
                    }
                    next_cycle += usize::from(is_cycle);
                }
            }
        }
        cycles
    }
}
