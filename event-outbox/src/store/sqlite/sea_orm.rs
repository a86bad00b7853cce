//! Emits in transactions of SeaORM on SQLite.

use sea_orm::{DatabaseTransaction, DbBackend, Value};

use super::statements::INSERT;
use crate::CallerTransaction;
use crate::store::row::after_and_at;
use crate::store::sea_orm::execute;
use crate::store::{NewDelivery, Sqlite, StoreError};

impl CallerTransaction<Sqlite> for &DatabaseTransaction {
    async fn insert(self, _: &Sqlite, deliveries: &[NewDelivery]) -> Result<(), StoreError> {
        for delivery in deliveries {
            let (after, at) = after_and_at(delivery.due);
            let values: [Value; 10] = [
                delivery.event_id.as_bytes().to_vec().into(),
                (&*delivery.handler).into(),
                (&*delivery.event).into(),
                i64::from(delivery.version).into(),
                delivery.key.as_deref().into(),
                delivery.body.to_vec().into(),
                after.into(),
                at.into(),
                None::<Vec<u8>>.into(),
                0_i64.into(),
            ];
            execute(self, DbBackend::Sqlite, INSERT, values).await?;
        }
        Ok(())
    }
}
