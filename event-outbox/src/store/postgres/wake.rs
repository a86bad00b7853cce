//! How processes wake each other up: one channel, and notifications that say nothing but that something happened.

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{ConnectOptions as _, PgConnection};
use tokio::sync::Mutex;

const CHANNEL: &str = "event_outbox";

#[derive(Default)]
pub(super) struct Wake {
    listener: Mutex<Option<PgListener>>,
    sender: Mutex<Option<PgConnection>>,
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

    /// Sends a notification.
    pub(super) async fn notify(&self, options: &PgConnectOptions) -> Result<(), sqlx::Error> {
        let mut sender = self.sender.lock().await;
        // A connection whose statement is cancelled, or fails, is not used again; one that was idle may be lost.
        if let Some(mut idle) = sender.take()
            && send(&mut idle).await.is_ok()
        {
            *sender = Some(idle);
            return Ok(());
        }
        let mut new = options.connect().await?;
        send(&mut new).await?;
        *sender = Some(new);
        Ok(())
    }
}

async fn send(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let query = sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL);
    query.execute(connection).await.map(|_| ())
}
