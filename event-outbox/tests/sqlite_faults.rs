//! What goes wrong with an SQLite file, and what the store makes of it.

use std::future::Future;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use event_outbox::store::{
    Due, Fence, Filter, Inserted, Lease, NewDelivery, Owner, Sqlite, Store as _, StoreError,
    StoreErrorKind,
};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Row as _, SqliteConnection, raw_sql};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use uuid::Uuid;

const H: &str = "sales.count";

const HOUR: Duration = Duration::from_hours(1);

/// How long what is waited for may take.
const DEADLINE: Duration = Duration::from_mins(1);

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

fn lease(owner: Owner) -> Lease {
    Lease {
        owner,
        length: HOUR,
    }
}

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.db");
    (folder, file)
}

async fn open(file: &Path) -> Sqlite {
    let store = Sqlite::open(file).await.expect("it opens");
    store.migrate().await.expect("the tables are made");
    store
}

async fn user_pool(file: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .busy_timeout(Duration::ZERO)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(false);
    let pool = SqlitePoolOptions::new().max_connections(1);
    pool.connect_with(options).await.expect("it opens")
}

async fn within_deadline<T>(future: impl Future<Output = T>) -> T {
    let ended = tokio::time::timeout(DEADLINE, future).await;
    ended.expect("it takes longer than a minute")
}

#[tokio::test]
async fn a_writer_of_another_process_is_waited_for_and_then_named() {
    let (_folder, file) = file();
    open(&file).await.close().await;
    let store = Sqlite::builder(&file).busy_timeout(Duration::from_millis(1));
    let store = store.open().await.expect("it opens");
    let other = user_pool(&file).await;
    let writing = other.begin_with("BEGIN IMMEDIATE").await;
    let writing = writing.expect("it writes");
    let error = store.insert(None, vec![delivery()]).await;
    let error = error.expect_err("somebody else writes");
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    let error = store.begin().await.expect_err("somebody else writes");
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert_eq!(
        error.to_string(),
        "cannot begin a transaction: error returned from database: (code: 5) database is locked"
    );
    writing.rollback().await.expect("it ends");
    let inserted = store.insert(None, vec![delivery()]).await;
    assert!(matches!(
        inserted.expect("it is free")[..],
        [Inserted::Waiting(_)]
    ));

    // One that waits long enough never notices.
    let patient = open(&file).await;
    let writing = other.begin_with("BEGIN IMMEDIATE").await;
    let writing = writing.expect("it writes");
    let insert = tokio::spawn(async move { patient.insert(None, vec![delivery()]).await });
    tokio::task::yield_now().await;
    writing.rollback().await.expect("it ends");
    let inserted = within_deadline(insert).await.expect("it ends");
    assert!(matches!(
        inserted.expect("it is free")[..],
        [Inserted::Waiting(_)]
    ));
}

