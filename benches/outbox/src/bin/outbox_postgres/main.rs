//! Times an outbox on PostgreSQL beside raw statements, `graphile_worker` and `apalis`, on a server of its own with the
//! default settings.
//!
//! ```text
//! outbox_postgres ROUNDS ROWS            the rates
//! outbox_postgres others KILLS           deliveries in another process, and after the death of one
//! outbox_postgres idle SECONDS           the transactions of an idle outbox
//! outbox_postgres drain ROWS             a backlog, alone, for a profile
//! outbox_postgres bare COUNT TASKS       transactions, alone, for a profile
//! outbox_postgres question COUNT TASKS   the same with a question
//! outbox_postgres event COUNT TASKS      the same with an event
//! outbox_postgres retries ROWS           claims beside so many retries of the future
//! outbox_postgres worker URL             a process that makes deliveries
//! ```

mod peers;
mod raw;

use std::env;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_bench_outbox::ours::{ParcelSent, Running, delivery, fill};
use event_bench_outbox::parent::{other_process, recovery};
use event_bench_outbox::rates::{Rates, quantile};
use event_bench_outbox::worker::work;
use event_outbox::store::{Due, Lease, Owner, Postgres, Store as _};
use event_outbox_servers::{Server, Version};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Row as _};
use tokio::time::sleep;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<usize>().expect("a number");
    if let ["worker", url] = arguments.as_slice() {
        return work(Postgres::connect(url).await.expect("it connects")).await;
    }
    let server = Server::start(Version::Debian);
    match arguments.as_slice() {
        ["others", kills] => others(&server, number(kills) as u64).await,
        ["idle", seconds] => idle(&server, number(seconds) as u64).await,
        ["drain", rows] => println!("{:?}", drain(&server, number(rows)).await),
        [kind @ ("bare" | "question" | "event"), count, producers] => {
            let kind = match *kind {
                "bare" => Kind::Bare,
                "question" => Kind::Question,
                _ => Kind::Event,
            };
            let (count, producers) = (number(count), number(producers));
            let (took, _) = transactions(&server, count, producers, kind).await;
            println!("{took:?}");
        }
        ["retries", rows] => retries(&server, number(rows)).await,
        [rounds, rows] => rates(&server, number(rounds), number(rows)).await,
        _ => panic!("see the source for the arguments"),
    }
}

async fn store(options: PgConnectOptions) -> Postgres {
    let store = Postgres::builder(options).max_connections(20).open().await;
    let store = store.expect("it connects");
    store.migrate().await.expect("the tables are made");
    store
}

async fn rates(server: &Server, rounds: usize, rows: usize) {
    let mut rates = Rates::default();
    let mut latencies = Vec::new();
    for _ in 0..rounds {
        let options = server.database().await;
        fill(&store(options.clone()).await, rows, Due::Now).await;
        rates.add("drain.raw", rows, raw::drain(&options).await);
        rates.add("drain.ours", rows, drain(server, rows).await);
        let tuned = peers::graphile_tuned(server.database().await, rows).await;
        rates.add("drain.graphile_tuned", rows, tuned);
        let few = rows / 10;
        // It polls: sixteen jobs a second.
        let fewest = rows / 100;
        let default = peers::graphile_default(server.database().await, fewest).await;
        rates.add("drain.graphile_default", fewest, default);
        let apalis = peers::apalis(server.database().await, few).await;
        rates.add("drain.apalis", few, apalis);
        let count = rows / 20;
        for (candidates, producers) in [
            (["tx.bare.1", "tx.question.1", "tx.event.1"], 1),
            (["tx.bare.16", "tx.question.16", "tx.event.16"], 16),
        ] {
            let count = count * if producers == 1 { 1 } else { 4 };
            let kinds = [Kind::Bare, Kind::Question, Kind::Event];
            for (candidate, kind) in candidates.into_iter().zip(kinds) {
                let (took, commit_to_handler) = transactions(server, count, producers, kind).await;
                rates.add(candidate, count, took);
                latencies.extend(commit_to_handler);
            }
        }
    }
    rates.print();
    for other in [
        "drain.raw",
        "drain.graphile_tuned",
        "drain.graphile_default",
        "drain.apalis",
    ] {
        rates.print_ratio("drain.ours", other);
    }
    rates.print_ratio("tx.event.1", "tx.bare.1");
    rates.print_ratio("tx.event.16", "tx.bare.16");
    rates.print_ratio("tx.question.1", "tx.bare.1");
    rates.print_ratio("tx.question.16", "tx.bare.16");
    println!("micros commit.handler.p50 {:.0}", quantile(&latencies, 0.5));
    println!(
        "micros commit.handler.p99 {:.0}",
        quantile(&latencies, 0.99)
    );
}

async fn drain(server: &Server, rows: usize) -> Duration {
    let store = store(server.database().await).await;
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

/// What a transaction has beside one row of the program's own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bare,
    /// A question that takes the server no time: no statement that stores an event is faster.
    Question,
    Event,
}

