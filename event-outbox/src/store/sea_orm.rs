//! Deliveries that are inserted in a transaction of SeaORM, which does not give its connection out: with the
//! statements of the stores, through its own interface.

use sea_orm::{
    ConnectionTrait as _, DatabaseTransaction, DbBackend, DbErr, RuntimeErr, Statement, Value,
};

use super::{StoreError, StoreErrorKind};

const ACTION: &str = "insert deliveries in the transaction of SeaORM";

/// Executes a statement in a transaction, which must be of the store's database.
pub(super) async fn execute(
    transaction: &DatabaseTransaction,
    backend: DbBackend,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<(), StoreError> {
    let given = transaction.get_database_backend();
    if given != backend {
        let detail = format!(
            "the outbox is on {backend:?}, and the transaction on {given:?}; give one that was begun on the \
             database of the outbox"
        );
        return Err(StoreError::new(ACTION, StoreErrorKind::Misuse, detail));
    }
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let executed = transaction.execute_raw(statement).await;
    executed.map(|_| ()).map_err(|error| store_error(&error))
}

fn store_error(error: &DbErr) -> StoreError {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(source))
        | DbErr::Exec(RuntimeErr::SqlxError(source))
        | DbErr::Query(RuntimeErr::SqlxError(source)) => StoreError::copy(ACTION, source),
        other => StoreError::new(ACTION, StoreErrorKind::Other, other.to_string()),
    }
}
