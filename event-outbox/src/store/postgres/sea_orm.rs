//! Emits in transactions of SeaORM on PostgreSQL.

use sea_orm::{DatabaseTransaction, DbBackend, Value};
use uuid::Uuid;

use super::statements::{LOCK, insert_of, keys_of, locks_of};
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
        // One row for each statement: lists of SeaORM have no NULL, and an empty list beside others has one.
        for delivery in deliveries {
            let (after, at) = after_and_at(delivery.due);
            let key = delivery.key.as_deref().map(ToOwned::to_owned);
            let values: [Value; 10] = [
                vec![delivery.event_id].into(),
                vec![delivery.handler.clone().into_owned()].into(),
                vec![delivery.event.clone().into_owned()].into(),
                vec![i64::from(delivery.version)].into(),
                Vec::from_iter(key).into(),
                vec![delivery.body.to_vec()].into(),
                vec![after].into(),
                Vec::from_iter(at).into(),
                None::<Uuid>.into(),
                0_i64.into(),
            ];
            let statement = insert_of(std::slice::from_ref(delivery));
            execute(self, DbBackend::Postgres, statement, values).await?;
        }
        Ok(())
    }
}
