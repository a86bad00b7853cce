//! What the classic bus gets wrong, and this one cannot.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use event_core::queue::Queue;
use event_core::{Dispatcher, Report, handler};
use event_testing::{DispatcherExt as _, assert_handled, assert_handles};
use greeter::{Greeter, GuestArrived};

const ADA: GuestArrived = GuestArrived { name: "Ada" };

fn lobby() -> Dispatcher {
    Dispatcher::empty().build().expect("nothing to wire")
}

#[test]
fn a_once_closure_that_nobody_else_holds_fires_once() {
    let dispatcher = lobby();
    let fired = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&fired);
    let _welcome = dispatcher.subscription_builder().once().subscribe(
        // Moved in: the subscription is its only owner.
        move |_: &GuestArrived| {
            count.fetch_add(1, Ordering::Relaxed);
        },
    );
    dispatcher.emit(ADA);
    dispatcher.emit(ADA);
    assert_eq!(fired.load(Ordering::Relaxed), 1);
}

#[test]
fn a_once_subscription_leaves_its_peers_of_the_same_priority_alone() {
    let dispatcher = lobby();
    let once = || dispatcher.subscription_builder().priority(7).once();
    let always = || dispatcher.subscription_builder().priority(7);
    let _guards = [
        always().subscribe(|_: &GuestArrived| {}),
        once().subscribe(|_: &GuestArrived| {}),
        always().subscribe(|_: &GuestArrived| {}),
        once().subscribe(|_: &GuestArrived| {}),
    ];
    assert_eq!(dispatcher.emit(ADA).done(), 4);
    assert_eq!(dispatcher.emit(ADA).done(), 2);
    assert_eq!(dispatcher.emit(ADA).done(), 2);
}

#[derive(Default)]
struct Clerk {
    waved: AtomicUsize,
}

impl Clerk {
    fn wave(&self, _event: &GuestArrived) {
        self.waved.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_method_is_not_called_after_its_guard_is_dropped() {
    let dispatcher = lobby();
    let clerk = Arc::new(Clerk::default());
    let weak = dispatcher
        .subscription_builder()
        .weak(&clerk)
        .subscribe(Clerk::wave);
    let strong = dispatcher.subscribe({
        let clerk = Arc::clone(&clerk);
        move |event: &GuestArrived| clerk.wave(event)
    });
    dispatcher.emit(ADA);
    assert_eq!(clerk.waved.load(Ordering::Relaxed), 2);
    drop((weak, strong));
    dispatcher.emit(ADA);
    assert_eq!(clerk.waved.load(Ordering::Relaxed), 2);
}

#[test]
fn a_linked_method_is_left_out_by_its_name() {
    let greeting = "Hello";
    let lobby = || Dispatcher::builder().provide(Greeter { greeting });
    let lobby = || lobby().without(carry).without(keep);
    let all = lobby().build().expect("wired");
    let quiet = lobby().without(Greeter::hello).build().expect("wired");
    assert_handles!(all, Greeter::hello, GuestArrived);
    assert_eq!(all.emit(ADA).done(), quiet.emit(ADA).done() + 1);
}

static LUGGAGE: Queue = Queue::new("luggage").capacity(2);
static COATS: Queue = Queue::new("coats"); // says nothing

#[handler(queue = LUGGAGE)]
async fn carry(_event: &GuestArrived) {}

#[handler(queue = COATS)]
async fn keep(_event: &GuestArrived) {}

#[tokio::test]
async fn a_full_queue_reports_the_delivery_that_found_no_room() {
    let dispatcher = Dispatcher::empty().handler(carry).build().expect("wired");
    let luggage = dispatcher.queue(&LUGGAGE).expect("a handler names it");
    luggage.pause();
    let rec = dispatcher.record();
    let reports = [ADA, ADA, ADA].map(|guest| dispatcher.emit(guest));
    let handed_over = reports.each_ref().map(Report::handed_over);
    assert_eq!(handed_over, [1, 1, 0]);
    let [failure] = reports[2].failures() else {
        panic!("{}", reports[2])
    };
    assert!(failure.is_full(), "{failure}");

    // The failure has the delivery in it, so that nothing is lost.
    assert_handled!(rec, carry, Rejected);
    luggage.resume();
    failure.redeliver().await.expect("there is room now");
    luggage.join().await;
    assert_eq!(luggage.counts().done, 3);
}

#[tokio::test]
async fn every_queue_is_bounded_also_one_that_does_not_say_so() {
    let dispatcher = Dispatcher::empty().handler(keep).build().expect("wired");
    let coats = dispatcher.queue(&COATS).expect("a handler names it");
    coats.pause();
    let taken = (0..10_000).filter(|_| dispatcher.emit(ADA).is_ok()).count();
    assert_eq!((taken, coats.counts().depth), (1024, 1024));
    assert_eq!(coats.counts().rejected, 10_000 - 1024);
}
