//! Times an outbox in an SQLite file beside raw statements through the same driver, each commit synced.
//!
//! ```text
//! outbox_sqlite ROUNDS ROWS       the rates
//! outbox_sqlite fill FILE ROWS    stores a backlog
//! outbox_sqlite drain FILE ROWS   handles it, and prints the most memory that was resident
//! outbox_sqlite others KILLS      deliveries in another process, and after the death of one
//! outbox_sqlite worker FILE       such a process
//! ```

use std::env;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_bench_outbox::ours::{ParcelSent, Running, delivery, fill};
use event_bench_outbox::parent::{other_process, recovery};
use event_bench_outbox::rates::{Rates, quantile, timed};
use event_bench_outbox::worker::work;
use event_outbox::store::{Due, Sqlite, Store as _};
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Row as _, SqliteConnection};

const BATCH: usize = 100;
const EMITTERS: usize = 16;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<usize>().expect("a number");
    match arguments.as_slice() {
        ["worker", file] => work(migrated(Path::new(file)).await).await,
        ["fill", file, rows] => {
            let store = migrated(Path::new(file)).await;
            fill(&store, number(rows), Due::Now).await;
            store.close().await;
        }
        ["drain", file, rows] => drain(Path::new(file), number(rows)).await,
        ["others", kills] => others(number(kills) as u64).await,
        [rounds, rows] => rates(number(rounds), number(rows)).await,
        _ => panic!("see the source for the arguments"),
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts are small")]
async fn drain(file: &Path, rows: usize) {
    let begun = Instant::now();
    let running = Running::start(migrated(file).await).await;
    running.handled.reaches(rows).await;
    let took = begun.elapsed();
    running.stop().await;
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    let kilobytes: usize = kilobytes.and_then(|it| it.parse().ok()).expect("a number");
    println!("megabytes backlog {}", kilobytes / 1024);
    println!("rate backlog {:.0}", rows as f64 / took.as_secs_f64());
}

async fn others(kills: u64) {
    let folder = folder();
    let path = folder.path().join("shared.db");
    let store = migrated(&path).await;
    let database = path.to_str().expect("a path of letters");
    other_process(&store, database, 200).await;
    recovery(&store, database, kills).await;
    store.close().await;
}

async fn rates(rounds: usize, rows: usize) {
    let mut rates = Rates::default();
    let mut latencies = Vec::new();
    for _ in 0..rounds {
        rates.add("drain.raw", rows, drain_raw(rows).await);
        rates.add("drain.ours", rows, drain_ours(rows).await);
        let singles = rows / 40;
        rates.add("emit.single", singles, single_inserts(singles).await);
        rates.add("emit.sixteen", rows / 4, grouped_inserts(rows / 4).await);
        rates.add("emit.sixteen.handled", rows / 4, emitted(rows / 4).await);
        rates.add("tx.bare", singles, transactions(singles, false).await.0);
        let (took, commit_to_handler) = transactions(singles, true).await;
        rates.add("tx.event", singles, took);
        latencies.extend(commit_to_handler);
    }
    rates.print();
    rates.print_ratio("drain.ours", "drain.raw");
    rates.print_ratio("emit.sixteen", "emit.single");
    rates.print_ratio("emit.sixteen.handled", "emit.single");
    rates.print_ratio("tx.event", "tx.bare");
    println!("micros commit.handler.p50 {:.0}", quantile(&latencies, 0.5));
    println!(
        "micros commit.handler.p99 {:.0}",
        quantile(&latencies, 0.99)
    );
}

async fn connect(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    options.connect().await.expect("the file is opened")
}

async fn migrated(path: &Path) -> Sqlite {
    let store = Sqlite::open(path).await.expect("the file is opened");
    store.migrate().await.expect("the tables are made");
    store
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env::var_os("OUTBOX_BENCH_DIR").unwrap_or_else(|| ".".into()))
        .expect("a folder")
}

/// Leases a hundred rows and reads them, and deletes them, each in a transaction.
async fn drain_raw(rows: usize) -> Duration {
    const CLAIM: &str = "UPDATE event_outbox_delivery SET due_at = due_at + 30000, token = token + 1 WHERE seq IN (\
         SELECT seq FROM event_outbox_delivery WHERE handler = 'bench.deliver' \
         AND due_at <= CAST(unixepoch('subsec') * 1000 AS INTEGER) ORDER BY due_at, seq LIMIT ?1) \
         RETURNING seq, event_id, body, token";
    const DELETE: &str =
        "DELETE FROM event_outbox_delivery WHERE seq IN (SELECT value FROM json_each(?1))";
    let folder = folder();
    let path = folder.path().join("raw.db");
    let store = migrated(&path).await;
    fill(&store, rows, Due::Now).await;
    store.close().await;
    let mut connection = connect(&path).await;
    timed(async {
        loop {
            let claimed = sqlx::query(CLAIM)
                .bind(i64::try_from(BATCH).expect("it is small"))
                .fetch_all(&mut connection)
                .await
                .expect("rows are leased");
            if claimed.is_empty() {
                return;
            }
            let numbers: Vec<i64> = claimed.iter().map(|row| row.get("seq")).collect();
            let bytes: usize = claimed
                .iter()
                .map(|row| row.get::<&[u8], _>("body").len())
                .sum();
            assert!(bytes > 0);
            let delete = sqlx::query(DELETE).bind(json!(numbers).to_string());
            delete
                .execute(&mut connection)
                .await
                .expect("rows are deleted");
        }
    })
    .await
}

