//! What goes wrong with whole processes, and with a server under those that work with it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_outbox::store::{Due, NewDelivery, Store as _, StoreErrorKind};
use event_outbox_servers::{
    Assignment, Books, EffectLog, Place, Server, Task, Version, Worker, open,
};
use rustix::process::Signal;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, raw_sql};
use uuid::Uuid;

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_outbox-worker"))
}

fn drain(place: &Place) {
    let drain = Assignment::new(place, Task::Drain, 9);
    assert!(drain.start(program(), &[]).ended().success());
}

async fn kill_each_process_that_handles_it(place: Place) {
    let fatal = |task| Assignment {
        fatal: Some("refuse".to_owned()),
        crash_limit: 6,
        ..Assignment::new(&place, task, 1)
    };
    let first = fatal(Task::Tour).start(program(), &[]).ended();
    assert!(!first.success(), "the handler ends its process");
    let mut deaths = 1;
    while !fatal(Task::Drain).start(program(), &[]).ended().success() {
        deaths += 1;
        assert!(deaths < 40, "it kills one process after another");
    }
    // What was with it in one crash after another was handled, and is no dead letter.
    Books::check(&place).await;
    let dead = place.dead().await;
    assert!(
        dead.iter()
            .all(|letter| letter.reason == "crashed" && letter.crashes == 6),
        "{dead:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_kills_each_process_becomes_a_dead_letter_alone_on_sqlite() {
    kill_each_process_that_handles_it(Place::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_kills_each_process_becomes_a_dead_letter_alone_on_postgres() {
    let server = Server::shared(Version::Newest);
    kill_each_process_that_handles_it(Place::postgres(&server).await).await;
}

/// Stops a process that has a handler running, for longer than its lease.
async fn stop_and_continue(place: Place, is_quiet: impl AsyncFn() -> bool) {
    let tour = Assignment {
        lease: 2000,
        ..Assignment::new(&place, Task::Linger, 1)
    };
    let mut zombie = tour.start(program(), &[]);
    zombie.wait_for("lingering");
    loop {
        zombie.signal(Signal::STOP);
        if is_quiet().await {
            break;
        }
        // It was stopped in a transaction, for whose end everybody would wait.
        zombie.signal(Signal::CONT);
    }
    // The other one waits for the leases to lapse, and makes what they were for.
    drain(&place);
    zombie.signal(Signal::CONT);
    zombie.wait_for("refused");
    zombie.wait_for("ended");
    assert!(zombie.ended().success());
    Books::check_but_for_late_calls(&place).await;
    let lines = EffectLog::read(&place.log());
    let lingered = lines.iter().filter(|(word, _)| word == "linger").count();
    assert_eq!(
        lingered,
        3 + 1,
        "all by the other one, and one by the zombie"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_stopped_for_longer_than_its_lease_changes_nothing_on_sqlite() {
    let place = Place::sqlite().await;
    let file = SqliteConnectOptions::new()
        .filename(place.file())
        .busy_timeout(Duration::ZERO);
    let is_quiet = async || {
        let mut connection = file.connect().await.expect("it opens");
        connection.begin_with("BEGIN IMMEDIATE").await.is_ok()
    };
    stop_and_continue(place, is_quiet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_stopped_for_longer_than_its_lease_changes_nothing_on_postgres() {
    let server = Arc::new(Server::start(Version::Newest));
    let place = Place::postgres(&server).await;
    let is_quiet = async || {
        let mut connection = server.options().connect().await.expect("it connects");
        let busy = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' \
                    AND pid <> pg_backend_pid() AND state <> 'idle'";
        let busy: i64 = sqlx::query_scalar(busy)
            .fetch_one(&mut connection)
            .await
            .expect("it is asked");
        busy == 0
    };
    stop_and_continue(place, is_quiet).await;
}

/// How often something was done.
fn count(place: &Place, word: &str) -> usize {
    let lines = EffectLog::read(&place.log());
    lines.iter().filter(|(done, _)| done == word).count()
}

/// Waits until a worker has emitted and handled some more.
async fn until_it_goes_on(place: &Place) {
    let begun = Instant::now();
    let before = (count(place, "committed"), count(place, "shipped"));
    while count(place, "committed") < before.0 + 10 || count(place, "shipped") < before.1 + 10 {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "it goes on in a minute"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Has something happen to a server, again and again, while a process works with it.
async fn goes_on(disturb: impl AsyncFn(&Server, &Place)) {
    let server = Arc::new(Server::start(Version::Newest));
    let place = Place::postgres(&server).await;
    let assignment = Assignment {
        is_patient: true,
        ..Assignment::new(&place, Task::Work, 1)
    };
    let worker: Worker = assignment.start(program(), &[]);
    drop(EffectLog::open(&place.log()));
    until_it_goes_on(&place).await;
    for _ in 0..3 {
        disturb(&server, &place).await;
        until_it_goes_on(&place).await;
    }
    worker.kill();
    drain(&place);
    Books::check_but_for_late_calls(&place).await;
}

async fn execute(server: &Server, sql: &'static str) {
    let mut connection = server.options().connect().await.expect("it connects");
    raw_sql(sql)
        .execute(&mut connection)
        .await
        .expect("it is done");
}

/// Waits until something holds, a minute at most.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_mins(1), "a minute passed");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// How many transactions were rolled back, as are those of a process whose statements are refused.
async fn failures(server: &Server) -> i64 {
    let mut connection = server.options().connect().await.expect("it connects");
    let count = "SELECT sum(xact_rollback)::bigint FROM pg_stat_database";
    let count = sqlx::query_scalar(count).fetch_one(&mut connection).await;
    count.expect("it is asked")
}

/// Whether a new connection can only read.
async fn is_read_only(server: &Server) -> bool {
    let mut connection = server.options().connect().await.expect("it connects");
    let setting = "SELECT current_setting('default_transaction_read_only') = 'on'";
    let setting = sqlx::query_scalar(setting).fetch_one(&mut connection).await;
    setting.expect("it is asked")
}

fn delivery() -> NewDelivery {
    NewDelivery {
        event_id: Uuid::now_v7(),
        handler: "of.nobody".into(),
        event: "of.nothing".into(),
        version: 1,
        key: None,
        body: Arc::from(&b"{}"[..]),
        due: Due::Now,
    }
}

/// The locks of the owners that are held.
async fn living_owners(place: &Place) -> Vec<i64> {
    let options = place.options().expect("it is in a server");
    let mut connection = options.connect().await.expect("it connects");
    let held = "SELECT lock FROM event_outbox_owner WHERE lock IN (SELECT classid::bigint << 32 | objid::bigint \
                FROM pg_locks WHERE locktype = 'advisory' AND granted)";
    sqlx::query_scalar(held)
        .fetch_all(&mut connection)
        .await
        .expect("it is asked")
}

const TERMINATE: &str = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
                         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread")]
async fn a_process_goes_on_when_its_server_lost_its_power() {
    goes_on(async |server, _| server.restart_immediately()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_goes_on_as_a_new_owner_when_all_its_connections_were_terminated() {
    goes_on(async |server, place| {
        let before = living_owners(place).await;
        assert_eq!(before.len(), 1, "{before:?}");
        execute(server, TERMINATE).await;
        until(async || {
            let after = living_owners(place).await;
            after.len() == 1 && after != before
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_goes_on_when_its_server_was_read_only_for_a_while() {
    goes_on(async |server, place| {
        execute(
            server,
            "ALTER SYSTEM SET default_transaction_read_only = on",
        )
        .await;
        execute(server, "SELECT pg_reload_conf()").await;
        until(async || is_read_only(server).await).await;
        execute(server, TERMINATE).await;
        let before = failures(server).await;
        let store = open(place.options().expect("it is in a server").clone()).await;
        let emitted = store.insert(None, vec![delivery()]).await;
        let error = emitted.expect_err("nothing can be written");
        assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
        store.close().await;
        until(async || failures(server).await > before + 10).await;
        let writes = "SET default_transaction_read_only = off; \
                      SELECT pg_reload_conf()";
        execute(server, "ALTER SYSTEM RESET default_transaction_read_only").await;
        execute(server, writes).await;
        execute(server, TERMINATE).await;
    })
    .await;
}
