//! What goes wrong with a PostgreSQL server, and what the store makes of it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use event_outbox::store::{
    Due, Filter, Inserted, Lease, NewDelivery, Owner, Postgres, Store, StoreErrorKind,
};
use event_outbox_servers::{Proxy, Server, Version, open, store};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _, raw_sql};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

const H: &str = "sales.count";

const HOUR: Duration = Duration::from_hours(1);

/// How long what is waited for may take.
const DEADLINE: Duration = Duration::from_mins(1);

fn server() -> Arc<Server> {
    Server::shared(Version::Newest)
}

fn delivery() -> NewDelivery {
    NewDelivery {
        event_id: Uuid::now_v7(),
        handler: H.into(),
        event: "shop.order_placed".into(),
        version: 1,
        key: None,
        body: Arc::from(&b"{}"[..]),
        due: Due::Now,
    }
}

fn keyed(key: &str) -> NewDelivery {
    NewDelivery {
        key: Some(key.into()),
        ..delivery()
    }
}

fn lease() -> Lease {
    Lease {
        owner: Owner::new(),
        length: HOUR,
    }
}

async fn within_deadline<T>(future: impl Future<Output = T>) -> T {
    let ended = timeout(DEADLINE, future).await;
    ended.expect("it takes longer than a minute")
}

/// Asks again until it is so.
async fn eventually(mut is_so: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !is_so().await {
        assert!(Instant::now() < end, "it is not so within a minute");
        sleep(Duration::from_millis(5)).await;
    }
}

async fn number(connection: &mut PgConnection, sql: &'static str) -> i64 {
    let row = sqlx::query(sql).fetch_one(connection).await;
    row.expect("it is asked").get(0)
}

/// Whether somebody waits for a lock in this database.
async fn somebody_waits(connection: &mut PgConnection) -> bool {
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    number(connection, waiting).await > 0
}

/// Ends the connections of this database whose last statement is like this one, all others than this.
async fn terminate(connection: &mut PgConnection, statement: &'static str) -> i64 {
    let row = sqlx::query(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE $1",
    )
    .bind(statement)
    .fetch_one(connection)
    .await;
    row.expect("they are ended").get(0)
}

