//! Random sequences of operations, beside a model that is too simple to be wrong.

use std::any::Any;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Wake};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::Index;

use crate::queue::buffer::delayed::NextDue;
use crate::queue::buffer::line::Ring;
use crate::queue::buffer::slots::Label;
use crate::queue::buffer::tests::poll_by;
use crate::queue::buffer::ticket::{Next, Ticket, Turn};
use crate::queue::buffer::{Buffer, Counts, Offer, WhenFull};

#[derive(Clone, Debug)]
enum Step {
    Offer(Option<u64>, WhenFull),
    /// Offers an event to a ring.
    OfferEvent(u32, Option<u64>),
    Take,
    /// Returns the ticket of a running item, and takes the next item.
    Exchange(Index),
    Finish(Index),
    /// Delays a running item by some seconds; it may keep its lane.
    Delay(Index, u64, bool),
    /// Makes the items ready that are due after some seconds.
    Release(u64),
    /// Lets the consumer that keeps its ticket take what is next.
    Next,
    /// Lets the consumer that keeps its ticket take an event of a ring, whatever is next.
    TakeEvent(u32),
    /// Lets the consumer that keeps its ticket return the ticket.
    Rest,
    Pause(bool),
    Clear,
    Close,
    /// Begins to wait for an item.
    Sleep,
    /// Drops a wait for an item.
    Drop(Index),
    /// Polls a wait for an item that was woken.
    Poll(Index),
}

const RINGS: u32 = 2;

/// A ring of numbers, which are the items, too.
#[derive(Default)]
pub(crate) struct NumberRing {
    numbers: VecDeque<u32>,
    /// The numbers with a lane.
    keyed: Vec<Option<u32>>,
}

impl Ring<u32> for NumberRing {
    fn push(&mut self, event: &mut dyn Any) {
        let event = event.downcast_mut::<Option<u32>>().expect("a number");
        self.numbers.push_back(event.take().expect("it is there"));
    }

    fn pop(&mut self, event: &mut dyn Any) {
        *event.downcast_mut().expect("a number") = self.numbers.pop_front();
    }

    fn pop_item(&mut self) -> Option<u32> {
        self.numbers.pop_front()
    }

    fn insert(&mut self, event: &mut dyn Any) -> usize {
        let event = event.downcast_mut::<Option<u32>>().expect("a number");
        self.keyed.push(event.take());
        self.keyed.len() - 1
    }

    fn remove(&mut self, key: usize, event: &mut dyn Any) {
        *event.downcast_mut().expect("a number") = self.keyed[key].take();
    }

    fn remove_item(&mut self, key: usize) -> Option<u32> {
        self.keyed[key].take()
    }

    fn label(&self) -> Label {
        0
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let lane = prop::option::of(0..3_u64);
    let when_full = prop::sample::select(&[WhenFull::Refuse, WhenFull::Wait, WhenFull::Displace]);
    let step = prop_oneof![
        12 => (lane.clone(), when_full)
            .prop_map(|(lane, when_full)| Step::Offer(lane, when_full)),
        12 => (0..RINGS, lane).prop_map(|(ring, lane)| Step::OfferEvent(ring, lane)),
        4 => Just(Step::Take),
        8 => Just(Step::Next),
        4 => (0..RINGS).prop_map(Step::TakeEvent),
        2 => Just(Step::Rest),
        5 => any::<Index>().prop_map(Step::Exchange),
        4 => any::<Index>().prop_map(Step::Finish),
        4 => (any::<Index>(), 0..4_u64, any::<bool>())
            .prop_map(|(which, due, keeps_lane)| Step::Delay(which, due, keeps_lane)),
        3 => (0..4_u64).prop_map(Step::Release),
        2 => any::<bool>().prop_map(Step::Pause),
        1 => Just(Step::Clear),
        1 => Just(Step::Close),
        4 => Just(Step::Sleep),
        2 => any::<Index>().prop_map(Step::Drop),
        2 => any::<Index>().prop_map(Step::Poll),
    ];
    prop::collection::vec(step, 0..80)
}

/// A model that has all that waits in one list, and searches the list from the front each time.
#[derive(Default)]
struct Model {
    capacity: usize,
    waiting: Vec<(u32, Option<u64>)>,
    /// The ring of each waiting number that is an event.
    events: HashMap<u32, u32>,
    /// The lanes of the running items.
    running: Vec<Option<u64>>,
    /// The delayed items in the order in which they are due: when, the item, its lane, and whether it keeps
    /// the lane.
    delayed: Vec<(u64, u32, Option<u64>, bool)>,
    /// Waiting items that have kept their lane, and are delivered before all others of the lane.
    ahead: HashSet<u32>,
    paused: bool,
    closed: bool,
    counts: Counts,
}

impl Model {
    fn offer(&mut self, item: u32, lane: Option<u64>, when_full: WhenFull) -> Offer<u32> {
        if self.closed {
            self.counts.closed += 1;
            return Offer::Closed(item);
        }
        let full = self.depth() >= self.capacity;
        if full && when_full != WhenFull::Displace {
            self.counts.refused += u64::from(when_full == WhenFull::Refuse);
            return Offer::Full(item);
        }
        let displaced = full.then(|| {
            if self.waiting.is_empty() {
                self.delayed.remove(0).1
            } else {
                self.waiting.remove(0).0
            }
        });
        self.waiting.push((item, lane));
        self.counts.offered += 1;
        self.note_high_water();
        self.counts.displaced += u64::from(full);
        displaced.map_or(Offer::Waits, Offer::Displaced)
    }

