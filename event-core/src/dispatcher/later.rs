//! The second phase of an emission: what does not run inline is handed over.

use std::sync::Arc;

use super::cascade::{Blocked, Hands, Root};
use super::inner::Inner;
use super::limit::Permit;
use super::seat::{LateCall, Place, QueuePlace};
use super::shared::{Delivered, Item, Target};
use crate::isolate;
use crate::queue::line::{Line, Offered, Serves};
use crate::report::{Cause, Ended, Skip, Undelivered};

/// Hands an event to its queues and tasks, and to streams, in order.
///
/// A root that runs async handlers itself finds them untouched. `halted` says why nothing is handed
/// over, if so.
pub(crate) fn hand_over(
    inner: &Arc<Inner>,
    event: &Arc<dyn Delivered>,
    root: &mut Root,
    halted: Option<Skip>,
) {
    // Handlers that wait for each other run in one task.
    let mut ordered = Vec::new();
    let is_ordered = is_ordered(inner, &**event);
    for seat in seats(inner, &**event) {
        let target = Target::Seat(seat);
        if let Some(skip) = stopped(root, halted) {
            root.settle(inner, &**event, &target, |emission| emission.skip(skip));
            continue;
        }
        match event.place(inner, seat) {
            Place::Task(_) if root.hands == Hands::Structured => {}
            Place::Task(place) => {
                if !admits(inner, &**event, seat, root) {
                    continue;
                }
                match place.limit.try_acquire() {
                    Some(permit) if is_ordered => ordered.push((seat, permit)),
                    Some(permit) => start_task(inner, event, target, permit, root),
                    None => {
                        let item = item(event, target);
                        let cause =
                            Cause::Full(Arc::new(Undelivered::of_task(inner, item, &place.limit)));
                        reject(inner, &**event, &Target::Seat(seat), root, cause);
                    }
                }
            }
            Place::Queue(QueuePlace { line, label }) => {
                if admits(inner, &**event, seat, root) {
                    let item = Item {
                        label: *label,
                        ..item(event, target)
                    };
                    offer(inner, &inner.lines[*line], item, root);
                }
            }
        }
    }
    if let Some(skip) = stopped(root, halted) {
        for (seat, _) in ordered {
            root.settle(inner, &**event, &Target::Seat(seat), |emission| {
                emission.skip(skip);
            });
        }
    } else if !ordered.is_empty() {
        start_ordered(inner, event, ordered, root);
    }
    let subscriptions = event.subscriptions();
    for subscription in subscriptions.iter().flat_map(|all| &**all) {
        let target = Target::Subscription(Arc::clone(subscription));
        if let Some(skip) = stopped(root, halted) {
            if subscription.is_alive() {
                root.settle(inner, &**event, &target, |emission| emission.skip(skip));
            }
            continue;
        }
        match subscription.call() {
            LateCall::Async { .. } if root.hands == Hands::Structured => {}
            LateCall::Async { limit, .. } => {
                let Some(permit) = limit.try_acquire() else {
                    let item = item(event, target.clone());
                    let cause = Cause::Full(Arc::new(Undelivered::of_task(inner, item, limit)));
                    reject(inner, &**event, &target, root, cause);
                    continue;
                };
                if Arc::clone(subscription).claim() {
                    start_task(inner, event, target, permit, root);
                }
            }
            LateCall::Stream(line) => {
                if Arc::clone(subscription).claim() {
                    offer(inner, line, item(event, target), root);
                }
            }
        }
    }
    if root.hands.blocks() {
        wait_blocking(inner, root);
    }
}

/// The seats of an event, by their index.
pub(crate) fn seats(inner: &Inner, event: &dyn Delivered) -> std::ops::Range<u32> {
    0..u32::try_from(event.seats(inner)).unwrap_or(u32::MAX)
}

/// Whether some async handler of the event waits for another.
pub(crate) fn is_ordered(inner: &Inner, event: &dyn Delivered) -> bool {
    seats(inner, event).any(|seat| match event.place(inner, seat) {
        Place::Task(place) => !place.after.is_empty(),
        Place::Queue(_) => false,
    })
}

/// Whether nothing more of the event is handed over.
fn stopped(root: &Root, halted: Option<Skip>) -> Option<Skip> {
    halted.or_else(|| (root.is_fail_fast() && root.has_failed()).then_some(Skip::EarlierFailure))
}

fn item(event: &Arc<dyn Delivered>, target: Target) -> Item {
    Item::new(Arc::clone(event), target)
}

/// Asks the filter of a handler; if it does not hold, the delivery ends here.
pub(crate) fn admits(
    inner: &Arc<Inner>,
    event: &dyn Delivered,
    seat: u32,
    root: &mut Root,
) -> bool {
    let target = Target::Seat(seat);
    match isolate::caught(|| event.admits(inner, seat)) {
        Ok(true) => return true,
        Ok(false) => root.settle(inner, event, &target, |emission| {
            emission.skip(Skip::Filter);
        }),
        Err(payload) => root.settle(inner, event, &target, |emission| {
            emission.panicked(event.as_any_event(), payload);
        }),
    };
    false
}

