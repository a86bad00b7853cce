//! Two job queues with a job that does nothing but count.

use std::sync::Arc;
use std::time::{Duration, Instant};

use apalis::prelude::{Data, TaskSink, WorkerBuilder};
use apalis_postgres::{Config, PostgresStorage};
use event_bench_outbox::NOTE;
use event_bench_outbox::ours::{Handled, ParcelSent};
use graphile_worker::{
    IntoTaskHandlerResult, JobSpec, LocalQueueConfig, RawJobSpec, TaskHandler, WorkerContext,
    WorkerOptions,
};
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

#[derive(Serialize, Deserialize)]
struct Parcel {
    number: u64,
    note: String,
}

#[derive(Clone, Debug)]
struct Counter(Arc<Handled>);

impl TaskHandler for Parcel {
    const IDENTIFIER: &'static str = "bench_parcel";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(counter) = context.get_ext::<Counter>() else {
            return Err("no counter".to_owned());
        };
        event_bench_outbox::ours::deliver(&ParcelSent::new(self.number), &counter.0).await;
        Ok::<(), String>(())
    }
}

async fn pool(options: PgConnectOptions) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(20);
    pool.connect_with(options).await.expect("it connects")
}

/// With the settings of its own benchmark: 500 at once, a local queue of 5,000, completions of 5 ms together.
pub(crate) async fn graphile_tuned(options: PgConnectOptions, jobs: usize) -> Duration {
    let worker = WorkerOptions::default()
        .concurrency(500)
        .poll_interval(Duration::from_millis(5))
        .complete_job_batch_delay(Duration::from_millis(5))
        .local_queue(LocalQueueConfig::default().with_size(5_000));
    graphile(worker, options, jobs).await
}

/// With sixteen at once, and defaults else.
pub(crate) async fn graphile_default(options: PgConnectOptions, jobs: usize) -> Duration {
    graphile(WorkerOptions::default().concurrency(16), options, jobs).await
}

async fn graphile(worker: WorkerOptions, options: PgConnectOptions, jobs: usize) -> Duration {
    let handled = Arc::new(Handled::default());
    let worker = worker
        .pg_pool(pool(options).await)
        .add_extension(Counter(Arc::clone(&handled)))
        .define_job::<Parcel>()
        .init()
        .await;
    let worker = Arc::new(worker.expect("it starts"));
    let specs: Vec<_> = (0..jobs)
        .map(|number| RawJobSpec {
            identifier: Parcel::IDENTIFIER.to_owned(),
            payload: serde_json::json!({"number": number, "note": NOTE}),
            spec: JobSpec::default(),
        })
        .collect();
    let utils = worker.create_utils();
    for batch in specs.chunks(1_000) {
        utils.add_raw_jobs(batch).await.expect("jobs are added");
    }
    let begun = Instant::now();
    let running = tokio::spawn({
        let worker = Arc::clone(&worker);
        async move { worker.run().await }
    });
    handled.reaches(jobs).await;
    let took = begun.elapsed();
    worker.request_shutdown();
    running.await.expect("it ends").expect("it ends well");
    took
}

/// With a hundred at once, and defaults else.
pub(crate) async fn apalis(options: PgConnectOptions, jobs: usize) -> Duration {
    async fn count(parcel: Parcel, counter: Data<Counter>) -> Result<(), std::io::Error> {
        let event = ParcelSent::new(parcel.number);
        let Counter(handled) = &*counter;
        event_bench_outbox::ours::deliver(&event, handled).await;
        Ok(())
    }

    let pool = pool(options).await;
    PostgresStorage::setup(&pool)
        .await
        .expect("the tables are made");
    let config = Config::default().queue("parcels").batch_size(100);
    let mut storage = PostgresStorage::new(&pool).with_config(config);
    let parcels = (0..jobs as u64).map(|number| Parcel {
        number,
        note: NOTE.to_owned(),
    });
    storage
        .push_bulk(parcels.collect())
        .await
        .expect("jobs are added");
    let handled = Arc::new(Handled::default());
    let worker = WorkerBuilder::new("bench")
        .backend(storage)
        .data(Counter(Arc::clone(&handled)))
        .build(count);
    let begun = Instant::now();
    let running = tokio::spawn(worker.run());
    handled.reaches(jobs).await;
    let took = begun.elapsed();
    running.abort();
    took
}