    fn offer_event(&mut self, event: u32, ring: u32, lane: Option<u64>) -> bool {
        if self.closed || self.depth() >= self.capacity {
            return false;
        }
        self.events.insert(event, ring);
        self.offer(event, lane, WhenFull::Refuse) == Offer::Waits
    }

    /// Returns the ring of what is next, if it is an event.
    fn ring(&self) -> Option<u32> {
        let (item, _) = self.waiting[self.ready()?];
        self.events.get(&item).copied()
    }

    /// Returns the lane of what is next.
    fn lane(&self) -> Option<u64> {
        self.waiting[self.ready()?].1
    }

    /// Returns the ticket of a running item, by its lane.
    fn finish_lane(&mut self, lane: Option<u64>) {
        let running = self.running.iter().position(|other| *other == lane);
        self.finish(running.expect("it runs"));
    }

    /// Frees the lane of an item that is still counted as running.
    fn leave_lane(&mut self, lane: Option<u64>) {
        let running = self.running.iter_mut().find(|other| **other == lane);
        *running.expect("it runs") = None;
    }

    /// Returns the oldest item whose lane has no older item and none that runs.
    fn ready(&self) -> Option<usize> {
        if self.paused && !self.closed {
            return None;
        }
        (0..self.waiting.len()).find(|&index| {
            let (item, lane) = self.waiting[index];
            let mut kept = self.delayed.iter().filter(|delayed| delayed.3);
            let is_kept = kept.any(|delayed| delayed.2 == lane);
            let mut ahead = self
                .waiting
                .iter()
                .filter(|(item, _)| self.ahead.contains(item));
            let mut before = self.waiting[..index].iter().map(|(_, lane)| lane);
            let is_first = match ahead.find(|(_, other)| *other == lane) {
                Some((ahead, _)) => *ahead == item,
                None => !before.any(|other| *other == lane),
            };
            lane.is_none() || is_first && !is_kept && !self.running.contains(&lane)
        })
    }

    /// How many items wait, delayed or not.
    fn depth(&self) -> usize {
        self.waiting.len() + self.delayed.len()
    }

    fn note_high_water(&mut self) {
        self.counts.high_water = self.counts.high_water.max(self.depth());
    }

    fn delay(&mut self, item: u32, lane: Option<u64>, due: u64, keeps_lane: bool) -> bool {
        if self.closed {
            return false;
        }
        let running = self.running.iter().position(|other| *other == lane);
        self.running.remove(running.expect("it runs"));
        let keeps_lane = keeps_lane && lane.is_some();
        self.delayed.push((due, item, lane, keeps_lane));
        self.delayed.sort_by_key(|delayed| delayed.0);
        self.note_high_water();
        true
    }

    fn release(&mut self, now: u64) {
        while self.delayed.first().is_some_and(|first| first.0 <= now) {
            let (_, item, lane, keeps_lane) = self.delayed.remove(0);
            self.waiting.push((item, lane));
            if keeps_lane {
                self.ahead.insert(item);
            }
        }
    }

