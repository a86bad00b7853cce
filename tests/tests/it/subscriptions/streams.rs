//! Events of one type as a stream.

use std::future::IntoFuture;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use event_core::queue::Overflow;
use event_core::stream::EventStream;
use event_core::{Dispatcher, Event};
use event_tests::{poll_once, quiet_panic};
use futures_core::Stream;
use pollster::block_on;

#[derive(Event)]
struct Moved(u32);

#[derive(Event)]
struct Generic<T: Send + Sync + 'static>(T);

fn empty() -> Dispatcher {
    Dispatcher::empty().build().expect("no runtime is needed")
}

fn all(stream: &mut EventStream<Moved>) -> Vec<u32> {
    std::iter::from_fn(|| stream.try_next())
        .map(|moved| moved.0)
        .collect()
}

fn emit(dispatcher: &Dispatcher, numbers: std::ops::Range<u32>) {
    for number in numbers {
        dispatcher.emit(Moved(number));
    }
}

#[test]
fn a_stream_that_drops_the_oldest_counts_what_it_skipped() {
    let dispatcher = empty();
    let mut stream = dispatcher.stream(3, Overflow::DropOldest);
    emit(&dispatcher, 0..5);
    assert_eq!((all(&mut stream), stream.skipped()), (vec![2, 3, 4], 2));
    emit(&dispatcher, 5..6);
    assert_eq!((all(&mut stream), stream.skipped()), (vec![5], 2));
}

#[test]
fn a_stream_that_drops_the_newest_counts_what_it_skipped() {
    let dispatcher = empty();
    let mut stream = dispatcher.stream(3, Overflow::DropNewest);
    emit(&dispatcher, 0..3);
    let report = dispatcher.emit(Moved(3));
    assert!(report.is_ok());
    assert_eq!((report.dropped(), report.handed_over()), (1, 0));
    assert_eq!((all(&mut stream), stream.skipped()), (vec![0, 1, 2], 1));
}

#[test]
fn a_stream_that_rejects_tells_the_emitter_and_can_be_redelivered_to() {
    let dispatcher = empty();
    let mut stream = dispatcher.stream(1, Overflow::Reject);
    emit(&dispatcher, 0..1);
    let report = dispatcher.emit(Moved(1));
    assert_eq!((report.rejected(), stream.skipped()), (1, 1));
    assert_eq!(all(&mut stream), [0]);
    block_on(report.failures()[0].redeliver()).expect("there is room");
    assert_eq!(all(&mut stream), [1]);
}

#[test]
fn a_stream_that_lets_emitters_wait_gets_every_event_of_emit_async() {
    let dispatcher = empty();
    let mut stream = dispatcher.stream(1, Overflow::Wait);
    emit(&dispatcher, 0..1);
    assert_eq!(
        dispatcher.emit(Moved(9)).rejected(),
        1,
        "`emit` never waits"
    );
    let mut emission = pin!(dispatcher.emit_async(Moved(1)).into_future());
    assert!(poll_once(emission.as_mut()).is_pending());
    assert_eq!(all(&mut stream), [0]);
    assert_eq!(block_on(emission).handed_over(), 1);
    assert_eq!(all(&mut stream), [1]);
}

#[test]
fn whoever_waits_for_room_in_a_stream_that_goes_is_let_go_without_a_failure() {
    let dispatcher = empty();
    let stream = dispatcher.stream::<Moved>(1, Overflow::Wait);
    emit(&dispatcher, 0..1);
    let mut emission = pin!(dispatcher.emit_async(Moved(1)).into_future());
    assert!(poll_once(emission.as_mut()).is_pending());
    drop(stream);
    let report = block_on(emission);
    assert!(report.is_ok(), "{report}");
    assert_eq!(report.handed_over(), 0);
    let report = dispatcher.emit(Moved(2));
    assert_eq!((report.deliveries(), report.is_ok()), (0, true));
}

#[test]
fn two_streams_see_all_events() {
    let dispatcher = empty();
    let mut one = dispatcher.stream(10, Overflow::Reject);
    let mut two = dispatcher.stream(10, Overflow::DropOldest);
    assert_eq!(dispatcher.emit(Moved(0)).handed_over(), 2);
    let (first, second) = (one.try_next(), two.try_next());
    let (first, second) = (first.expect("emitted"), second.expect("emitted"));
    assert!(Arc::ptr_eq(&first, &second), "they share it");
    emit(&dispatcher, 1..4);
    assert_eq!(
        (all(&mut one), all(&mut two)),
        (vec![1, 2, 3], vec![1, 2, 3])
    );
    drop(one);
    emit(&dispatcher, 4..5);
    assert_eq!(all(&mut two), [4]);
}

