//! The statements alone, on four connections.

use std::time::Duration;

use event_bench_outbox::rates::timed;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Row as _};

const CLAIM: &str = "WITH due AS (SELECT seq FROM event_outbox_delivery WHERE handler = 'bench.deliver' AND due_at <= now() \
     ORDER BY due_at, seq LIMIT 100 FOR UPDATE SKIP LOCKED) \
     UPDATE event_outbox_delivery d SET due_at = now() + interval '30 seconds', token = token + 1 FROM due \
     WHERE d.seq = due.seq RETURNING d.seq, d.event_id, d.body, d.token";

const DELETE: &str = "DELETE FROM event_outbox_delivery WHERE seq = ANY ($1)";

/// Leases a hundred rows and reads them, and deletes them, each in a transaction, until there are none.
pub(crate) async fn drain(options: &PgConnectOptions) -> Duration {
    let mut connections = Vec::new();
    for _ in 0..4 {
        connections.push(options.connect().await.expect("it connects"));
    }
    timed(async {
        let tasks: Vec<_> = connections
            .into_iter()
            .map(|mut connection| {
                tokio::spawn(async move {
                    loop {
                        let claimed = sqlx::query(CLAIM).fetch_all(&mut connection).await;
                        let claimed = claimed.expect("rows are leased");
                        if claimed.is_empty() {
                            return;
                        }
                        let bodies = claimed.iter().map(|row| row.get::<&[u8], _>("body").len());
                        assert!(bodies.sum::<usize>() > 0);
                        let numbers: Vec<i64> = claimed.iter().map(|row| row.get("seq")).collect();
                        let delete = sqlx::query(DELETE).bind(numbers);
                        delete
                            .execute(&mut connection)
                            .await
                            .expect("rows are deleted");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("rows are deleted");
        }
    })
    .await
}
