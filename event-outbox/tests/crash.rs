//! Programs that are killed at random moments, and what is left of their work.
//!
//! The test runs itself as a worker: a process that writes orders, some of which it rolls back, and emits an event with
//! each, while its handlers write down what they have seen. The parent kills one worker after another with SIGKILL, each
//! with its database in whatever state it is in. Then a last worker makes what is left, and the books must be right.
//!
//! `EVENT_OUTBOX_KILLS` says how often to kill; 25 times without it.

#![cfg(all(feature = "sqlite", unix))]
#![allow(clippy::unwrap_used, reason = "a worker that panics fails the test")]

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use event_core::{Dispatcher, Event, handler};
use event_outbox::Settings;
use event_outbox::sqlite::{Outbox, Sqlite, Tx};
use serde::{Deserialize, Serialize};

/// Names the folder of the database, in a worker.
const FOLDER: &str = "EVENT_OUTBOX_CRASH_FOLDER";

/// What a worker does: `work` until it is killed, or `drain` what is left.
const TASK: &str = "EVENT_OUTBOX_CRASH_TASK";

/// How many emitters and how many deliveries a worker has at once.
const AT_ONCE: u32 = 4;

#[derive(Event, Serialize, Deserialize)]
#[event(name = "crash.order_placed", durable, key = customer)]
struct OrderPlaced {
    order_id: i64,
    customer: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "crash.order_booked", durable)]
struct OrderBooked {
    order_id: i64,
}

struct EffectLog(File);

impl EffectLog {
    fn write(&self, what: &str, order_id: i64) {
        // One write of a few bytes to a file that is opened for appending is not torn.
        (&self.0)
            .write_all(format!("{what} {order_id}\n").as_bytes())
            .unwrap();
    }
}

/// An effect outside of the database: at least once.
#[handler(durable, id = "crash.ship")]
async fn ship(event: &OrderPlaced, log: &EffectLog) {
    log.write("ship", event.order_id);
}

/// An effect in the database, and an event that follows: exactly once.
#[handler(durable, id = "crash.book")]
async fn book(event: &OrderPlaced, tx: &mut Tx) -> Result<OrderBooked, sqlx::Error> {
    let order_id = event.order_id;
    sqlx::query("INSERT INTO book VALUES (?)")
        .bind(order_id)
        .execute(tx.connection())
        .await?;
    Ok(OrderBooked { order_id })
}

#[handler(durable, id = "crash.thank")]
async fn thank(event: &OrderBooked, tx: &mut Tx, log: &EffectLog) -> Result<(), sqlx::Error> {
    log.write("thank", event.order_id);
    let thanked = sqlx::query("INSERT INTO thanked VALUES (?)").bind(event.order_id);
    thanked.execute(tx.connection()).await?;
    Ok(())
}

/// The worker; nothing to do in a test run of its own.
#[test]
fn worker() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let drains = std::env::var(TASK).is_ok_and(|task| task == "drain");
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(work(Path::new(&folder), drains));
}