#[test]
fn a_stream_sees_what_is_emitted_from_its_beginning_on() {
    let dispatcher = empty();
    emit(&dispatcher, 0..1);
    let mut stream = dispatcher.stream(10, Overflow::Reject);
    emit(&dispatcher, 1..2);
    assert_eq!(all(&mut stream), [1]);
    let mut generic = dispatcher.stream::<Generic<u8>>(1, Overflow::Reject);
    dispatcher.emit(Generic(7_u8));
    assert_eq!(generic.try_next().map(|event| event.0), Some(7));
}

#[test]
fn next_waits_for_an_event_and_is_woken_by_it() {
    let dispatcher = empty();
    let mut stream = dispatcher.stream::<Moved>(1, Overflow::Wait);
    thread::scope(|scope| {
        let emitting = scope.spawn(|| {
            for number in 0..1000 {
                block_on(dispatcher.emit_async(Moved(number)).into_future());
            }
        });
        for number in 0..1000 {
            let moved = block_on(stream.next()).expect("the dispatcher lives");
            assert_eq!(moved.0, number);
        }
        emitting.join().expect("no panic");
    });
    assert_eq!(stream.skipped(), 0);
}

#[test]
fn next_that_is_dropped_loses_no_event() {
    let dispatcher = empty();
    let mut stream = dispatcher.stream::<Moved>(4, Overflow::Reject);
    for number in 0..3 {
        {
            let mut next = pin!(stream.next());
            assert!(poll_once(next.as_mut()).is_pending());
            dispatcher.emit(Moved(number));
            // Woken, and dropped without having been polled again.
        }
        if number == 1 {
            assert_eq!(all(&mut stream), [1]);
        } else {
            assert_eq!(block_on(stream.next()).map(|moved| moved.0), Some(number));
        }
    }
}

#[test]
fn a_stream_that_is_polled_by_another_task_wakes_that_one() {
    struct Count(std::sync::atomic::AtomicUsize);
    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    }
    let dispatcher = empty();
    let mut stream = dispatcher.stream::<Moved>(4, Overflow::Reject);
    let [first, second] = [(); 2].map(|()| Arc::new(Count(0.into())));
    for count in [&first, &second] {
        let waker = Waker::from(Arc::clone(count));
        let polled = Pin::new(&mut stream).poll_next(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
    }
    emit(&dispatcher, 0..1);
    let wakes = |count: &Count| count.0.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!((wakes(&first), wakes(&second)), (0, 1));
    let mut context = Context::from_waker(Waker::noop());
    let polled = Pin::new(&mut stream).poll_next(&mut context);
    assert!(matches!(polled, Poll::Ready(Some(moved)) if moved.0 == 0));
}

#[test]
fn a_stream_ends_with_a_shutdown_after_what_it_holds() {
    let dispatcher = empty();
    let mut stream = dispatcher.stream::<Moved>(4, Overflow::Reject);
    emit(&dispatcher, 0..2);
    assert!(dispatcher.shutdown(Duration::ZERO).blocking().is_complete());
    assert_eq!(block_on(stream.next()).map(|moved| moved.0), Some(0));
    assert_eq!(block_on(stream.next()).map(|moved| moved.0), Some(1));
    assert!(block_on(stream.next()).is_none());
    assert!(block_on(stream.next()).is_none());
    let mut late = dispatcher.stream::<Moved>(4, Overflow::Reject);
    assert!(block_on(late.next()).is_none());
}

#[test]
fn a_stream_ends_with_the_last_dispatcher_and_keeps_none_alive() {
    let dispatcher = empty();
    let mut stream = dispatcher.stream::<Moved>(4, Overflow::Reject);
    emit(&dispatcher, 0..1);
    let handle = dispatcher.handle();
    drop(dispatcher);
    assert!(handle.emit(Moved(1)).is_err());
    assert_eq!(block_on(stream.next()).map(|moved| moved.0), Some(0));
    assert!(block_on(stream.next()).is_none());
}

#[test]
fn whoever_waits_for_an_event_when_the_dispatcher_goes_is_told() {
    let dispatcher = empty();
    let mut stream = dispatcher.stream::<Moved>(4, Overflow::Reject);
    thread::scope(|scope| {
        let waiting = scope.spawn(move || block_on(stream.next()).is_none());
        drop(dispatcher);
        assert!(waiting.join().expect("no panic"));
    });
}

#[derive(Debug)]
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        // Twice at once would end the process.
        quiet_panic();
    }
}

#[derive(Event)]
struct Explosive(Bomb);

#[test]
fn events_whose_drop_panics_go_one_by_one_with_their_stream_and_its_owner_hears_of_it() {
    let dispatcher = empty();
    let stream = dispatcher.stream::<Explosive>(4, Overflow::Reject);
    dispatcher.emit(Explosive(Bomb));
    dispatcher.emit(Explosive(Bomb));
    let end = catch_unwind(AssertUnwindSafe(|| drop(stream)));
    assert!(end.is_err(), "two at once would have ended the process");
    assert_eq!(dispatcher.emit(Moved(0)).deliveries(), 0);
}
