//! How processes wake each other up: one channel, and notifications that say nothing but that something happened.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{ConnectOptions as _, PgConnection};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

const CHANNEL: &str = "event_outbox";

/// The least time between two notifications of a process: each takes a lock of the whole database when it commits.
const PAUSE: Duration = Duration::from_millis(5);

#[derive(Default)]
pub(super) struct Wake {
    listener: Mutex<Option<PgListener>>,
    sender: Mutex<Sender>,
    /// How often a notification was asked for.
    asked: AtomicU64,
}

#[derive(Default)]
struct Sender {
    connection: Option<PgConnection>,
    last: Option<Instant>,
    /// For how many of those that asked the last one was.
    sent: u64,
}

impl Wake {
    /// Returns after a notification, and after each time that one could be missed: once it listens, at first and
    /// after a lost connection.
    pub(super) async fn changed(&self, options: &PgConnectOptions) -> Result<(), sqlx::Error> {
        let mut listener = self.listener.lock().await;
        let Some(listening) = &mut *listener else {
            let pool = PgPoolOptions::new()
                .max_connections(1)
                .connect_lazy_with(options.clone());
            let mut new = PgListener::connect_with(&pool).await?;
            new.listen(CHANNEL).await?;
            *listener = Some(new);
            return Ok(());
        };
        match listening.try_recv().await {
            Ok(_) => {
                while listening.next_buffered().is_some() {}
                Ok(())
            }
            Err(error) => {
                // A new one listens, and what it missed is looked for.
                *listener = None;
                Err(error)
            }
        }
    }

    /// Sends a notification, unless one that is sent meanwhile does for this call, too.
    pub(super) async fn notify(&self, options: &PgConnectOptions) -> Result<(), sqlx::Error> {
        let mine = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let mut sender = self.sender.lock().await;
        if sender.sent >= mine {
            return Ok(());
        }
        if let Some(last) = sender.last {
            sleep_until(last + PAUSE).await;
        }
        let asked = self.asked.load(Ordering::Relaxed);
        // A connection whose statement is cancelled, or fails, is not used again; one that was idle may be lost.
        if let Some(mut idle) = sender.connection.take()
            && send(&mut idle).await.is_ok()
        {
            sender.connection = Some(idle);
        } else {
            let mut new = options.connect().await?;
            send(&mut new).await?;
            sender.connection = Some(new);
        }
        sender.last = Some(Instant::now());
        sender.sent = asked;
        Ok(())
    }
}

async fn send(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let query = sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL);
    query.execute(connection).await.map(|_| ())
}