async fn work(folder: &Path, drains: bool) {
    let settings = Settings::new()
        .poll(Duration::from_millis(20))
        .concurrency(AT_ONCE as usize)
        .crash_limit(u32::MAX);
    let store = Sqlite::open(folder.join("app.db")).await.unwrap();
    let outbox = Outbox::open_on(store, settings).await.unwrap();
    let mut tx = outbox.begin().await.unwrap();
    for table in ["orders", "book", "thanked"] {
        let table = sqlx::AssertSqlSafe(format!("CREATE TABLE IF NOT EXISTS {table} (id INTEGER)"));
        sqlx::query(table).execute(tx.connection()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let log = OpenOptions::new()
        .append(true)
        .create(true)
        .open(folder.join("effects"))
        .unwrap();
    let dispatcher = Dispatcher::builder()
        .provide(EffectLog(log))
        .outbox(&outbox)
        .build()
        .unwrap();
    println!("ready");
    if drains {
        loop {
            let status = outbox.status().await.unwrap();
            if status
                .iter()
                .all(|it| it.waiting + it.running + it.delayed == 0)
            {
                assert_eq!(status.iter().map(|it| it.dead).sum::<u64>(), 0);
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(outbox.shutdown(Duration::from_secs(20)).await);
        drop(dispatcher);
        println!("drained");
        return;
    }
    // Different in each run of the program, and for each emitter.
    let first =
        i64::from(std::process::id()) << 32 | i64::from(Instant::now().elapsed().subsec_nanos());
    let emitters = (0..i64::from(AT_ONCE)).map(|emitter| {
        let outbox = outbox.clone();
        tokio::spawn(async move {
            for number in 0.. {
                let order_id = first + number * 100 + emitter;
                let mut tx = outbox.begin().await.unwrap();
                let order = sqlx::query("INSERT INTO orders VALUES (?)").bind(order_id);
                order.execute(tx.connection()).await.unwrap();
                tx.emit(OrderPlaced {
                    order_id,
                    customer: number % 3,
                })
                .unwrap();
                if number % 4 == 3 {
                    tx.rollback().await.unwrap();
                } else {
                    let _ = tx.commit().await.unwrap();
                }
            }
        })
    });
    for emitter in emitters.collect::<Vec<_>>() {
        emitter.await.unwrap();
    }
}

/// Starts a worker, and waits until it works.
fn start(folder: &Path, task: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut worker = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "worker", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(TASK, task)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(worker.stdout.take().unwrap());
    wait_for(&mut output, "ready");
    (worker, output)
}

fn wait_for(output: &mut impl BufRead, word: &str) {
    let mut line = String::new();
    // The harness writes the name of the test before it, on the same line.
    while !line.trim_end().ends_with(word) {
        line.clear();
        assert_ne!(
            output.read_line(&mut line).unwrap(),
            0,
            "the worker ended before it was `{word}`"
        );
    }
}

#[test]
fn whatever_is_killed_what_was_committed_is_handled_and_nothing_else() {
    let kills: u32 = match std::env::var("EVENT_OUTBOX_KILLS") {
        Ok(kills) => kills.parse().expect("EVENT_OUTBOX_KILLS is a number"),
        Err(_) => 25,
    };
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut longest = Duration::ZERO;
    for kill in 1..=kills {
        let begun = Instant::now();
        let (mut worker, _output) = start(folder.path(), "work");
        longest = longest.max(begun.elapsed());
        std::thread::sleep(Duration::from_micros(random.below(120_000)));
        worker.kill().unwrap();
        worker.wait().unwrap();
        if kill % 100 == 0 {
            println!("{kill} of {kills} killed");
        }
    }
    let (mut last, mut output) = start(folder.path(), "drain");
    wait_for(&mut output, "drained");
    assert!(last.wait().unwrap().success());

    let books = Books::read(folder.path());
    let committed: HashSet<i64> = books.orders.iter().copied().collect();
    assert!(
        committed.len() > kills as usize,
        "the workers have worked: {}",
        committed.len()
    );
    books.assert_once("book", &committed);
    books.assert_once("thanked", &committed);
    let effects = Effects::read(&folder.path().join("effects"));
    for what in ["ship", "thank"] {
        let seen: HashSet<i64> = effects.0[what].keys().copied().collect();
        let missing = committed.difference(&seen).count();
        let invented = seen.difference(&committed).count();
        assert_eq!(
            (missing, invented),
            (0, 0),
            "{what}: lost, and handled though rolled back"
        );
    }
    let twice = effects.0["ship"]
        .values()
        .map(|times| times - 1)
        .sum::<u32>();
    // What is being made at a kill is made again, and so is what ended in the 10 ms before.
    let allowed = kills * 100;
    assert!(twice <= allowed, "{twice} made twice in {kills} kills");
    println!(
        "{kills} kills, {} orders committed: 0 lost, 0 handled though rolled back, 0 booked twice, {twice} shipped twice \
         ({:.2} a kill); the slowest start took {longest:?}",
        committed.len(),
        f64::from(twice) / f64::from(kills),
    );
}

/// The tables that workers have written.
struct Books {
    orders: Vec<i64>,
    tables: HashMap<&'static str, Vec<i64>>,
}

impl Books {
    fn read(folder: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("app.db"));
            let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
            let read = async |table: &str| -> Vec<i64> {
                let query = sqlx::AssertSqlSafe(format!("SELECT id FROM {table}"));
                sqlx::query_scalar(query).fetch_all(&pool).await.unwrap()
            };
            Self {
                orders: read("orders").await,
                tables: HashMap::from([
                    ("book", read("book").await),
                    ("thanked", read("thanked").await),
                ]),
            }
        })
    }

    fn assert_once(&self, table: &str, committed: &HashSet<i64>) {
        let rows = &self.tables[table];
        let distinct: HashSet<i64> = rows.iter().copied().collect();
        assert_eq!(rows.len(), distinct.len(), "rows twice in `{table}`");
        let (missing, invented) = (
            committed.difference(&distinct).count(),
            distinct.difference(committed).count(),
        );
        assert_eq!(
            (missing, invented),
            (0, 0),
            "`{table}`: lost, and handled though rolled back"
        );
    }
}

/// What handlers wrote down, and how often.
struct Effects(HashMap<String, HashMap<i64, u32>>);

impl Effects {
    fn read(file: &PathBuf) -> Self {
        let mut effects: HashMap<String, HashMap<i64, u32>> = HashMap::new();
        for line in std::fs::read_to_string(file).unwrap().lines() {
            let (what, order_id) = line.split_once(' ').unwrap();
            *effects
                .entry(what.to_owned())
                .or_default()
                .entry(order_id.parse().unwrap())
                .or_default() += 1;
        }
        Self(effects)
    }
}

/// A small generator; the moments of the kills need no better one.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