async fn rows(store: &Postgres) -> usize {
    let rows = store.list(&Filter::default(), 0, 1000).await;
    rows.expect("it lists").len()
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_together_migrate_once() {
    let server = server();
    let options = server.database().await;
    let starts = (0..8).map(|_| {
        let options = options.clone();
        tokio::spawn(async move {
            let store = open(options).await;
            store.migrate().await.expect("the tables are made");
            store
                .insert(None, vec![delivery()])
                .await
                .expect("it works");
        })
    });
    for start in starts.collect::<Vec<_>>() {
        within_deadline(start).await.expect("it starts");
    }
    assert_eq!(rows(&open(options).await).await, 8);
}

#[tokio::test]
async fn tables_that_are_too_new_are_refused() {
    let server = server();
    let (store, mut connection) = store(&server).await;
    let insert = "INSERT INTO event_outbox_migration (version, name, oldest, checksum) VALUES (2, 'more', 1, 'abc')";
    raw_sql(insert)
        .execute(&mut connection)
        .await
        .expect("it is done");
    store.migrate().await.expect("it only adds");
    raw_sql("UPDATE event_outbox_migration SET oldest = 2 WHERE version = 2")
        .execute(&mut connection)
        .await
        .expect("it is done");
    let error = store.migrate().await.expect_err("it is too new");
    assert_eq!(error.kind(), StoreErrorKind::SchemaTooNew, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ambiguous_commit_is_told_apart_by_inserting_again() {
    let server = server();
    let options = server.database().await;
    let proxy = Proxy::start(options.get_port()).await;
    let store = open(options.port(proxy.port())).await;
    store.migrate().await.expect("the tables are made");
    // With a key, so that the store commits a transaction.
    let delivery = keyed("1");
    proxy.cut_at_the_next_commit();
    let error = within_deadline(store.insert(None, vec![delivery.clone()])).await;
    let error = error.expect_err("the answer is lost");
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    let again = within_deadline(store.insert(None, vec![delivery])).await;
    assert_eq!(again.expect("it connects again"), [Inserted::Duplicate]);
    assert_eq!(rows(&store).await, 1);
}

#[tokio::test]
async fn a_lease_starts_when_the_row_is_inserted_and_not_with_its_transaction() {
    let server = server();
    let (store, _) = store(&server).await;
    let mut transaction = store.begin().await.expect("it begins");
    raw_sql("SELECT pg_sleep(1.5)")
        .execute(&mut *transaction)
        .await
        .expect("it takes its time");
    let inserted = store
        .insert_in(&mut transaction, Some(lease()), &[delivery()])
        .await;
    inserted.expect("it is inserted");
    let due = "SELECT extract(epoch FROM due_at - now())::bigint FROM event_outbox_delivery";
    let due = number(&mut transaction, due).await;
    assert!(due > 3600, "{due} seconds after the transaction began");
}

#[tokio::test]
async fn a_claim_does_not_wait_for_a_row_that_another_transaction_holds() {
    let server = server();
    let (store, _) = store(&server).await;
    store
        .insert(None, vec![delivery(), delivery()])
        .await
        .expect("it writes");
    let first = store
        .claim(
            Lease {
                length: Duration::ZERO,
                ..lease()
            },
            &[H],
            1,
        )
        .await;
    let fence = first.expect("it is claimed")[0].fence;
    let mut transaction = store.begin().await.expect("it begins");
    assert!(
        store
            .complete_in(&mut transaction, fence)
            .await
            .expect("it is asked")
    );
    let others = timeout(Duration::from_secs(20), store.claim(lease(), &[H], 10)).await;
    let others = others
        .expect("it waits for the row")
        .expect("it is claimed");
    assert_eq!(others.len(), 1);
    assert_ne!(others[0].fence.seq, fence.seq);
    transaction.rollback().await.expect("it ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_one_key_are_numbered_in_the_order_of_their_commits() {
    let server = server();
    let (store, mut connection) = store(&server).await;
    let mut first = store.begin().await.expect("it begins");
    let inserted = store
        .insert_in(&mut first, Some(lease()), &[keyed("1")])
        .await;
    let Inserted::Leased(of_first) = inserted.expect("it is inserted")[0] else {
        panic!("the first of its key is leased");
    };
    let second = tokio::spawn({
        let store = store.clone();
        async move { store.insert(Some(lease()), vec![keyed("1")]).await }
    });
    eventually(async || somebody_waits(&mut connection).await).await;
    // Another key waits for nobody.
    let other = within_deadline(store.insert(Some(lease()), vec![keyed("2")])).await;
    assert!(matches!(
        other.expect("it is inserted")[..],
        [Inserted::Leased(_)]
    ));
    assert!(!second.is_finished());
    first.commit().await.expect("it commits");
    let second = within_deadline(second).await.expect("it ends");
    let Inserted::Waiting(of_second) = second.expect("it is inserted")[0] else {
        panic!("the second of its key is not leased");
    };
    assert!(of_second > of_first.seq);
}

#[tokio::test]
async fn an_old_snapshot_does_not_lease_a_row_of_a_key() {
    let server = server();
    let (store, _) = store(&server).await;
    let mut old = store.begin().await.expect("it begins");
    raw_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM event_outbox_delivery")
        .fetch_all(&mut *old)
        .await
        .expect("it has a snapshot");
    store
        .insert(None, vec![keyed("1")])
        .await
        .expect("it writes");
    let inserted = store
        .insert_in(&mut old, Some(lease()), &[keyed("1"), delivery()])
        .await;
    let inserted = inserted.expect("it is inserted");
    assert!(
        matches!(inserted[..], [Inserted::Waiting(_), Inserted::Leased(_)]),
        "{inserted:?}"
    );
}

#[tokio::test]
async fn a_long_snapshot_holds_nobody_up() {
    let server = server();
    let (store, mut connection) = store(&server).await;
    let mut old = connection.begin().await.expect("it begins");
    raw_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM event_outbox_delivery")
        .fetch_all(&mut *old)
        .await
        .expect("it has a snapshot");
    for _ in 0..20 {
        let deliveries = (0..50).map(|_| delivery()).collect();
        store.insert(None, deliveries).await.expect("it writes");
        let claimed = store
            .claim(lease(), &[H], 100)
            .await
            .expect("it is claimed");
        assert_eq!(claimed.len(), 50);
        let fences: Vec<_> = claimed.iter().map(|claimed| claimed.fence).collect();
        let completed = store.complete(&fences).await.expect("it is asked");
        assert_eq!(completed.len(), 50);
    }
    assert_eq!(store.next_due(&[H]).await.expect("it is asked"), None);
    let seen = number(&mut old, "SELECT count(*) FROM event_outbox_delivery").await;
    assert_eq!(seen, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_whose_connection_is_lost_is_dead_to_others_and_told_so() {
    let server = server();
    let (zombie, mut connection) = store(&server).await;
    let other = open(server.options().database(&database(&mut connection).await)).await;
    let (dead, me) = (Owner::new(), Owner::new());
    zombie.register(dead).await.expect("it is registered");
    other.register(me).await.expect("it is registered");
    let deliveries = vec![delivery(), delivery()];
    let lease_of_the_dead = Lease {
        owner: dead,
        ..lease()
    };
    let leased = zombie.insert(Some(lease_of_the_dead), deliveries).await;
    let leased = leased.expect("it writes");
    let recovered = other.recover(me).await.expect("it looks");
    assert_eq!((recovered.owners, recovered.rows), (0, 0), "it lives");
    // The last statement of each was the registration, or the question whether another owner is dead.
    let ended = terminate(&mut connection, "%event_outbox_owner%").await;
    assert_eq!(ended, 2, "both connections that hold locks");
    for (store, owner) in [(&zombie, dead), (&other, me)] {
        let error = store
            .recover(owner)
            .await
            .expect_err("its connection is lost");
        assert_eq!(error.kind(), StoreErrorKind::Unregistered, "{error}");
    }
    let new = Owner::new();
    other.register(new).await.expect("it goes on as another");
    let recovered = other.recover(new).await.expect("it looks");
    assert_eq!((recovered.owners, recovered.rows), (2, 2));
    // What the zombie has done counts until somebody else begins with it.
    let fences: Vec<_> = leased
        .iter()
        .map(|inserted| match inserted {
            Inserted::Leased(fence) => *fence,
            other => panic!("a leased row was expected: {other:?}"),
        })
        .collect();
    let completed = zombie.complete(&fences[..1]).await;
    assert_eq!(completed.expect("it is asked"), fences[..1]);
    let claimed = other.claim(lease(), &[H], 10).await.expect("it is claimed");
    assert_eq!((claimed.len(), claimed[0].crashes), (1, 1));
    let completed = zombie.complete(&fences).await;
    assert_eq!(completed.expect("it is asked"), []);
}

async fn database(connection: &mut PgConnection) -> String {
    let row = sqlx::query("SELECT current_database()::text")
        .fetch_one(connection)
        .await;
    row.expect("it is asked").get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_whose_connection_was_killed_listens_again_and_says_so() {
    let server = server();
    let (store, mut connection) = store(&server).await;
    within_deadline(store.changed())
        .await
        .expect("it listens now");
    let listening = tokio::spawn({
        let store = store.clone();
        async move { store.changed().await }
    });
    store.notify().await.expect("it is sent");
    within_deadline(listening)
        .await
        .expect("it ends")
        .expect("it hears");
    let listening = tokio::spawn({
        let store = store.clone();
        async move { store.changed().await }
    });
    eventually(async || terminate(&mut connection, "LISTEN%").await == 1).await;
    // It could have missed one: somebody has to look.
    within_deadline(listening)
        .await
        .expect("it ends")
        .expect("it listens again");
    let listening = tokio::spawn({
        let store = store.clone();
        async move { store.changed().await }
    });
    terminate(&mut connection, "SELECT pg_notify%").await;
    store.notify().await.expect("it connects again, and sends");
    within_deadline(listening)
        .await
        .expect("it ends")
        .expect("it hears");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_connections_can_be_terminated() {
    let server = server();
    let (store, mut connection) = store(&server).await;
    store
        .insert(None, vec![delivery()])
        .await
        .expect("it writes");
    let mut transaction = store.begin().await.expect("it begins");
    let inserted = store.insert_in(&mut transaction, None, &[delivery()]).await;
    inserted.expect("it is inserted");
    let _second = store.begin().await.expect("it begins");
    assert!(terminate(&mut connection, "%").await >= 2);
    transaction
        .commit()
        .await
        .expect_err("its connection is gone");
    eventually(async || {
        store
            .claim(lease(), &[H], 10)
            .await
            .is_ok_and(|rows| rows.len() == 1)
    })
    .await;
    assert_eq!(rows(&store).await, 1, "what was not committed is not there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lost_its_power_has_what_was_committed() {
    let server = Server::start(Version::Newest);
    let (store, connection) = store(&server).await;
    drop(connection);
    let owner = Owner::new();
    store.register(owner).await.expect("it is registered");
    let lease = Lease { owner, ..lease() };
    for _ in 0..20 {
        store
            .insert(Some(lease), vec![delivery()])
            .await
            .expect("it writes");
    }
    let mut open = store.begin().await.expect("it begins");
    let inserted = store.insert_in(&mut open, None, &[delivery()]).await;
    inserted.expect("it is inserted");
    server.restart_immediately();
    open.commit().await.expect_err("its connection is gone");
    eventually(async || store.next_due(&[H]).await.is_ok()).await;
    assert_eq!(rows(&store).await, 20);
    let error = store.recover(owner).await.expect_err("its lock is gone");
    assert_eq!(error.kind(), StoreErrorKind::Unregistered, "{error}");
    let next = Owner::new();
    store.register(next).await.expect("it goes on as another");
    let recovered = store.recover(next).await.expect("it looks");
    assert_eq!((recovered.owners, recovered.rows), (1, 20));
    store.close().await;
}

#[tokio::test]
async fn a_connection_outside_of_a_transaction_is_refused() {
    let server = server();
    let (store, mut connection) = store(&server).await;
    for begin in ["SELECT 1", "BEGIN"] {
        raw_sql(begin)
            .execute(&mut connection)
            .await
            .expect("it is done");
        let error = store.insert_in(&mut connection, None, &[delivery()]).await;
        let error = error.expect_err("sqlx knows of no transaction");
        assert_eq!(error.kind(), StoreErrorKind::Misuse, "{error}");
    }
}

#[tokio::test]
async fn options_without_a_cache_leave_no_statements_on_the_server() {
    let server = server();
    let options = server.database().await.statement_cache_capacity(0);
    let store = open(options).await;
    store.migrate().await.expect("the tables are made");
    let mut transaction = store.begin().await.expect("it begins");
    for _ in 0..50 {
        let inserted = store.insert_in(&mut transaction, None, &[delivery()]).await;
        inserted.expect("it is inserted");
    }
    let prepared = "SELECT count(*) FROM pg_prepared_statements";
    let prepared = number(&mut transaction, prepared).await;
    assert!(prepared < 20, "{prepared} after fifty inserts");
}

#[tokio::test]
async fn a_store_without_tables_says_what_to_call() {
    let server = server();
    let store = open(server.database().await).await;
    let error = store.insert(None, vec![delivery()]).await;
    let error = error.expect_err("there are no tables");
    assert_eq!(error.kind(), StoreErrorKind::Schema, "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let server = server();
    let nobody = Proxy::start(1).await;
    let options = server.options().port(nobody.port());
    let error = Postgres::builder(options)
        .open()
        .await
        .expect_err("nobody listens");
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn a_store_that_only_polls_has_no_listener() {
    let server = server();
    let (_, mut connection) = store(&server).await;
    let options = server.options().database(&database(&mut connection).await);
    let store = Postgres::builder(options).poll_only().open().await;
    let store = store.expect("it connects");
    store.notify().await.expect("it does nothing");
    let mut changed = Box::pin(store.changed());
    let is_pending = std::future::poll_fn(|context| {
        std::task::Poll::Ready(changed.as_mut().poll(context).is_pending())
    });
    assert!(is_pending.await);
    let listeners = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                     AND (query LIKE 'LISTEN%' OR query LIKE 'SELECT pg_notify%')";
    assert_eq!(number(&mut connection, listeners).await, 0);
}

#[tokio::test]
async fn a_text_with_nul_is_stored_with_a_mark_in_its_place() {
    let server = server();
    let (store, _) = store(&server).await;
    store
        .insert(None, vec![delivery()])
        .await
        .expect("it writes");
    let claimed = store.claim(lease(), &[H], 1).await.expect("it is claimed");
    let retry = event_outbox::store::Retry {
        fence: claimed[0].fence,
        wait: HOUR,
        error: "a\0b".to_owned(),
    };
    store.retry(&[retry]).await.expect("it is given back");
    let rows = store
        .list(&Filter::default(), 0, 1)
        .await
        .expect("it lists");
    assert_eq!(rows[0].last_error.as_deref(), Some("a\u{fffd}b"));
    let options = server.options();
    options
        .connect()
        .await
        .expect("it connects")
        .close()
        .await
        .expect("it ends");
}
