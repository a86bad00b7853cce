//! Mails about what was saved: Django's `notifications/signals.py`.
//!
//! The models know nothing of this crate, and it is imported nowhere for its side effects. A program that
//! wants it names [`MODULE`].
//!
//! What must not be lost is done by a durable handler: it is called again until it succeeds, by the next process if
//! this one dies.

mod mailbox;

use event_core::{error::BoxError, handler};
use models::{AccountChanged, Order, OrderPlaced, PostSave, Store, UserSignedUp, order, user};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel};
use sea_orm::{PaginatorTrait, QueryFilter};

pub use mailbox::{Mail, Mailbox};

event_core::module!();

/// Who has ordered so often is a regular customer.
pub const REGULAR: u64 = 3;

/// Greets a new user.
#[handler(durable, id = "notifications.welcome")]
pub fn welcome(event: &UserSignedUp, mailbox: &Mailbox) {
    mailbox.send(&event.name, "welcome");
}

/// Tells a user that somebody changed the account.
#[handler(durable, id = "notifications.confirm_change")]
pub fn confirm_change(event: &AccountChanged, mailbox: &Mailbox) {
    mailbox.send(&event.name, "your account was changed");
}

/// Sends the receipt of a new order.
#[handler(durable, id = "notifications.send_receipt")]
pub fn send_receipt(event: &OrderPlaced, mailbox: &Mailbox) {
    let OrderPlaced {
        order_id,
        user_id,
        cents,
    } = event;
    let (whole, rest) = (cents / 100, cents % 100);
    let text = format!("receipt for order {order_id}: {whole}.{rest:02}");
    mailbox.send(&format!("user {user_id}"), &text);
}

/// Complains about a price of nothing to whoever saved the order. In memory: nobody misses it afterwards.
///
/// # Errors
///
/// There is nothing to pay. The order stands all the same: it was committed before this runs.
#[handler(filter = PostSave::is_created)]
pub fn check_price(event: &PostSave<Order>) -> Result<(), String> {
    match event.model {
        Order { id, cents: 0, .. } => Err(format!("order {id} costs nothing")),
        _ => Ok(()),
    }
}

/// Makes a user who orders often a regular customer: a handler that saves, in a transaction of its own,
/// of which [`confirm_change`] hears. Called twice for an order, it changes nothing the second time.
///
/// # Errors
///
/// What the database says. It is tried again then.
#[handler(durable, id = "notifications.reward")]
pub async fn reward(event: &OrderPlaced, store: &Store) -> Result<(), BoxError> {
    let user_id = event.user_id;
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
