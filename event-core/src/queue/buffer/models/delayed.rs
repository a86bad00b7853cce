//! The interleavings of items that wait for their next attempt, and of the timer that makes them ready.

use std::time::{Duration, Instant};

use super::{LANE, buffer, deliver_all, join, model_of_three, offer, offer_in_lane, take, with};
use crate::queue::buffer::delayed::NextDue;
use crate::queue::buffer::ticket::Ticket;
use crate::queue::buffer::{Buffer, Offer, WhenFull};

/// Runs the first attempt of the next item, which is due at `due`.
fn delay(buffer: &Buffer<u8>, due: Instant, keeps_lane: bool) {
    let (item, ticket) = take(buffer);
    delay_taken(buffer, item, ticket, due, keeps_lane);
}

fn delay_taken(buffer: &Buffer<u8>, item: u8, ticket: Ticket, due: Instant, keeps_lane: bool) {
    let mut ticket = Some(ticket);
    if buffer.delay(&mut ticket, item, due, keeps_lane).is_err() {
        ticket.into_iter().for_each(|ticket| buffer.abandon(ticket));
    }
}

#[test]
fn a_consumer_that_sleeps_is_woken_for_an_item_that_is_due() {
    model_of_three(|| {
        let (buffer, due) = (buffer(1), Instant::now());
        offer(&buffer, 1);
        let consumer = with(&buffer, move |buffer| {
            delay(buffer, due, false);
            let (item, ticket) = take(buffer);
            buffer.finish(ticket);
            item
        });
        let timer = with(&buffer, move |buffer| {
            while buffer.counts().finished == 0 {
                let _ = buffer.release_due(due);
                loom::thread::yield_now();
            }
        });
        assert_eq!(join(consumer), 1);
        join(timer);
    });
}

#[test]
fn a_buffer_is_not_quiet_while_an_item_waits_for_its_next_attempt() {
    loom::model(|| {
        let (buffer, due) = (buffer(1), Instant::now() + Duration::from_secs(1));
        offer(&buffer, 1);
        delay(&buffer, due, false);
        let other = with(&buffer, move |buffer| {
            assert_eq!(buffer.release_due(due), NextDue::Unknown);
            let (_, ticket) = take(buffer);
            buffer.finish(ticket);
        });
        loom::future::block_on(buffer.quiet());
        assert_eq!(buffer.counts().finished, 1);
        join(other);
    });
}

#[test]
fn items_of_a_lane_run_behind_one_that_keeps_the_lane() {
    model_of_three(|| {
        let (buffer, due) = (buffer(2), Instant::now());
        offer_in_lane(&buffer, 1);
        let timer = with(&buffer, move |buffer| {
            delay(buffer, due, true);
            let _ = buffer.release_due(due);
            buffer.close();
        });
        let producer = with(&buffer, |buffer| {
            let offered = buffer.offer(2, LANE, WhenFull::Refuse, None);
            matches!(offered, Offer::Waits)
        });
        join(timer);
        let has_both = join(producer);
        let mut ran = Vec::new();
        deliver_all(&buffer, |item| ran.push(item));
        assert_eq!(ran, if has_both { vec![1, 2] } else { vec![1] });
    });
}

#[test]
fn an_item_that_is_delayed_as_the_time_ends_is_abandoned_once() {
    model_of_three(|| {
        let (buffer, due) = (buffer(1), Instant::now());
        offer(&buffer, 1);
        buffer.open_account();
        let (item, ticket) = take(&buffer);
        let consumer = with(&buffer, move |buffer| {
            delay_taken(buffer, item, ticket, due, false);
        });
        let timer = with(&buffer, move |buffer| {
            let _ = buffer.release_due(due);
        });
        let (abandoned, woken) = buffer.close_and_abandon();
        woken.into_iter().for_each(std::task::Waker::wake);
        join(consumer);
        join(timer);
        let (drained, given_up) = buffer.account();
        let named = |counts: Vec<(u32, usize)>| counts.iter().map(|(_, n)| n).sum::<usize>();
        assert_eq!((named(drained), named(given_up)), (0, 1));
        assert!(abandoned.len() <= 1);
        assert_eq!((buffer.counts().running, buffer.counts().depth), (0, 0));
    });
}