#[tokio::test]
async fn an_old_snapshot_that_wants_to_write_is_told_to_start_again() {
    let (_folder, file) = file();
    let store = open(&file).await;
    let pool = user_pool(&file).await;
    let mut deferred = pool.begin().await.expect("it begins");
    raw_sql("SELECT count(*) FROM event_outbox_delivery")
        .fetch_all(&mut *deferred)
        .await
        .expect("it reads");
    store
        .insert(None, vec![delivery()])
        .await
        .expect("it writes");
    let error = store.insert_in(&mut deferred, None, &[delivery()]).await;
    let error = error.expect_err("the snapshot is old");
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("(code: 517)"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_together_migrate_once() {
    for _ in 0..5 {
        let (_folder, file) = file();
        let starts = (0..8).map(|_| {
            let file = file.clone();
            tokio::spawn(async move { open(&file).await.insert(None, vec![delivery()]).await })
        });
        for start in starts.collect::<Vec<_>>() {
            let inserted = within_deadline(start).await.expect("it starts");
            inserted.expect("it works");
        }
        let rows = open(&file).await.list(&Filter::default(), 0, 100).await;
        assert_eq!(rows.expect("it lists").len(), 8);
    }
}

#[tokio::test]
async fn a_migration_that_was_killed_half_way_is_done_again() {
    let (_folder, file) = file();
    let store = Sqlite::open(&file).await.expect("it opens");
    let statements = store.migrations()[0].sql;
    let half = statements.split_inclusive(';').take(2).collect::<String>();
    let mut killed = store.begin().await.expect("it begins");
    raw_sql(sqlx::AssertSqlSafe(half))
        .execute(&mut *killed)
        .await
        .expect("half of it is done");
    drop(killed);
    store.migrate().await.expect("the tables are made");
    store
        .insert(None, vec![delivery()])
        .await
        .expect("it works");
}

#[tokio::test]
async fn tables_of_another_version_are_refused_unless_they_only_add() {
    let (_folder, file) = file();
    let store = open(&file).await;
    let pool = user_pool(&file).await;
    let execute = async |sql: &'static str| raw_sql(sql).execute(&pool).await.expect("it is done");
    execute("INSERT INTO event_outbox_migration VALUES (2, 'more', 1, 'abc', 0)").await;
    store.migrate().await.expect("it only adds");
    store
        .insert(None, vec![delivery()])
        .await
        .expect("it works");
    execute("UPDATE event_outbox_migration SET oldest = 2 WHERE version = 2").await;
    let error = store.migrate().await.expect_err("it is too new");
    assert_eq!(error.kind(), StoreErrorKind::SchemaTooNew);
    assert_eq!(
        error.to_string(),
        "cannot migrate the outbox: the database has version 2 of the tables, which works with programs that \
         know version 2, and this program knows 1: update the program"
    );
    execute("DELETE FROM event_outbox_migration WHERE version = 2").await;
    execute("UPDATE event_outbox_migration SET checksum = 'abc'").await;
    let error = store.migrate().await.expect_err("it was edited");
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
}

#[tokio::test]
async fn a_store_without_tables_says_what_to_call() {
    let store = Sqlite::in_memory().await.expect("it opens");
    let error = store.insert(None, vec![delivery()]).await;
    let error = error.expect_err("there are no tables");
    assert_eq!(error.kind(), StoreErrorKind::Schema);
    assert!(
        error
            .to_string()
            .ends_with("; call `migrate()` before anything else"),
        "{error}"
    );
}

#[tokio::test]
async fn a_full_disk_spoils_nothing_but_what_does_not_fit() {
    let (_folder, file) = file();
    open(&file).await.close().await;
    let store = Sqlite::builder(&file).max_page_count(60).open().await;
    let store = store.expect("it opens");
    let huge = |_| NewDelivery {
        body: vec![0; 1 << 20].into(),
        ..delivery()
    };
    let fits = store.insert(None, vec![delivery()]).await.expect("it fits");
    for round in 0..3 {
        // The user's transaction, and one of the store's own in which others take part.
        let mut transaction = store.begin().await.expect("it begins");
        let error = store
            .insert_in(&mut transaction, None, &[huge(round)])
            .await;
        let error = error.expect_err("it does not fit");
        assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
        let (fits, does_not, fits_too) = tokio::join!(
            store.insert(None, vec![delivery()]),
            store.insert(None, vec![huge(round)]),
            async {
                drop(transaction);
                store.insert(None, vec![delivery()]).await
            },
        );
        fits.expect("it fits");
        fits_too.expect("it fits");
        let error = does_not.expect_err("it does not fit");
        assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
    }
    let rows = store.list(&Filter::default(), 0, 100).await;
    assert_eq!(rows.expect("it lists").len(), 7);
    let claimed = store.claim(lease(Owner::new()), &[H], 1).await;
    let fence = claimed.expect("it is claimed")[0].fence;
    assert!(matches!(fits[..], [Inserted::Waiting(seq)] if seq == fence.seq));
    let completed = store.complete(&[fence]).await;
    assert_eq!(completed.expect("it is deleted"), [fence]);
}

#[tokio::test]
async fn a_transaction_has_the_write_lock_from_its_start() {
    let (_folder, file) = file();
    let store = open(&file).await;
    let pool = user_pool(&file).await;
    let transaction = store.begin().await.expect("it begins");
    let other = pool.begin_with("BEGIN IMMEDIATE").await;
    other.expect_err("there is one writer");
    transaction.rollback().await.expect("it ends");
    let other = pool.begin_with("BEGIN IMMEDIATE").await;
    other.expect("it is free");
}

#[tokio::test]
async fn a_transaction_that_sqlite_ended_itself_is_not_taken_for_open() {
    let (_folder, file) = file();
    let store = open(&file).await;
    let mut transaction = store.begin().await.expect("it begins");
    raw_sql(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY); INSERT INTO orders VALUES (1); \
         CREATE TRIGGER refuse BEFORE INSERT ON event_outbox_delivery WHEN NEW.handler = 'refused' \
         BEGIN SELECT RAISE(ROLLBACK, 'not this one'); END",
    )
    .execute(&mut *transaction)
    .await
    .expect("the tables are made");
    transaction.commit().await.expect("it commits");

    // As a disk that is full can do it, too.
    let mut transaction = store.begin().await.expect("it begins");
    raw_sql("INSERT OR ROLLBACK INTO orders VALUES (1)")
        .execute(&mut *transaction)
        .await
        .expect_err("it is there already");
    drop(transaction);
    store
        .insert(None, vec![delivery()])
        .await
        .expect("it writes");
    let mut transaction = store.begin().await.expect("it begins");
    let inserted = store.insert_in(&mut transaction, None, &[delivery()]).await;
    inserted.expect("it is inserted");
    transaction.commit().await.expect("it commits");

    for _ in 0..2 {
        let refused = NewDelivery {
            handler: "refused".into(),
            ..delivery()
        };
        let (refused, taken) = tokio::join!(
            store.insert(None, vec![refused]),
            store.insert(None, vec![delivery()]),
        );
        let error = refused.expect_err("the trigger refuses it");
        assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}");
        taken.expect("it is another one");
    }
    let rows = store.list(&Filter::default(), 0, 100).await;
    assert_eq!(rows.expect("it lists").len(), 4);
}

