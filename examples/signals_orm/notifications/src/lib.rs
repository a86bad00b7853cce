//! Mails about what was saved: Django's `notifications/signals.py`.
//!
//! The models know nothing of this crate, and it is imported nowhere for its side effects. A program that
//! wants it names [`MODULE`].

mod mailbox;

use event_core::{error::BoxError, handler};
use models::{Order, PostSave, Store, User, order, user};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel};
use sea_orm::{PaginatorTrait, QueryFilter};

pub use mailbox::{Mail, Mailbox};

event_core::module!();

/// Who has ordered so often is a regular customer.
pub const REGULAR: u64 = 3;

/// Greets a new user.
#[handler(filter = PostSave::is_created)]
pub fn welcome(event: &PostSave<User>, mailbox: &Mailbox) {
    mailbox.send(&event.model.name, "welcome");
}

/// Tells a user that somebody changed the account.
#[handler(filter = PostSave::is_changed)]
pub fn confirm_change(event: &PostSave<User>, mailbox: &Mailbox) {
    mailbox.send(&event.model.name, "your account was changed");
}

/// Sends the receipt of a new order.
///
/// # Errors
///
/// There is nothing to pay. The order stands all the same: it was committed before this runs.
#[handler(filter = PostSave::is_created)]
pub fn send_receipt(event: &PostSave<Order>, mailbox: &Mailbox) -> Result<(), String> {
    let Order { id, cents, .. } = event.model;
    if cents == 0 {
        return Err(format!("order {id} costs nothing, so it has no receipt"));
    }
    let text = format!("receipt for order {id}: {}.{:02}", cents / 100, cents % 100);
    mailbox.send(&format!("user {}", event.model.user_id), &text);
    Ok(())
}

/// Makes a user who orders often a regular customer: a handler that saves, in a transaction of its own,
/// of which [`confirm_change`] hears.
///
/// # Errors
///
/// What the database says.
#[handler(filter = PostSave::is_created)]
pub async fn reward(event: &PostSave<Order>, store: &Store) -> Result<(), BoxError> {
    let user_id = event.model.user_id;
    let rewarding = store.atomic(async |tx| {
        let orders = order::Entity::find().filter(order::Column::UserId.eq(user_id));
        let newcomer = user::Entity::find_by_id(user_id).filter(user::Column::IsRegular.eq(false));
        if orders.count(tx).await? < REGULAR {
            return Ok(());
        }
        if let Some(user) = newcomer.one(tx).await? {
            let mut user = user.into_active_model();
            user.is_regular = Set(true);
            user.update(tx).await?;
        }
        Ok(())
    });
    rewarding.await?;
    Ok(())
}
