//! Who orders.

use sea_orm::entity::prelude::*;

use crate::{AccountChanged, UserSignedUp, pending};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub name: String,
    /// Has ordered three times and more.
    pub is_regular: bool,
    #[sea_orm(has_many)]
    pub orders: HasMany<super::order::Entity>,
}

#[async_trait::async_trait]
impl ActiveModelBehavior for ActiveModel {
    async fn before_save<C: ConnectionTrait>(self, _: &C, _: bool) -> Result<Self, DbErr> {
        pending::expect_transaction("user")?;
        Ok(self)
    }

    async fn after_save<C: ConnectionTrait>(
        model: Model,
        _: &C,
        insert: bool,
    ) -> Result<Model, DbErr> {
        let (user_id, name) = (model.id, model.name.clone());
        if insert {
            pending::record_durable(UserSignedUp { user_id, name });
        } else {
            pending::record_durable(AccountChanged { user_id, name });
        }
        pending::record(model.clone(), insert);
        Ok(model)
    }
}