#[tokio::test]
async fn what_waits_at_the_same_moment_is_committed_together() {
    let (_folder, file) = file();
    let store = open(&file).await;
    let journal = file.with_extension("db-wal");
    let pages = || std::fs::metadata(&journal).expect("it has a journal").len() / 4096;
    let alone = pages();
    store
        .insert(None, vec![delivery()])
        .await
        .expect("it writes");
    let of_one = pages() - alone;
    // While the caller's transaction is open, fifty others come to wait.
    let before = pages();
    let transaction = store.begin().await.expect("it begins");
    let inserts: Vec<_> = (0..50)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.insert(None, vec![delivery()]).await })
        })
        .collect();
    tokio::task::yield_now().await;
    transaction.rollback().await.expect("it ends");
    for insert in inserts {
        let inserted = insert.await.expect("it ends").expect("it writes");
        assert!(matches!(inserted[..], [Inserted::Waiting(_)]));
    }
    let of_fifty = pages() - before;
    assert!(
        of_fifty < of_one * 10,
        "{of_fifty} pages, and {of_one} for one"
    );
}

/// A child process that claims a delivery and waits to be killed.
#[tokio::test]
#[ignore = "run by the next test"]
async fn child_claims_and_waits() {
    let file = std::env::var_os("OUTBOX_FILE").expect("the parent says where");
    let store = open(Path::new(&file)).await;
    let owner = Owner::new();
    store.register(owner).await.expect("it is registered");
    let claimed = store.claim(lease(owner), &[H], 10).await;
    println!("claimed {}", claimed.expect("it is claimed").len());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_killed_process_is_found_dead_and_its_rows_are_freed_at_once() {
    let (_folder, file) = file();
    let store = open(&file).await;
    let me = Owner::new();
    store.register(me).await.expect("it is registered");
    store
        .insert(None, vec![delivery()])
        .await
        .expect("it writes");
    let program = std::env::current_exe().expect("the test has a file");
    let mut child = Command::new(program)
        .args([
            "child_claims_and_waits",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env("OUTBOX_FILE", &file)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let output = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut lines = output.lines().map(|line| line.expect("it writes text"));
    assert!(
        lines.any(|line| line.ends_with("claimed 1")),
        "it claims one"
    );
    let recovered = store.recover(me).await.expect("it looks");
    assert_eq!((recovered.owners, recovered.rows), (0, 0), "it lives");
    child.kill().expect("it is killed");
    child.wait().expect("it is dead");
    let recovered = store.recover(me).await.expect("it looks");
    assert_eq!((recovered.owners, recovered.rows), (1, 1));
    let claimed = store.claim(lease(me), &[H], 10).await;
    let claimed = claimed.expect("it is claimed");
    assert_eq!((claimed[0].crashes, claimed[0].attempts), (1, 2));
    let recovered = store.recover(me).await.expect("it looks");
    assert_eq!((recovered.owners, recovered.rows), (0, 0));
    store.unregister(me).await.expect("it ends");
    let left = std::fs::read_dir(file.with_extension("db-outbox")).expect("a folder");
    assert_eq!(left.count(), 0, "files of owners are removed");
}

#[tokio::test]
async fn a_zombie_that_wakes_up_after_its_lease_changes_nothing() {
    let (_folder, file) = file();
    let (zombie, other) = (open(&file).await, open(&file).await);
    zombie
        .insert(None, vec![delivery()])
        .await
        .expect("it writes");
    let lapsed = Lease {
        owner: Owner::new(),
        length: Duration::ZERO,
    };
    let old = zombie.claim(lapsed, &[H], 1).await.expect("it is claimed");
    let new = other.claim(lease(Owner::new()), &[H], 1).await;
    let new = new.expect("it is claimed");
    let none: [Fence; 0] = [];
    let completed = zombie.complete(&[old[0].fence]).await;
    assert_eq!(completed.expect("it is asked"), none);
    let extended = zombie.extend(&[old[0].fence], HOUR).await;
    assert_eq!(extended.expect("it is asked"), none);
    let completed = other.complete(&[new[0].fence]).await;
    assert_eq!(completed.expect("it is asked"), [new[0].fence]);
}

#[tokio::test]
async fn a_connection_outside_of_a_transaction_is_refused() {
    let (_folder, file) = file();
    let store = open(&file).await;
    let pool = user_pool(&file).await;
    let mut connection = pool.acquire().await.expect("it connects");
    let refused = async |connection: &mut SqliteConnection| {
        let error = store.insert_in(connection, None, &[delivery()]).await;
        let error = error.expect_err("there is no transaction");
        assert_eq!(error.kind(), StoreErrorKind::Misuse, "{error}");
    };
    refused(&mut connection).await;
    raw_sql("BEGIN")
        .execute(&mut *connection)
        .await
        .expect("it begins");
    refused(&mut connection).await;
    raw_sql("ROLLBACK")
        .execute(&mut *connection)
        .await
        .expect("it ends");
    let mut transaction = connection.begin().await.expect("it begins");
    let inserted = store.insert_in(&mut transaction, None, &[delivery()]).await;
    inserted.expect("it is a transaction");
    transaction.commit().await.expect("it commits");
}

#[tokio::test]
async fn connections_of_the_programs_own_pool_stay_as_they_are() {
    let (_folder, file) = file();
    let pool = user_pool(&file).await;
    let settings = async || {
        let mut settings = Vec::new();
        for pragma in [
            "PRAGMA synchronous",
            "PRAGMA foreign_keys",
            "PRAGMA busy_timeout",
        ] {
            let row = sqlx::query(pragma)
                .fetch_one(&pool)
                .await
                .expect("it is read");
            settings.push(row.get::<i64, _>(0));
        }
        settings
    };
    let before = settings().await;
    let store = open(&file).await;
    let mut transaction = pool.begin().await.expect("it begins");
    store
        .insert_in(&mut transaction, None, &[delivery()])
        .await
        .expect("it is inserted");
    transaction.commit().await.expect("it commits");
    assert_eq!(settings().await, before);
    assert_eq!(before, [1, 0, 0]);
    let claimed = store.claim(lease(Owner::new()), &[H], 1).await;
    assert_eq!(claimed.expect("it is claimed").len(), 1);
}

#[tokio::test]
async fn the_stores_connections_sync_each_commit() {
    let (_folder, file) = file();
    let store = open(&file).await;
    let mut transaction = store.begin().await.expect("it begins");
    let read = async |connection: &mut SqliteConnection, pragma: &'static str| {
        let row = sqlx::query(pragma).fetch_one(connection).await;
        row.expect("it is read")
    };
    let mode: String = read(&mut transaction, "PRAGMA journal_mode").await.get(0);
    assert_eq!(mode, "wal");
    for (pragma, expected) in [
        ("PRAGMA synchronous", 2),
        ("PRAGMA foreign_keys", 1),
        ("PRAGMA busy_timeout", 5000),
    ] {
        let value: i64 = read(&mut transaction, pragma).await.get(0);
        assert_eq!(value, expected, "{pragma}");
    }
}

#[tokio::test]
async fn a_file_in_another_journal_mode_is_brought_into_wal() {
    let (_folder, file) = file();
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Delete);
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .expect("it opens");
    raw_sql("CREATE TABLE orders (id INTEGER)")
        .execute(&mut connection)
        .await
        .expect("a table is made");
    connection.close().await.expect("it closes");
    let store = open(&file).await;
    let mut transaction = store.begin().await.expect("it begins");
    raw_sql("INSERT INTO orders VALUES (1)")
        .execute(&mut *transaction)
        .await
        .expect("the program's tables are there");
    transaction.commit().await.expect("it commits");
}

#[tokio::test]
async fn a_journal_mode_that_cannot_be_changed_yet_is_changed_later() {
    let (_folder, file) = file();
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Delete);
    let other = SqliteConnection::connect_with(&options).await;
    let mut other = other.expect("it opens");
    raw_sql("CREATE TABLE orders (id INTEGER); BEGIN; SELECT * FROM orders")
        .fetch_all(&mut other)
        .await
        .expect("it reads");
    let builder = Sqlite::builder(&file).busy_timeout(Duration::ZERO);
    let opening = tokio::time::timeout(Duration::from_millis(200), builder.clone().open());
    let waits = opening.await.is_err();
    assert!(waits, "it tries again as long as somebody reads");
    raw_sql("ROLLBACK")
        .execute(&mut other)
        .await
        .expect("it ends");
    within_deadline(builder.open()).await.expect("it opens");
}

