//! What was ordered.

use sea_orm::entity::prelude::*;

use crate::{OrderPlaced, pending};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub user_id: i32,
    pub cents: i64,
    #[sea_orm(belongs_to, from = "user_id", to = "id")]
    pub user: HasOne<super::user::Entity>,
}

#[async_trait::async_trait]
impl ActiveModelBehavior for ActiveModel {
    async fn before_save<C: ConnectionTrait>(self, _: &C, _: bool) -> Result<Self, DbErr> {
        pending::expect_transaction("order")?;
        Ok(self)
    }

    async fn after_save<C: ConnectionTrait>(
        model: Model,
        _: &C,
        insert: bool,
    ) -> Result<Model, DbErr> {
        if insert {
            pending::record_durable(OrderPlaced {
                order_id: model.id,
                user_id: model.user_id,
                cents: model.cents,
            });
        }
        pending::record(model.clone(), insert);
        Ok(model)
    }
}
