//! A machine that loses its power: what SQLite's journal has after the last sync is there, in part, or is anything.

#![cfg(feature = "sqlite")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use event_outbox::store::{Due, Filter, NewDelivery, Sqlite, Store as _};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _, raw_sql};
use uuid::Uuid;

fn delivery() -> NewDelivery {
    NewDelivery {
        event_id: Uuid::now_v7(),
        handler: "sales.count".into(),
        event: "shop.order_placed".into(),
        version: 1,
        key: None,
        body: Arc::from(&b"{}"[..]),
        due: Due::Now,
    }
}

/// Opens what a failure has left, and returns the numbers of its rows.
async fn rows_of(database: &[u8], journal: &[u8]) -> Vec<i64> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.db");
    fs::write(&file, database).expect("the database is written");
    fs::write(file.with_extension("db-wal"), journal).expect("the journal is written");
    let store = Sqlite::open(&file).await.expect("it opens");
    store
        .migrate()
        .await
        .expect("the tables are there, or made");
    let rows = store.list(&Filter::default(), 0, 1000).await;
    let rows = rows.expect("it lists").iter().map(|row| row.seq).collect();
    store
        .insert(None, vec![delivery()])
        .await
        .expect("it goes on");
    store.close().await;
    rows
}

fn journal_of(file: &Path) -> Vec<u8> {
    fs::read(file.with_extension("db-wal")).expect("it has a journal")
}

#[tokio::test]
async fn after_a_power_loss_every_commit_that_was_acknowledged_is_there_and_none_in_part() {
    const COMMITS: usize = 12;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.db");
    let store = Sqlite::open(&file).await.expect("it opens");
    store.migrate().await.expect("the tables are made");
    // How long the journal was when a commit had been acknowledged, which is how much of it was synced.
    let mut synced = vec![journal_of(&file).len()];
    for _ in 0..COMMITS {
        let inserted = store.insert(None, vec![delivery(), delivery()]).await;
        inserted.expect("it is committed");
        synced.push(journal_of(&file).len());
    }
    let (database, journal) = (fs::read(&file).expect("a database"), journal_of(&file));
    let mut cases = 0;
    for acknowledged in 0..=COMMITS {
        let begin = synced[acknowledged];
        let end = synced.get(acknowledged + 1).copied().unwrap_or(begin);
        let cuts = [
            begin,
            begin + 1,
            begin + 24,
            begin + 4096,
            usize::midpoint(begin, end),
            end.saturating_sub(1),
        ];
        for cut in cuts
            .into_iter()
            .filter(|cut| (begin..end.max(begin + 1)).contains(cut))
        {
            // Cut off, zeros to the end, and what was there before the page was written.
            let whole = journal.len();
            let cut_off = journal[..cut].to_vec();
            let zeros = [&journal[..cut], &vec![0; whole - cut]].concat();
            let torn: Vec<u8> = journal[cut..].iter().map(|byte| byte ^ 0x5a).collect();
            let torn = [&journal[..cut], &torn[..]].concat();
            for left in [cut_off, zeros, torn] {
                let rows = rows_of(&database, &left).await;
                let expected: Vec<i64> = (1..).take(2 * acknowledged).collect();
                assert_eq!(
                    rows, expected,
                    "cut at {cut}, {acknowledged} commits synced"
                );
                cases += 1;
            }
        }
    }
    assert!(cases > 3 * 4 * COMMITS, "{cases} cases");
}

#[tokio::test]
async fn a_reader_that_never_ends_stops_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.db");
    let store = Sqlite::open(&file).await.expect("it opens");
    store.migrate().await.expect("the tables are made");
    let options = SqliteConnectOptions::new().filename(&file);
    let mut reader = options.connect().await.expect("it opens");
    raw_sql("BEGIN; SELECT count(*) FROM event_outbox_delivery")
        .fetch_all(&mut reader)
        .await
        .expect("it reads");
    // The journal grows beyond where SQLite writes it back, which it cannot while somebody reads what was before.
    let body: Arc<[u8]> = vec![b' '; 100_000].into();
    for _ in 0..60 {
        let delivery = NewDelivery {
            body: Arc::clone(&body),
            ..delivery()
        };
        store.insert(None, vec![delivery]).await.expect("it writes");
    }
    assert!(journal_of(&file).len() > 1000 * 4096);
    let seen = sqlx::query("SELECT count(*) FROM event_outbox_delivery")
        .fetch_one(&mut reader)
        .await
        .expect("it reads");
    assert_eq!(seen.get::<i64, _>(0), 0);
    let rows = store.list(&Filter::default(), 0, 100).await;
    assert_eq!(rows.expect("it lists").len(), 60);
    raw_sql("ROLLBACK")
        .execute(&mut reader)
        .await
        .expect("it ends");
    raw_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&mut reader)
        .await
        .expect("it is written back");
    assert_eq!(journal_of(&file).len(), 0);
}

#[tokio::test]
#[ignore = "another test starts it as a process of its own"]
async fn child_writes_without_syncing_and_waits() {
    let file = std::env::var_os("OUTBOX_FILE").expect("the parent says where");
    let store = Sqlite::builder(file).synchronous_normal().open().await;
    let store = store.expect("it opens");
    store.migrate().await.expect("the tables are made");
    let mut transaction = store.begin().await.expect("it begins");
    let synchronous = sqlx::query("PRAGMA synchronous").fetch_one(&mut *transaction);
    let synchronous: i64 = synchronous.await.expect("it is read").get(0);
    drop(transaction);
    for _ in 0..20 {
        let inserted = store.insert(None, vec![delivery()]).await;
        inserted.expect("it is committed");
    }
    println!("synchronous {synchronous}, written 20");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn without_syncing_each_commit_a_killed_process_loses_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.db");
    let program = std::env::current_exe().expect("the test has a file");
    let mut child = Command::new(program)
        .args([
            "child_writes_without_syncing_and_waits",
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
    let written = lines.find(|line| line.ends_with("written 20"));
    let written = written.expect("it writes until it is killed");
    assert!(written.ends_with("synchronous 1, written 20"), "{written}");
    child.kill().expect("it is killed");
    child.wait().expect("it is dead");
    let store = Sqlite::open(&file).await.expect("it opens");
    let rows = store.list(&Filter::default(), 0, 1000).await;
    assert_eq!(rows.expect("it lists").len(), 20);
}
