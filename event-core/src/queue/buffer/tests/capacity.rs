//! What happens when the buffer is full, and the wait for free capacity.

use std::sync::Arc;

use crate::queue::buffer::tests::{
    A, B, Woken, buffer, deliver_all, poll, poll_by, take, take_ready,
};
use crate::queue::buffer::{Buffer, Offer, WhenFull};

#[test]
fn the_capacity_bounds_what_waits_ready_or_held_and_not_what_runs() {
    let buffer = buffer(2, [(1, A), (2, A)]);
    assert_eq!(
        buffer.offer(3, None, WhenFull::Refuse, None),
        Offer::Full(3)
    );
    let (_, _running) = take(&buffer);
    assert_eq!(buffer.offer(4, None, WhenFull::Refuse, None), Offer::Waits);
    assert_eq!(
        buffer.offer(5, None, WhenFull::Refuse, None),
        Offer::Full(5)
    );
}

#[test]
fn a_capacity_of_nothing_is_one() {
    let buffer = Buffer::new(0, |_| 0, Box::default());
    assert_eq!(
        buffer.offer(1, None, WhenFull::Displace, None),
        Offer::Waits
    );
    assert_eq!(
        buffer.offer(2, None, WhenFull::Displace, None),
        Offer::Displaced(1)
    );
}

#[test]
fn the_oldest_makes_room_whether_ready_or_held() {
    let buffer = buffer(
        4,
        [(0, A), (1, A), (2, None), (3, A), (4, B)]
            .into_iter()
            .skip(1),
    );
    // 1 is ready, and 3 becomes ready as 1 is displaced.
    assert_eq!(
        buffer.offer(5, None, WhenFull::Displace, None),
        Offer::Displaced(1)
    );
    let (ready, mut running) = take_ready(&buffer);
    assert_eq!(ready, [2, 3, 4, 5]);
    for item in [(6, A), (7, None), (8, A), (9, None)] {
        assert_eq!(
            buffer.offer(item.0, item.1, WhenFull::Refuse, None),
            Offer::Waits
        );
    }
    // 6 is held behind 3, and 8 moves up in the lane.
    assert_eq!(
        buffer.offer(10, None, WhenFull::Displace, None),
        Offer::Displaced(6)
    );
    buffer.finish(running.remove(1));
    assert_eq!(take_ready(&buffer).0, [7, 8, 9, 10]);
}

#[test]
fn the_oldest_makes_room_though_its_lane_has_just_become_free() {
    let buffer = buffer(3, [(1, A), (2, A), (3, A)]);
    let (_, ticket) = take(&buffer);
    buffer.finish(ticket);
    assert_eq!(buffer.offer(4, None, WhenFull::Refuse, None), Offer::Waits);
    assert_eq!(
        buffer.offer(5, None, WhenFull::Displace, None),
        Offer::Displaced(2)
    );
    assert_eq!(deliver_all(&buffer), [3, 4, 5]);
}

#[test]
fn an_item_may_displace_the_one_before_it_in_its_lane() {
    let buffer = buffer(1, [(1, A)]);
    assert_eq!(
        buffer.offer(2, A, WhenFull::Displace, None),
        Offer::Displaced(1)
    );
    assert_eq!(take(&buffer).0, 2);
}

#[test]
fn there_is_room_at_once_or_after_a_take_or_the_close() {
    let buffer = Buffer::new(1, |_| 0, Box::default());
    assert!(poll(&mut buffer.capacity_free()).is_ready());
    let _ = buffer.offer(1, None, WhenFull::Wait, None);
    let mut waits = buffer.capacity_free();
    assert!(poll(&mut waits).is_pending());
    let (_, _running) = take(&buffer);
    assert!(poll(&mut waits).is_ready());
    let _ = buffer.offer(2, None, WhenFull::Wait, None);
    let mut waits = buffer.capacity_free();
    assert!(poll(&mut waits).is_pending());
    buffer.close();
    assert!(poll(&mut waits).is_ready());
}

#[test]
fn each_place_that_becomes_free_lets_one_producer_go_on() {
    let buffer = buffer(2, [(1, None), (2, None)]);
    let wakes = [(); 3].map(|()| Arc::<Woken>::default());
    let mut waits = [(); 3].map(|()| buffer.capacity_free());
    for (wait, woken) in waits.iter_mut().zip(&wakes) {
        assert!(poll_by(wait, &Arc::clone(woken).into()).is_pending());
    }
    let (_, _running) = take(&buffer);
    assert_eq!(wakes.each_ref().map(|woken| woken.times()), [1, 0, 0]);
    buffer.clear();
    assert_eq!(wakes.each_ref().map(|woken| woken.times()), [1, 1, 0]);
}
