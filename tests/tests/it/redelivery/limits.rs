//! A redelivery is counted, and waits for capacity.

use event_core::handler;
use event_core::queue::Overflow;
use event_core::report::DeliveryStatus;
use event_tests::{Journal, Watch, poll};

use super::*;

static NEWEST: Queue = Queue::new("redelivery newest")
    .capacity(1)
    .overflow(Overflow::DropNewest);
static OLDEST: Queue = Queue::new("redelivery oldest")
    .capacity(1)
    .overflow(Overflow::DropOldest);
static REJECTS: Queue = Queue::new("redelivery rejects")
    .capacity(1)
    .overflow(Overflow::Reject);

#[handler(queue = NEWEST)]
async fn drops_newest(event: &Paid, journal: &Journal) -> Result<(), &'static str> {
    run_later(event, "narrow", journal).await
}

#[handler(queue = OLDEST)]
async fn drops_oldest(event: &Paid, journal: &Journal) -> Result<(), &'static str> {
    run_later(event, "narrow", journal).await
}

#[handler(queue = REJECTS)]
async fn rejects(event: &Paid, journal: &Journal) -> Result<(), &'static str> {
    run_later(event, "narrow", journal).await
}

#[tokio::test]
async fn a_redelivery_waits_for_room_whatever_the_policy_and_displaces_nothing() {
    let cases: [(&'static Queue, Case); 3] = [
        (&NEWEST, ("newest", |it| it.handler(drops_newest))),
        (&OLDEST, ("oldest", |it| it.handler(drops_oldest))),
        (&REJECTS, ("rejects", |it| it.handler(rejects))),
    ];
    for (queue, case) in cases {
        let failed = Redeliveries::default();
        let (dispatcher, journal) = built(case, |it| it.on_failure(failed.hook()));
        let queue = dispatcher.queue(queue).expect("a handler names it");
        dispatcher.emit(Paid::once());
        let mut redelivery = failed.next().await;
        queue.join().await;
        queue.pause();
        dispatcher.emit(Paid::failing(0, How::Error));
        assert_eq!(poll(&mut redelivery), None, "{}: there is no room", case.0);
        assert_eq!(queue.counts().depth, 1);
        queue.resume();
        redelivery.await.expect("redelivered");
        queue.join().await;
        assert_eq!(
            journal.take(),
            ["narrow fails", "narrow done", "narrow done"]
        );
        let counts = queue.counts();
        assert_eq!((counts.offered, counts.done, counts.failed), (3, 2, 1));
        assert_eq!((counts.dropped, counts.rejected), (0, 0), "{}", case.0);
    }
}

#[tokio::test]
async fn a_redelivery_that_is_dropped_redelivers_nothing_and_can_be_repeated() {
    let (dispatcher, journal) = built(("rejects", |it| it.handler(rejects)), |it| {
        let failed = Redeliveries::default();
        it.observe(Arc::new(failed))
    });
    let failure = Arc::new(Mutex::new(None));
    let kept = failure.clone();
    let _observer = dispatcher.observe(Repeats(kept));
    let queue = dispatcher.queue(&REJECTS).expect("a handler names it");
    dispatcher.emit(Paid::once());
    until_async("a delivery fails", || {
        failure.lock().expect("kept").is_some()
    })
    .await;
    queue.join().await;
    queue.pause();
    dispatcher.emit(Paid::failing(0, How::Error));
    let (mut first, second) = failure.lock().expect("kept").take().expect("two");
    assert_eq!(poll(&mut first), None, "there is no room");
    drop(first);
    queue.resume();
    second.await.expect("redelivered");
    queue.join().await;
    assert_eq!(queue.counts().done, 2);
    assert_eq!(journal.take().len(), 3);
}

/// Keeps two redeliveries of the first failure.
struct Repeats(Arc<Mutex<Option<(Redelivery, Redelivery)>>>);

impl Observer for Repeats {
    fn delivery_ended(&self, _: &DeliveryView<'_>, end: &DeliveryResult<'_>) {
        if let Some(failure) = end.failure() {
            let both = (failure.redeliver(), failure.redeliver());
            *self.0.lock().expect("kept") = Some((Box::pin(both.0), Box::pin(both.1)));
        }
    }
}

#[tokio::test]
async fn each_delivery_is_counted_as_it_ended() {
    for case in CASES {
        let (failed, watch) = (Redeliveries::default(), Arc::new(Watch::default()));
        let (dispatcher, _) = built(case, |it| {
            it.on_failure(failed.hook()).observe(watch.clone())
        });
        dispatcher.emit(Paid::failing(2, How::Error));
        failed.next().await.await.expect("redelivered");
        failed.next().await.await.expect("redelivered again");
        dispatcher.join(LONG).await.expect("nothing hangs");
        let ended: Vec<_> = watch.ended().into_iter().map(|(_, ended)| ended).collect();
        let expected = [
            DeliveryStatus::Failed,
            DeliveryStatus::Failed,
            DeliveryStatus::Done,
        ];
        assert_eq!(ended, expected, "{}", case.0);
        for queue in dispatcher.queues() {
            let counts = queue.counts();
            let ended = (counts.offered, counts.failed, counts.done);
            assert_eq!(ended, (3, 2, 1), "{}", case.0);
        }
    }
}