async fn drain_ours(rows: usize) -> Duration {
    let folder = folder();
    let path = folder.path().join("ours.db");
    let store = migrated(&path).await;
    fill(&store, rows, Due::Now).await;
    let begun = Instant::now();
    let running = Running::start(store).await;
    running.handled.reaches(rows).await;
    while !running.is_drained().await {
        tokio::task::yield_now().await;
    }
    let took = begun.elapsed();
    running.stop().await;
    took
}

/// One row, one transaction, one sync after the other.
async fn single_inserts(rows: usize) -> Duration {
    let folder = folder();
    let store = migrated(&folder.path().join("ours.db")).await;
    let took = timed(async {
        for at in 0..rows {
            let row = vec![delivery(at as u64, Due::Now)];
            store.insert(None, row).await.expect("it is stored");
        }
    })
    .await;
    store.close().await;
    took
}

async fn grouped_inserts(rows: usize) -> Duration {
    let folder = folder();
    let store = migrated(&folder.path().join("ours.db")).await;
    let took = timed(async {
        let tasks: Vec<_> = (0..EMITTERS)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    for at in 0..rows / EMITTERS {
                        let row = vec![delivery(at as u64, Due::Now)];
                        store.insert(None, row).await.expect("it is stored");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("it is stored");
        }
    })
    .await;
    store.close().await;
    took
}

/// Sixteen tasks that emit, with the handling of what they emit.
async fn emitted(rows: usize) -> Duration {
    let folder = folder();
    let running = Running::start(migrated(&folder.path().join("ours.db")).await).await;
    let outbox = running.outbox.clone();
    let took = timed(async {
        let tasks: Vec<_> = (0..EMITTERS)
            .map(|_| {
                let outbox = outbox.clone();
                tokio::spawn(async move {
                    for at in 0..rows / EMITTERS {
                        let event = ParcelSent::new(at as u64);
                        outbox.emit(event).await.expect("it is emitted");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("it is emitted");
        }
    })
    .await;
    running.handled.reaches(rows / EMITTERS * EMITTERS).await;
    running.stop().await;
    took
}

/// Transactions of one row of the program's own, with or without an event; the microseconds from the end of each commit
/// to the start of the handler, nothing if that came first.
async fn transactions(count: usize, emits: bool) -> (Duration, Vec<f64>) {
    let folder = folder();
    let running = Running::start(migrated(&folder.path().join("ours.db")).await).await;
    let outbox = &running.outbox;
    let mut tx = outbox.begin().await.expect("it begins");
    let create = sqlx::query("CREATE TABLE parcel (number INTEGER PRIMARY KEY, note TEXT) STRICT");
    create.execute(tx.connection()).await.expect("it is made");
    tx.commit().await.expect("it commits");
    let mut latencies = Vec::new();
    let mut waited = Duration::ZERO;
    let begun = Instant::now();
    for at in 0..count {
        let mut tx = outbox.begin().await.expect("it begins");
        let number = i64::try_from(at).expect("it is small");
        let insert = sqlx::query("INSERT INTO parcel VALUES (?1, ?2)");
        let insert = insert.bind(number).bind(event_bench_outbox::NOTE);
        insert.execute(tx.connection()).await.expect("it is stored");
        if emits {
            tx.emit(ParcelSent::new(at as u64)).expect("it is emitted");
        }
        tx.commit().await.expect("it commits");
        // Every tenth one is waited for, outside of the time.
        if emits && at % 10 == 9 {
            let committed = Instant::now();
            running.handled.reaches(at + 1).await;
            let started = running.handled.last();
            latencies.push(started.saturating_duration_since(committed).as_secs_f64() * 1e6);
            waited += committed.elapsed();
        }
    }
    let took = begun.elapsed().saturating_sub(waited);
    Arc::clone(&running.handled)
        .reaches(if emits { count } else { 0 })
        .await;
    running.stop().await;
    (took, latencies)
}
