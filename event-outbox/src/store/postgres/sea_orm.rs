//! Emits in transactions of SeaORM on PostgreSQL.

use sea_orm::{DatabaseTransaction, DbBackend, Value};
use uuid::Uuid;

use super::insert::statement;
use super::statements::{LOCK, keys_of, locks_of};
use crate::CallerTransaction;
use crate::store::row::after_and_at;
use crate::store::sea_orm::execute;
use crate::store::{NewDelivery, Postgres, StoreError};

impl CallerTransaction<Postgres> for &DatabaseTransaction {
    async fn insert(self, _: &Postgres, deliveries: &[NewDelivery]) -> Result<(), StoreError> {
        let locks = locks_of(keys_of(deliveries));
        if !locks.is_empty() {
            execute(self, DbBackend::Postgres, LOCK, [locks.into()]).await?;
        }
        for delivery in deliveries {
            let (after, at) = after_and_at(delivery.due);
            let key = delivery.key.as_deref().map(ToOwned::to_owned);
            let values: [Value; 9] = [
                delivery.event_id.into(),
                delivery.handler.clone().into_owned().into(),
                delivery.event.clone().into_owned().into(),
                i64::from(delivery.version).into(),
                key.into(),
                delivery.body.to_vec().into(),
                after.into(),
                at.into(),
                None::<Uuid>.into(),
            ];
            execute(self, DbBackend::Postgres, statement(delivery), values).await?;
        }
        Ok(())
    }
}