    fn take(&mut self) -> Option<u32> {
        let (item, lane) = self.waiting.remove(self.ready()?);
        self.running.push(lane);
        Some(item)
    }

    fn finish(&mut self, index: usize) {
        self.running.remove(index);
        self.counts.finished += 1;
    }

    fn is_over(&self) -> bool {
        self.closed && self.depth() == 0
    }

    fn clear(&mut self) -> Vec<u32> {
        self.counts.cleared += self.depth() as u64;
        let delayed = self.delayed.drain(..).map(|(_, item, ..)| item);
        let waiting = self.waiting.drain(..).map(|(item, _)| item);
        waiting.chain(delayed).collect()
    }

    fn counts(&self) -> Counts {
        Counts {
            depth: self.depth(),
            running: self.running.len(),
            ..self.counts
        }
    }
}

/// A waker that notes that its task is to be polled.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

proptest! {
    // Failures are not written into the source tree.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_buffer_does_what_a_plain_list_does_and_leaves_no_one_asleep(
        capacity in 1..6_usize,
        steps in steps(),
    ) {
        let rings = (0..RINGS).map(|_| Box::<NumberRing>::default() as Box<dyn Ring<u32>>);
        let buffer = Buffer::new(capacity, |_| 0, rings.collect());
        let start = Instant::now();
        let mut held: Option<Ticket> = None;
        let mut model = Model { capacity, ..Model::default() };
        let mut tickets: Vec<Ticket> = Vec::new();
        let mut sleepers = Vec::new();
        for (item, step) in (0..).zip(steps) {
            match step {
                Step::Offer(lane, when_full) => prop_assert_eq!(
                    buffer.offer(item, lane, when_full, None),
                    model.offer(item, lane, when_full)
                ),
                Step::OfferEvent(ring, lane) => {
                    let mut event = Some(item);
                    let expected = model.offer_event(item, ring, lane);
                    prop_assert_eq!(buffer.offer_event(ring, &mut event, lane), expected);
                    prop_assert_eq!(event.is_none(), expected);
                }
                Step::Next => {
                    let lane = held.as_ref().map(|ticket| ticket.lane);
                    let is_idle = held.as_ref().is_some_and(|ticket| ticket.is_idle);
                    // The lane of the held ticket becomes free only if the consumer takes something then.
                    let before = model.running.clone();
                    if let (Some(lane), false) = (lane, is_idle) {
                        model.finish_lane(lane);
                        model.counts.finished -= 1;
                    }
                    let expected = (model.ready().is_some(), model.ring());
                    match (buffer.try_next(&mut held), expected) {
                        (None, (false, _)) => model.running = before,
                        (Some(Next::Item(taken)), (true, None)) => {
                            model.counts.finished += u64::from(lane.is_some() && !is_idle);
                            prop_assert_eq!(Some(taken.item), model.take());
                            prop_assert!(held.is_none());
                            held = Some(taken.ticket);
                        }
                        (Some(Next::Event(ring, ticket)), (true, Some(expected))) => {
                            prop_assert_eq!(ring, expected);
                            if ticket.is_some() {
                                prop_assert!(held.is_none());
                                model.counts.finished += u64::from(lane.is_some() && !is_idle);
                                held = ticket;
                            } else {
                                model.running = before;
                            }
                        }
                        (next, expected) => prop_assert!(false, "{next:?}, not {expected:?}"),
                    }
                }
                Step::TakeEvent(ring) => {
                    if let Some(Ticket { lane: lane @ Some(_), .. }) = held {
                        model.leave_lane(lane);
                    }
                    let is_next = model.ring() == Some(ring);
                    if let (true, Some(Ticket { is_idle: false, .. })) = (is_next, &held) {
                        model.finish_lane(None);
                    }
                    let mut event: Option<u32> = None;
                    let (other, lane) = (model.ring(), model.lane());
                    let turn = buffer.take_event(ring, 0, &mut event, &mut held);
                    if is_next {
                        prop_assert_eq!(event, model.take());
                        prop_assert_eq!(held.as_ref().and_then(|ticket| ticket.lane), lane);
                    }
                    let expected = match other {
                        Some(next) if next == ring => {
                            let may_tell = |next: &u32| lane.is_none() && *next != ring;
                            Turn::Taken(model.ring().filter(may_tell))
                        }
                        Some(next) => Turn::Other(next),
                        None => Turn::Over,
                    };
                    prop_assert_eq!(turn, expected);
                }
                Step::Rest => {
                    if let Some(ticket) = held.take() {
                        if !ticket.is_idle {
                            model.finish_lane(ticket.lane);
                        }
                        buffer.finish(ticket);
                    }
                }
                Step::Take => {
                    let taken = buffer.try_take(None);
                    prop_assert_eq!(taken.as_ref().map(|taken| taken.item), model.take());
                    tickets.extend(taken.map(|taken| taken.ticket));
                }
                Step::Exchange(which) if !tickets.is_empty() => {
                    let ticket = tickets.remove(which.index(tickets.len()));
                    model.finish_lane(ticket.lane);
                    let taken = buffer.try_take(Some(ticket));
                    prop_assert_eq!(taken.as_ref().map(|taken| taken.item), model.take());
                    tickets.extend(taken.map(|taken| taken.ticket));
                }
                Step::Finish(which) if !tickets.is_empty() => {
                    let ticket = tickets.remove(which.index(tickets.len()));
                    model.finish_lane(ticket.lane);
                    buffer.finish(ticket);
                }
                Step::Delay(which, due, keeps_lane) if !tickets.is_empty() => {
                    let mut ticket = Some(tickets.remove(which.index(tickets.len())));
                    let lane = ticket.as_ref().and_then(|ticket| ticket.lane);
                    let due_at = start + Duration::from_secs(due);
                    let delayed = buffer.delay(&mut ticket, item, due_at, keeps_lane);
                    let expected = model.delay(item, lane, due, keeps_lane);
                    prop_assert_eq!(delayed.is_ok(), expected);
                    prop_assert_eq!(ticket.is_none(), expected);
                    tickets.extend(ticket);
                }
                Step::Release(now) => {
                    model.release(now);
                    let next = match model.delayed.first() {
                        Some((due, ..)) => NextDue::At(start + Duration::from_secs(*due)),
                        None if model.closed => NextDue::Never,
                        None => NextDue::Unknown,
                    };
                    prop_assert_eq!(buffer.release_due(start + Duration::from_secs(now)), next);
                }
                Step::Pause(paused) => {
                    model.paused = paused;
                    buffer.set_paused(paused);
                }
                Step::Clear => prop_assert_eq!(buffer.clear(), model.clear()),
                Step::Close => {
                    model.closed = true;
                    buffer.close();
                }
                Step::Sleep if model.ready().is_none() && !model.is_over() => {
                    let woken = Arc::<Woken>::default();
                    let mut take = buffer.take(None);
                    prop_assert!(poll_by(&mut take, &Arc::clone(&woken).into()).is_pending());
                    sleepers.push((take, woken));
                }
                Step::Drop(which) if !sleepers.is_empty() => {
                    drop(sleepers.swap_remove(which.index(sleepers.len())));
                }
                Step::Poll(which) if !sleepers.is_empty() => {
                    let which = which.index(sleepers.len());
                    let (take, woken) = &mut sleepers[which];
                    if woken.0.swap(false, Ordering::Relaxed) {
                        let expected = (model.take(), model.is_over());
                        match poll_by(take, &Arc::clone(woken).into()) {
                            Poll::Pending => prop_assert_eq!(expected, (None, false)),
                            Poll::Ready(taken) => {
                                prop_assert_eq!(taken.as_ref().map(|taken| taken.item), expected.0);
                                prop_assert!(taken.is_some() || expected.1);
                                tickets.extend(taken.map(|taken| taken.ticket));
                                drop(sleepers.swap_remove(which));
                            }
                        }
                    }
                }
                _ => {}
            }
            prop_assert_eq!(buffer.counts(), model.counts());
            // At least as many sleepers are awake as items are ready, or none sleeps.
            let awake = sleepers.iter().filter(|(_, woken)| woken.0.load(Ordering::Relaxed));
            let ready = buffer.lock().prospect(crate::queue::buffer::sleep::Whom::Consumers);
            prop_assert!(awake.count() >= ready.min(sleepers.len()));
        }
    }
}