/// Waits for another process, after the first look.
async fn listen(store: &Sqlite) -> JoinHandle<Result<(), StoreError>> {
    within_deadline(store.changed())
        .await
        .expect("the first look is one");
    let store = store.clone();
    tokio::spawn(async move { store.changed().await })
}

async fn hears(listening: JoinHandle<Result<(), StoreError>>) {
    let heard = within_deadline(listening).await.expect("it ends");
    heard.expect("it looks");
}

#[tokio::test]
async fn a_write_of_another_process_is_heard_of() {
    let folder = tempfile::tempdir().expect("a folder");
    // A socket's path has about a hundred bytes at most.
    let long = folder.path().join("long".repeat(30));
    std::fs::create_dir(&long).expect("a folder");
    for folder in [folder.path(), &long] {
        let file = folder.join("outbox.db");
        let (store, other) = (open(&file).await, open(&file).await);
        let listening = listen(&store).await;
        let writing = tokio::spawn(async move {
            loop {
                other
                    .insert(None, vec![delivery()])
                    .await
                    .expect("it writes");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        hears(listening).await;
        writing.abort();
    }
}

#[cfg(unix)]
fn sockets(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("a file").path());
    let mut sockets: Vec<_> = paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wake")
        })
        .collect();
    sockets.sort();
    sockets
}

