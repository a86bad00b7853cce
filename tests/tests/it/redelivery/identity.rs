//! What a redelivered event is: the same event, delivered anew.

use std::error::Error;

use event_core::{Dispatcher, Meta, handler};
use event_tests::Journal;

use super::*;

/// The meta of each call.
#[derive(Debug, Default)]
struct Seen(Mutex<Vec<Meta>>);

impl Seen {
    fn fail(&self, meta: Meta) -> Result<(), &'static str> {
        self.0.lock().expect("no handler panics").push(meta);
        Err("no")
    }
}

#[handler]
async fn sees_in_a_task(_event: &Paid, meta: Meta, seen: &Seen) -> Result<(), &'static str> {
    seen.fail(meta)
}

#[handler(queue = TASKS)]
async fn sees_in_tasks(_event: &Paid, meta: Meta, seen: &Seen) -> Result<(), &'static str> {
    seen.fail(meta)
}

#[handler(queue = THREADS)]
fn sees_in_threads(_event: &Paid, meta: Meta, seen: &Seen) -> Result<(), &'static str> {
    seen.fail(meta)
}

#[handler(retry(attempts = 2, backoff = "1ms..1ms"))]
async fn retries_in_a_task(_event: &Paid, meta: Meta, seen: &Seen) -> Result<(), &'static str> {
    seen.fail(meta)
}

#[handler(queue = TASKS, retry(attempts = 2, backoff = "1ms..1ms"))]
async fn retries_in_tasks(_event: &Paid, meta: Meta, seen: &Seen) -> Result<(), &'static str> {
    seen.fail(meta)
}

#[handler(queue = THREADS, retry(attempts = 2, backoff = "1ms..1ms"))]
fn retries_in_threads(_event: &Paid, meta: Meta, seen: &Seen) -> Result<(), &'static str> {
    seen.fail(meta)
}

const SEEING: [Case; 6] = [
    ("task", |it| it.handler(sees_in_a_task)),
    ("tasks", |it| it.handler(sees_in_tasks)),
    ("threads", |it| it.handler(sees_in_threads)),
    ("retried task", |it| it.handler(retries_in_a_task)),
    ("retried tasks", |it| it.handler(retries_in_tasks)),
    ("retried threads", |it| it.handler(retries_in_threads)),
];

#[tokio::test]
async fn a_redelivery_has_the_meta_of_the_event_and_its_attempts_start_again_at_one() {
    for (name, choose) in SEEING {
        for is_awaited in [false, true] {
            let (failed, seen) = (Redeliveries::default(), Arc::new(Seen::default()));
            let dispatcher = choose(Dispatcher::empty())
                .provide_arc(seen.clone())
                .on_failure(failed.hook())
                .build()
                .expect("wired");
            if is_awaited {
                let report = dispatcher.emit_async(Paid::once()).await;
                report.failures().iter().for_each(|it| failed.keep(it));
            } else {
                dispatcher.emit(Paid::once());
            }
            failed.next().await.await.expect("redelivered");
            failed.next().await.await.expect("redelivered again");
            drop(failed.next().await);
            let seen = seen.0.lock().expect("no handler panics");
            let attempts: Vec<_> = seen.iter().map(Meta::attempt).collect();
            if name.starts_with("retried") {
                assert_eq!(attempts, [1, 2, 1, 2, 1, 2], "{name}");
            } else {
                assert_eq!(attempts, [1, 1, 1], "{name}");
            }
            for meta in &*seen {
                let same = (meta.id(), meta.time(), meta.correlation(), meta.causation());
                let first = &seen[0];
                let first = (
                    first.id(),
                    first.time(),
                    first.correlation(),
                    first.causation(),
                );
                assert_eq!(same, first, "{name}, awaited {is_awaited}");
            }
        }
    }
}

#[tokio::test]
async fn the_failure_of_a_redelivery_is_that_of_the_same_event() {
    for case in CASES {
        let failed = Arc::new(Mutex::new(Vec::new()));
        let (all, redeliveries) = (failed.clone(), Redeliveries::default());
        let hook = redeliveries.hook();
        let (dispatcher, _) = built(case, |it| {
            it.on_failure(move |failure| {
                let meta = failure.meta().expect("a delivery has a meta").clone();
                let error = failure.error().map(<dyn Error + Send + Sync>::to_string);
                all.lock().expect("no test panics").push((meta, error));
                hook(failure);
            })
        });
        dispatcher.emit(Paid::failing(2, How::Error));
        redeliveries.next().await.await.expect("redelivered");
        drop(redeliveries.next().await);
        let failed = failed.lock().expect("no test panics");
        assert_eq!(failed.len(), 2, "{}", case.0);
        assert_eq!(failed[0].0, failed[1].0, "{}", case.0);
        assert_eq!(failed[1].1.as_deref(), Some("no"));
    }
}

/// Is counted in its `Drop`.
#[derive(Event)]
struct Held(Arc<()>);

#[handler]
async fn fails_in_a_task(_event: &Held) -> Result<(), &'static str> {
    Err("no")
}

#[handler(queue = TASKS)]
async fn fails_in_tasks(_event: &Held) -> Result<(), &'static str> {
    Err("no")
}

#[handler(queue = THREADS)]
fn fails_in_threads(_event: &Held) -> Result<(), &'static str> {
    Err("no")
}

#[tokio::test]
async fn the_event_is_kept_until_the_failure_is_dropped() {
    let cases: [Case; 3] = [
        ("task", |it| it.handler(fails_in_a_task)),
        ("tasks", |it| it.handler(fails_in_tasks)),
        ("threads", |it| it.handler(fails_in_threads)),
    ];
    for (name, choose) in cases {
        let failed = Redeliveries::default();
        let builder = choose(Dispatcher::empty()).on_failure(failed.hook());
        let dispatcher = builder.build().expect("wired");
        let alive = Arc::new(());
        dispatcher.emit(Held(alive.clone()));
        let redelivery = failed.next().await;
        assert_eq!(Arc::strong_count(&alive), 2, "{name}");
        drop(redelivery);
        dispatcher.join(LONG).await.expect("nothing hangs");
        until_async(name, || Arc::strong_count(&alive) == 1).await;
        let report = dispatcher.emit_async(Held(alive.clone())).await;
        if !report.is_ok() {
            assert_eq!(Arc::strong_count(&alive), 2, "{name}");
            drop(report);
            assert_eq!(Arc::strong_count(&alive), 1, "{name}");
        }
    }
}

#[derive(Event)]
struct Checked;

#[handler]
async fn has_two_errors(
    _event: &Checked,
    journal: &Journal,
) -> (Result<(), &'static str>, Result<(), &'static str>) {
    journal.write("checked");
    (Err("one"), Err("two"))
}

#[tokio::test]
async fn two_errors_of_one_delivery_redeliver_it_once() {
    for is_observed in [false, true] {
        let (dispatcher, journal) = built(("checks", |it| it.handler(has_two_errors)), |it| {
            if is_observed {
                it.observe(Arc::new(event_tests::Watch::default()))
            } else {
                it
            }
        });
        let report = dispatcher.emit_async(Checked).await;
        let [one, two] = report.failures() else {
            panic!("{report}");
        };
        assert_eq!(two.redeliver().await, Ok(()));
        assert_eq!(one.redeliver().await, Err(RedeliverError::Again));
        dispatcher.join(LONG).await.expect("nothing hangs");
        assert_eq!(journal.take(), ["checked", "checked"]);
    }
}
