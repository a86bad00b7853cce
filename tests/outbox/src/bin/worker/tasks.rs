//! What a worker does.

use std::sync::Arc;
use std::time::Duration;

use event_core::Dispatcher;
use event_outbox::failpoints::{Point, passed};
use event_outbox::{Outbox, Settings};
use event_outbox_servers::{Assignment, EffectLog, Task, books};
use tokio::time::sleep;

use crate::database::Database;
use crate::emit;
use crate::handlers::{self, Desk};

/// How many emitters and how many deliveries a worker has at once.
const AT_ONCE: i64 = 4;

/// How long a worker waits for what runs when it ends.
const LIMIT: Duration = Duration::from_secs(20);

/// Opens the outbox, says so, and works.
pub(crate) async fn run<S: Database>(store: S, assignment: Assignment, log: Arc<EffectLog>) {
    let settings = Settings::new()
        .poll(Duration::from_millis(20))
        .concurrency(4)
        .lease(Duration::from_millis(assignment.lease))
        .crash_limit(assignment.crash_limit);
    let outbox = Outbox::open_on(store, settings).await.unwrap();
    let desk = Desk {
        log: Arc::clone(&log),
        task: assignment.task,
        fatal: assignment.fatal,
    };
    let builder = S::handlers(handlers::add_to(Dispatcher::empty()));
    let builder = builder.provide(desk).outbox(&outbox);
    let dispatcher = builder.build().unwrap();
    println!("ready");
    match assignment.task {
        Task::Work => work(&outbox, &log, assignment.run, assignment.is_patient).await,
        Task::Tour => {
            tour(&outbox, &log, assignment.run).await;
            while passed(Point::Extended) == 0 {
                sleep(Duration::from_millis(2)).await;
            }
        }
        Task::Linger => {
            tour(&outbox, &log, assignment.run).await;
            println!("lingering");
            until_drained(&outbox, &[]).await;
        }
        Task::Drain => until_drained(&outbox, &[]).await,
    }
    assert!(outbox.shutdown(LIMIT).await);
    if outbox.counts().stale > 0 {
        println!("refused");
    }
    drop(dispatcher);
    println!("ended");
}

/// Emits orders until the process is killed.
async fn work<S: Database>(outbox: &Outbox<S>, log: &Arc<EffectLog>, run: i64, is_patient: bool) {
    let emitters = (0..AT_ONCE).map(|emitter| {
        let (outbox, log) = (outbox.clone(), Arc::clone(log));
        tokio::spawn(async move {
            for number in 0.. {
                let order_id = books::order_id(run, number, emitter);
                let emitted = emit::order(&outbox, &log, order_id, number).await;
                if is_patient && emitted.is_err() {
                    sleep(Duration::from_millis(20)).await;
                } else {
                    emitted.unwrap();
                }
            }
        })
    });
    for emitter in emitters.collect::<Vec<_>>() {
        emitter.await.unwrap();
    }
}

/// Passes each failpoint once at least.
async fn tour<S: Database>(outbox: &Outbox<S>, log: &EffectLog, run: i64) {
    for number in 0..2 * emit::WAYS {
        let order_id = books::order_id(run, number, 0);
        emit::order(outbox, log, order_id, number).await.unwrap();
    }
    for number in 0..3 {
        let order_id = books::order_id(run, number, 1);
        emit::trial(outbox, order_id).await.unwrap();
    }
    until_drained(outbox, &["worker.linger"]).await;
}

/// Waits until no delivery is left, but for those of some handlers.
async fn until_drained<S: Database>(outbox: &Outbox<S>, but: &[&str]) {
    loop {
        let status = outbox.status().await.unwrap();
        let of_others = status.iter().filter(|it| !but.contains(&&*it.handler));
        if { of_others }.all(|it| it.waiting + it.running + it.delayed == 0) {
            return;
        }
        sleep(Duration::from_millis(5)).await;
    }
}
