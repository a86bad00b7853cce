//! Who is alive: each owner holds an advisory lock on a connection of its own.
//!
//! The server frees the lock when the connection ends, whatever ends that. Whoever can take another owner's lock knows
//! that the owner is dead.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};
use tokio::time::timeout;
use uuid::Uuid;

use crate::store::error::While as _;
use crate::store::{Owner, Recovered, SUSPECT, StoreError, StoreErrorKind};

/// How long an owner waits for an answer on its connection before it takes itself for dead.
const ANSWER: Duration = Duration::from_secs(5);

/// Ends with its own transaction, and so do the locks that it took.
const HAS_DEAD: &str = "WITH others AS MATERIALIZED (SELECT lock FROM event_outbox_owner WHERE owner <> $1) \
     SELECT EXISTS (SELECT 1 FROM others WHERE pg_try_advisory_xact_lock(lock))";

#[derive(Default)]
pub(super) struct Owners(Mutex<HashMap<Owner, PgConnection>>);

fn lock_of(owner: Owner) -> i64 {
    let (high, low) = owner.id().as_u64_pair();
    (high ^ low).cast_signed()
}

impl Owners {
    pub(super) async fn register(
        &self,
        owner: Owner,
        options: &PgConnectOptions,
    ) -> Result<(), StoreError> {
        const ACTION: &str = "register an owner";
        let mut connection = options.connect().await.during(ACTION)?;
        // It is idle for as long as the process lives.
        sqlx::query(
            "SELECT set_config(name, '0', false) FROM pg_settings \
             WHERE name IN ('idle_session_timeout', 'statement_timeout')",
        )
        .execute(&mut connection)
        .await
        .during(ACTION)?;
        // The lock first: whoever finds the row must not find the lock free.
        let row = sqlx::query("SELECT pg_try_advisory_lock($1) AS is_mine")
            .bind(lock_of(owner))
            .fetch_one(&mut connection)
            .await
            .during(ACTION)?;
        if !row.try_get::<bool, _>("is_mine").during(ACTION)? {
            return Err(StoreError::new(
                ACTION,
                StoreErrorKind::Conflict,
                format!("the owner {} is registered already", owner.id()),
            ));
        }
        failpoint!(Registering);
        sqlx::query("INSERT INTO event_outbox_owner (owner, lock) VALUES ($1, $2)")
            .bind(owner.id())
            .bind(lock_of(owner))
            .execute(&mut connection)
            .await
            .during(ACTION)?;
        self.0.lock().await.insert(owner, connection);
        Ok(())
    }

    pub(super) async fn unregister(&self, owner: Owner) -> Result<(), StoreError> {
        const ACTION: &str = "end the registration of an owner";
        let connection = self.0.lock().await.remove(&owner);
        let Some(mut connection) = connection else {
            return Ok(());
        };
        sqlx::query("DELETE FROM event_outbox_owner WHERE owner = $1")
            .bind(owner.id())
            .execute(&mut connection)
            .await
            .during(ACTION)?;
        connection.close().await.during(ACTION)
    }

    /// The connection of an owner of this process, for what is asked now and then: it is open anyway, and need not be
    /// tested.
    pub(super) async fn connection(&self) -> Option<MappedMutexGuard<'_, PgConnection>> {
        MutexGuard::try_map(self.0.lock().await, |owners| owners.values_mut().next()).ok()
    }

    /// Whether another owner is dead, asked on the connection of this one: if it answers, the owner still has its lock.
    pub(super) async fn has_dead(
        &self,
        owner: Owner,
        action: &'static str,
    ) -> Result<bool, StoreError> {
        let lost = |why: String| StoreError::new(action, StoreErrorKind::Unregistered, why);
        let mut owners = self.0.lock().await;
        let Some(connection) = owners.get_mut(&owner) else {
            return Err(lost(format!("the owner {} is not registered", owner.id())));
        };
        let answer = async {
            let asked = sqlx::query_scalar(HAS_DEAD)
                .bind(owner.id())
                .fetch_one(&mut *connection)
                .await;
            match asked {
                // The server refused the question, or has ended the connection.
                Err(error) if error.as_database_error().is_some() => {
                    connection.ping().await.map(|()| Err(error))
                }
                asked => asked.map(Ok),
            }
        };
        let why = match timeout(ANSWER, answer).await {
            Ok(Ok(asked)) => return asked.during(action),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {ANSWER:?}"),
        };
        owners.remove(&owner);
        Err(lost(format!(
            "the connection that held the lock of the owner {} is lost ({why})",
            owner.id()
        )))
    }

    pub(super) async fn close(&self) {
        for (_, connection) in self.0.lock().await.drain() {
            // The server finds out by itself.
            let _ = connection.close().await;
        }
    }
}

/// In a transaction of the caller's, whose end frees the locks of the dead.
pub(super) async fn recover(connection: &mut PgConnection) -> Result<Recovered, sqlx::Error> {
    let dead = sqlx::query(
        "WITH owners AS MATERIALIZED (SELECT owner, lock FROM event_outbox_owner) \
         SELECT owner FROM owners WHERE pg_try_advisory_xact_lock(lock)",
    )
    .fetch_all(&mut *connection)
    .await?;
    let dead = dead.iter().map(|row| row.try_get("owner"));
    let dead = dead.collect::<Result<Vec<Uuid>, _>>()?;
    if dead.is_empty() {
        return Ok(Recovered::default());
    }
    let freed = sqlx::query(
        "UPDATE event_outbox_delivery SET due_at = clock_timestamp(), owner = NULL, \
         crashes = crashes + (crashes < $2 OR owner IN (SELECT owner FROM event_outbox_delivery \
         WHERE owner = ANY($1) GROUP BY owner HAVING count(*) = 1))::int WHERE owner = ANY($1)",
    )
    .bind(&dead)
    .bind(i64::from(SUSPECT))
    .execute(&mut *connection)
    .await?;
    failpoint!(OwnerFreed);
    sqlx::query("DELETE FROM event_outbox_owner WHERE owner = ANY($1)")
        .bind(&dead)
        .execute(connection)
        .await?;
    Ok(Recovered {
        owners: dead.len() as u64,
        rows: freed.rows_affected(),
    })
}