/// Ends a delivery that nobody takes, as a failure.
pub(crate) fn reject(
    inner: &Arc<Inner>,
    event: &dyn Delivered,
    target: &Target,
    root: &mut Root,
    cause: Cause,
) {
    let ended = cause.ended().unwrap_or(Ended::Rejected);
    root.settle(inner, event, target, |emission| {
        emission.failed(event.as_any_event(), ended, cause);
    });
}

fn start_task(
    inner: &Arc<Inner>,
    event: &Arc<dyn Delivered>,
    target: Target,
    permit: Permit,
    root: &mut Root,
) {
    if inner.runtime.is_none() {
        // Of a subscription: a build refuses handlers.
        reject(inner, &**event, &target, root, Cause::NoRuntime);
        return;
    }
    match inner.tasks.start(inner, item(event, target), permit) {
        Ok(()) => root.hand_over(),
        Err(item) => reject(inner, &*item.event, &item.target, root, Cause::Closed),
    }
}

fn start_ordered(
    inner: &Arc<Inner>,
    event: &Arc<dyn Delivered>,
    seats: Vec<(u32, Permit)>,
    root: &mut Root,
) {
    let deliveries = seats.len();
    match inner.tasks.start_ordered(inner, event, seats) {
        Ok(()) => (0..deliveries).for_each(|_| root.hand_over()),
        Err(seats) => {
            for (seat, _) in seats {
                reject(inner, &**event, &Target::Seat(seat), root, Cause::Closed);
            }
        }
    }
}

/// Offers a delivery to its queue, and takes in the answer.
pub(crate) fn offer(inner: &Arc<Inner>, line: &Arc<Line>, item: Item, root: &mut Root) {
    let waits = root.hands != Hands::Over;
    let is_blocked = |more: &super::cascade::More| {
        let mut blocked = more.blocked.iter();
        blocked.any(|blocked| Arc::ptr_eq(&blocked.line, line))
    };
    // Behind one that waits for the same queue, so that lanes keep their order.
    if waits
        && root
            .record
            .get()
            .is_some_and(|more| is_blocked(&more.borrow()))
    {
        block(line, item, root);
        return;
    }
    match line.offer(inner, item, None) {
        Offered::NoRoom(item) if waits => block(line, item, root),
        offered => {
            if let (Offered::Deserted(item), false) = (&offered, root.hands.is_reported()) {
                line.buffer.count_abandoned(item.label);
            }
            offered_to(inner, line, offered, root);
        }
    }
}

fn block(line: &Arc<Line>, item: Item, root: &mut Root) {
    line.count_wait();
    // Whoever has the report of the root is told there.
    let slot = if root.hands.is_reported() {
        None
    } else {
        line.buffer.wait(&item)
    };
    root.more().blocked.push(Blocked {
        line: Arc::clone(line),
        item,
        slot,
    });
}

/// Takes in what became of a delivery that was offered to a queue.
pub(crate) fn offered_to(inner: &Arc<Inner>, line: &Arc<Line>, offered: Offered, root: &mut Root) {
    match offered {
        Offered::Waits => root.hand_over(),
        Offered::NoRoom(item) | Offered::Rejected(item) => {
            line.count(Ended::Rejected);
            let (event, target) = (Arc::clone(&item.event), item.target.clone());
            let cause = Cause::Full(Arc::new(Undelivered::of_queue(inner, item, line)));
            reject(inner, &*event, &target, root, cause);
        }
        Offered::Dropped(item) => {
            root.settle(inner, &*item.event, &item.target, |emission| {
                emission.ended(Ended::Dropped);
            });
            isolate::discard(item);
        }
        Offered::Panicked(item, payload) => {
            root.settle(inner, &*item.event, &item.target, |emission| {
                emission.panicked(item.event.as_any_event(), payload);
            });
            isolate::discard(item);
        }
        // The stream is gone, and with it the subscription.
        Offered::Closed(item) if line.serves() == Serves::Stream && !inner.closing.is_closed() => {
            root.settle(inner, &*item.event, &item.target, |emission| {
                emission.skip(Skip::Cancelled);
            });
            isolate::discard(item);
        }
        Offered::Closed(item) => {
            line.count(Ended::Rejected);
            reject(inner, &*item.event, &item.target, root, Cause::Closed);
            isolate::discard(item);
        }
        Offered::Deserted(item) => {
            line.count(Ended::Abandoned);
            let cause = inner.abandoned(Some(line.name));
            reject(inner, &*item.event, &item.target, root, cause);
            isolate::discard(item);
        }
    }
}

/// Lets the thread wait until each delivery has found room.
pub(crate) fn wait_blocking(inner: &Arc<Inner>, root: &mut Root) {
    if root.record.get().is_none() {
        return;
    }
    for mut blocked in std::mem::take(&mut root.more().blocked) {
        loop {
            let line = Arc::clone(&blocked.line);
            line.buffer.room_blocking();
            match blocked.offer(inner) {
                Ok(offered) => {
                    offered_to(inner, &line, offered, root);
                    break;
                }
                Err(again) => blocked = again,
            }
        }
    }
}
