//! What a closed dispatcher refuses, and how streams end.

use event_core::queue::Overflow;
use event_core::report::DeliveryStatus;
use event_core::{Dispatcher, PendingEvents};
use event_tests::poll;

use super::{LONG, Placed, Scene, Shipped, TASKS, Unheard, all, by_task, detached};

#[tokio::test]
async fn a_closed_dispatcher_takes_no_root_in_any_form_and_says_so() {
    let (dispatcher, scene) = all();
    assert!(dispatcher.shutdown(LONG).await.is_complete());
    let reports = [
        dispatcher.emit(Placed),
        dispatcher.emit_async(Placed).await,
        dispatcher.emit_async(Placed).spawned().await,
        dispatcher.emit([Placed].into_iter().collect::<PendingEvents>()),
        dispatcher.with(7_u8).emit(Placed),
        dispatcher
            .fail_fast()
            .emit(Placed)
            .into_result()
            .expect_err("closed")
            .into_report(),
    ];
    for (at, report) in reports.into_iter().enumerate() {
        assert!(report.closed(), "form {at}");
        let counts = (report.deliveries(), report.events(), report.not_emitted());
        assert_eq!(counts, (0, 0, 1), "form {at}");
        let text = "`it::shutdown::Placed` was not emitted: the dispatcher is closed";
        assert_eq!(report.failures().len(), 1, "form {at}");
        assert_eq!(report.failures()[0].to_string(), text);
    }
    assert!(scene.lines().is_empty());
    assert_eq!(scene.watch.totals(), (0, 0));
}

#[tokio::test]
async fn a_closed_dispatcher_takes_no_event_that_nobody_handles_either() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    assert!(!dispatcher.emit(Unheard).closed());
    drop(dispatcher.subscribe(|_: &Unheard| {}));
    assert!(dispatcher.shutdown(LONG).await.is_complete());
    assert!(dispatcher.emit(Unheard).closed());
    assert!(dispatcher.emit(PendingEvents::default()).is_ok());
}

#[tokio::test]
async fn a_stream_ends_with_the_dispatcher_behind_what_it_holds() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let mut stream = dispatcher.stream::<Shipped>(4, Overflow::DropOldest);
    dispatcher.emit(Shipped);
    assert!(dispatcher.shutdown(LONG).await.is_complete());
    assert!(stream.next().await.is_some());
    assert!(stream.next().await.is_none());

    let dispatcher = Dispatcher::empty().build().expect("wired");
    let mut stream = dispatcher.stream::<Shipped>(4, Overflow::DropOldest);
    let mut next = Box::pin(stream.next());
    assert!(poll(&mut next).is_none());
    drop(dispatcher);
    assert!(next.await.is_none());

    let dispatcher = Dispatcher::empty().build().expect("wired");
    assert!(dispatcher.shutdown(LONG).await.is_complete());
    let mut stream = dispatcher.stream::<Shipped>(4, Overflow::DropOldest);
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_stream_gets_what_draining_handlers_cause() {
    let (builder, scene) = Scene::set();
    let dispatcher = builder.handler(detached).build().expect("wired");
    let mut stream = dispatcher.stream::<Shipped>(4, Overflow::DropOldest);
    dispatcher.emit(Placed);
    let (shutdown, ()) = tokio::join!(dispatcher.shutdown(LONG), async {
        scene.gate.open_for_all();
    });
    assert!(shutdown.is_complete());
    assert!(stream.next().await.is_some());
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_redelivery_to_a_closed_dispatcher_is_an_error_and_keeps_the_delivery() {
    let (builder, scene) = Scene::set();
    let builder = builder
        .handler(by_task)
        .configure(&TASKS, |tasks| tasks.capacity(1));
    let dispatcher = builder.build().expect("wired");
    dispatcher
        .queue(&TASKS)
        .expect("a handler names it")
        .pause();
    dispatcher.emit(Placed);
    let report = dispatcher.emit(Placed);
    scene.gate.open_for_all();
    assert!(dispatcher.shutdown(LONG).await.is_complete());
    let failure = &report.failures()[0];
    let closed = Err(event_core::error::RedeliverError::Closed);
    assert_eq!(failure.redeliver().await, closed);
    assert_eq!(failure.redeliver().await, closed);
    assert_eq!(
        scene.watch.ended_of("by_task"),
        [DeliveryStatus::Rejected, DeliveryStatus::Done]
    );
}