/// Transactions of one row of the program's own; and, of one producer that emits, the microseconds from the end of a
/// commit to the start of the handler, nothing if that came first.
async fn transactions(
    server: &Server,
    count: usize,
    producers: usize,
    kind: Kind,
) -> (Duration, Vec<f64>) {
    let options = server.database().await;
    let running = Running::start(store(options.clone()).await).await;
    let pool = PgPoolOptions::new()
        .max_connections(16)
        .connect_with(options);
    let pool = pool.await.expect("it connects");
    let create = sqlx::query(
        "CREATE TABLE parcel (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text)",
    );
    create.execute(&pool).await.expect("it is made");
    let begun = Instant::now();
    let tasks: Vec<_> = (0..producers)
        .map(|_| {
            let (outbox, pool) = (running.outbox.clone(), pool.clone());
            let handled = Arc::clone(&running.handled);
            let each = count / producers;
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                let mut waited = Duration::ZERO;
                for at in 0..each {
                    if kind != Kind::Event {
                        by_hand(&pool, kind).await;
                        continue;
                    }
                    let mut tx = outbox.begin().await.expect("it begins");
                    let insert = sqlx::query("INSERT INTO parcel (note) VALUES ($1)");
                    let insert = insert.bind(event_bench_outbox::NOTE);
                    insert.execute(tx.connection()).await.expect("it is stored");
                    tx.emit(ParcelSent::new(at as u64)).expect("it is emitted");
                    tx.commit().await.expect("it commits");
                    if producers == 1 && at % 10 == 9 {
                        let committed = Instant::now();
                        handled.reaches(at + 1).await;
                        let latency = handled.last().saturating_duration_since(committed);
                        latencies.push(latency.as_secs_f64() * 1e6);
                        waited += committed.elapsed();
                    }
                }
                (waited, latencies)
            })
        })
        .collect();
    let (mut latencies, mut waited) = (Vec::new(), Duration::ZERO);
    for task in tasks {
        let (paused, found) = task.await.expect("it commits");
        waited += paused;
        latencies.extend(found);
    }
    let took = begun.elapsed().saturating_sub(waited);
    if kind == Kind::Event {
        running.handled.reaches(count / producers * producers).await;
    }
    running.stop().await;
    (took, latencies)
}

async fn by_hand(pool: &PgPool, kind: Kind) {
    let mut tx = pool.begin().await.expect("it begins");
    let insert = sqlx::query("INSERT INTO parcel (note) VALUES ($1)");
    let insert = insert.bind(event_bench_outbox::NOTE);
    insert.execute(&mut *tx).await.expect("it is stored");
    if kind == Kind::Question {
        let question = sqlx::query("SELECT 1").execute(&mut *tx).await;
        question.expect("it is answered");
    }
    tx.commit().await.expect("it commits");
}

async fn others(server: &Server, kills: u64) {
    let options = server.database().await;
    let store = store(options.clone()).await;
    let url = options.to_url_lossy().to_string();
    other_process(&store, &url, 200).await;
    recovery(&store, &url, kills).await;
}

/// Counts the transactions of an idle outbox, which are its questions.
#[allow(clippy::cast_precision_loss, reason = "counts are small")]
async fn idle(server: &Server, seconds: u64) {
    let options = server.database().await;
    let running = Running::start(store(options.clone()).await).await;
    let mut admin = server.options().connect().await.expect("it connects");
    // What the server does by itself does not count.
    for statement in [
        "ALTER SYSTEM SET autovacuum = off",
        "SELECT pg_reload_conf()",
    ] {
        let done = sqlx::raw_sql(statement).execute(&mut admin).await;
        done.expect("a superuser may");
    }
    // A session that rests writes its statistics within ten seconds.
    sleep(Duration::from_secs(12)).await;
    let name = options.get_database().expect("it has a name").to_owned();
    let mut committed = async || {
        let query = sqlx::query(
            "SELECT xact_commit + xact_rollback AS count FROM pg_stat_database WHERE datname = $1",
        );
        let row = query
            .bind(&name)
            .fetch_one(&mut admin)
            .await
            .expect("it is read");
        row.get::<i64, _>("count")
    };
    let before = committed().await;
    sleep(Duration::from_secs(seconds)).await;
    let count = committed().await - before;
    println!("queries idle.second {:.2}", count as f64 / seconds as f64);
    running.stop().await;
}

/// Times claims of one row that is due, beside none and beside many that are due in a day.
async fn retries(server: &Server, rows: usize) {
    let mut p99 = Vec::new();
    for backlog in [0, rows] {
        let options = server.database().await;
        let store = store(options.clone()).await;
        let mut connection = options.connect().await.expect("it connects");
        let future = sqlx::query(
            "INSERT INTO event_outbox_delivery (event_id, handler, event, version, body, due_at, attempts, token, crashes, \
             created_at) SELECT gen_random_uuid(), 'bench.deliver', 'bench.parcel_sent', 1, '\\x7b7d', \
             now() + interval '1 day', 1, 1, 0, now() FROM generate_series(1, $1)",
        );
        let count = i64::try_from(backlog).expect("it is small");
        future
            .bind(count)
            .execute(&mut connection)
            .await
            .expect("they are stored");
        sqlx::query("VACUUM ANALYZE event_outbox_delivery")
            .execute(&mut connection)
            .await
            .expect("it is vacuumed");
        let lease = Lease {
            owner: Owner::new(),
            length: Duration::from_mins(1),
        };
        let mut micros = Vec::new();
        for at in 0..500 {
            let row = vec![delivery(at, Due::Now)];
            store.insert(None, row).await.expect("it is stored");
            let begun = Instant::now();
            let claimed = store.claim(lease, &["bench.deliver"], 100).await;
            micros.push(begun.elapsed().as_secs_f64() * 1e6);
            let fence = claimed.expect("it is claimed")[0].fence;
            store.complete(&[fence]).await.expect("it is completed");
        }
        println!(
            "micros claim.{}.p50 {:.0}",
            if backlog == 0 { "empty" } else { "retries" },
            quantile(&micros, 0.5)
        );
        p99.push(quantile(&micros, 0.99));
    }
    println!("ratio claim.retries/claim.empty {:.2}", p99[1] / p99[0]);
}
