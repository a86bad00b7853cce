//! The ways to emit an order.

use event_outbox::{Outbox, Tx};
use event_outbox_servers::{EffectLog, books};

use crate::database::{Connection, Database};
use crate::handlers::{OrderPlaced, TrialBegun};

/// What became of the database meanwhile.
pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// How many ways there are.
pub(crate) const WAYS: i64 = 8;

/// Emits an order, in one way or another. What is committed is written down.
pub(crate) async fn order<S: Database>(
    outbox: &Outbox<S>,
    log: &EffectLog,
    order_id: i64,
    number: i64,
) -> Result<(), Fault> {
    match number % WAYS {
        // Rolled back, dropped, and without a row.
        1 => {
            let tx = placed(outbox, order_id).await?;
            return Ok(tx.rollback().await?);
        }
        3 => {
            drop(placed(outbox, order_id).await?);
            return Ok(());
        }
        5 => {
            log.write("emitting", order_id);
            outbox.emit(event(order_id)).await?;
        }
        // In a transaction of the caller's.
        6 => {
            let mut transaction = outbox.store().begin().await?;
            insert::<S>(&mut transaction, order_id).await?;
            let emitted = outbox.emit_in(&mut transaction, event(order_id)).await?;
            transaction.commit().await?;
            let _ = emitted.committed()?;
        }
        // With a part that is taken back.
        7 => {
            let mut tx = placed(outbox, order_id).await?;
            let mut savepoint = tx.savepoint().await?;
            let other = -order_id;
            insert::<S>(savepoint.connection(), other).await?;
            savepoint.emit(event(other))?;
            savepoint.rollback().await?;
            let _ = tx.commit().await?;
        }
        _ => {
            let _ = placed(outbox, order_id).await?.commit().await?;
        }
    }
    log.write("committed", order_id);
    Ok(())
}

async fn placed<S: Database>(outbox: &Outbox<S>, order_id: i64) -> Result<Tx<S>, Fault> {
    let mut tx = outbox.begin().await?;
    insert::<S>(tx.connection(), order_id).await?;
    tx.emit(event(order_id))?;
    Ok(tx)
}

const fn event(order_id: i64) -> OrderPlaced {
    OrderPlaced {
        order_id,
        customer: books::customer(order_id),
    }
}

async fn insert<S: Database>(
    connection: &mut Connection<S>,
    order_id: i64,
) -> Result<(), sqlx::Error> {
    S::execute(connection, "INSERT INTO orders VALUES ($1)", order_id).await
}

/// Emits what does not go well at once.
pub(crate) async fn trial<S: Database>(outbox: &Outbox<S>, order_id: i64) -> Result<(), Fault> {
    let mut tx = outbox.begin().await?;
    let insert = "INSERT INTO trials VALUES ($1)";
    S::execute(tx.connection(), insert, order_id).await?;
    tx.emit(TrialBegun { order_id })?;
    let _ = tx.commit().await?;
    Ok(())
}