/// Nothing is written, so that nothing but the socket can wake it up.
#[cfg(unix)]
#[test]
fn a_process_is_woken_up_by_another_one() {
    // A runtime without I/O.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let (_folder, file) = file();
        let (store, other) = (open(&file).await, open(&file).await);
        let listening = listen(&store).await;
        // More often than a socket keeps.
        for _ in 0..1_000 {
            other.notify().await.expect("it is told");
        }
        hears(listening).await;
    });
}

#[cfg(unix)]
#[tokio::test]
async fn a_socket_is_removed_with_its_process() {
    let (_folder, file) = file();
    let locks = file.with_extension("db-outbox");
    let (store, other) = (open(&file).await, open(&file).await);
    let listening = [listen(&store).await, listen(&other).await];
    assert_eq!(sockets(&locks).len(), 2);

    // As a killed process leaves it.
    let left = locks.join("0.wake");
    drop(std::os::unix::net::UnixDatagram::bind(&left).expect("a socket"));
    other.notify().await.expect("the living are told");
    assert_eq!(sockets(&locks).len(), 2, "{:?}", sockets(&locks));

    for listening in listening {
        listening.abort();
        let _ = listening.await;
    }
    drop(store);
    assert_eq!(sockets(&locks).len(), 1);
    drop(other);
    assert_eq!(sockets(&locks), [] as [PathBuf; 0]);
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let (_folder, file) = file();
    let store = open(&file).await;
    let pending = store.insert(None, vec![delivery()]);
    let (inserted, ()) = tokio::join!(pending, store.close());
    inserted.expect("what was asked for before is done");
    let error = store.insert(None, vec![delivery()]).await;
    let error = error.expect_err("it is closed");
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let error = store.begin().await.expect_err("it is closed");
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
}

#[tokio::test]
async fn a_clock_that_was_set_back_delays_nothing_for_longer_than_its_bounds() {
    let (_folder, file) = file();
    let store = open(&file).await;
    store
        .insert(Some(lease(Owner::new())), vec![delivery()])
        .await
        .expect("it writes");
    // Set back by a day is the same as rows that are a day ahead.
    let pool = user_pool(&file).await;
    raw_sql("UPDATE event_outbox_delivery SET due_at = due_at + 86400000")
        .execute(&pool)
        .await
        .expect("the clock is set");
    let bounds = event_outbox::store::Bounds {
        lease: Duration::from_secs(30),
        wait: Duration::from_mins(15),
    };
    assert_eq!(store.clamp(bounds).await.expect("it looks"), 1);
    let due = store.next_due(&[H]).await.expect("it looks");
    assert!(due.expect("there is a row") <= bounds.lease);
}
