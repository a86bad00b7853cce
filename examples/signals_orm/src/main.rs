//! Django's `post_save`, `@receiver` and `AppConfig.ready`, with SeaORM on a real SQLite file.
//!
//! ```text
//! cargo run -p signals_orm                   tells a short story, in a file that is gone afterwards
//! cargo run -p signals_orm -- shop.sqlite    the same in a file of your own, to look at with sqlite3
//! ```
//!
//! Where to look:
//!
//! * `models/` has the tables. A model records in `ActiveModelBehavior::after_save` what became of it (`user.rs`):
//!   a `PostSave` for handlers in memory, and a durable event, such as `UserSignedUp`. A transaction stores the durable
//!   events before its commit, and emits the others after it (`store.rs`).
//! * `notifications/` reacts. The models do not know it, and it knows nothing of this program.
//! * This file wires them, and listens to everything with one function.
//! * `tests/` proves the table below.
//!
//! What is different, and why:
//!
//! | Django | here | because |
//! | --- | --- | --- |
//! | `@receiver(post_save, sender=Order)` | `fn check_price(event: &PostSave<Order>)` | The sender is a type: it cannot be misspelt, and it cannot be left out by mistake. |
//! | `@receiver(post_save)`, of every sender | `fn tell(event: &dyn AnyEvent)` | A function that takes everything says so. |
//! | `def check_price(sender, instance, created, **kwargs)` | the fields `model` and `created` of one struct | A misspelt keyword fails when somebody saves, a misspelt field when it is compiled. |
//! | receivers run inside of `save()`, before the commit; each one that must not needs `transaction.on_commit` | they run after the commit, in the order of the saves, and after a rollback not at all | A mail about a row that never was cannot be taken back. |
//! | a receiver that raises makes `save()` raise, and undoes the `atomic` block around it | its failure is in the report and in the log; the others run, the commit stands | Whoever saves does not know who listens, and cannot answer for them. |
//! | a mail of `transaction.on_commit` is lost if the process dies after the commit, and is not tried again if it fails | `#[handler(durable)]` `fn welcome(event: &UserSignedUp)`: the event is committed with the row | Commit and emit are one unit. |
//! | `import notifications.signals` in `AppConfig.ready`; without it, silence | `.module(notifications::MODULE)` | A module that is named and has no handlers does not build. |
//! | receivers are held weakly: one that is a local function may be gone | a handler lives as long as its dispatcher, a subscription as long as its guard | Who holds what is said in the code, and not by the garbage collector. |
//! | a receiver that saves its own model recurses until Python gives up | it ends at a limit, with a failure that says so | The depth of an emission is counted, in tasks, too. |
//! | `bulk_create`, `update()` and raw SQL send nothing | so do `insert_many`, `update_many`, `update_without_returning` and raw SQL | The hook is the ORM's own, and so is what it does not see. |
//!
//! What must be saved *with* a row (a profile of each user, say) is no reaction to a fact: call a function
//! inside of the transaction.
//!
//! What is promised: a transaction that is rolled back, by whatever, emits nothing. The durable events of one that is
//! committed reach each of their handlers at least once: kill the process with -9 after the commit, and the next one
//! with the same file sends the mail. (A mail is sent twice if the process dies after it and before the end of its
//! delivery is stored; a mail service is given the event's id, `Meta::id`, as its idempotency key.) Whoever waits for a
//! transaction that is committed has emitted one `PostSave` for each save, in order.
//!
//! What is not: a `PostSave` is in memory, so a process that dies after the commit has told nobody whom it had not told,
//! and so has a caller that is dropped while SQLite commits. It cannot be stored, since it is generic: a durable event
//! has a name of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use event_core::{AnyEvent, Dispatcher, error::BoxError, handler};
use models::{Store, order, savepoint, user};
use notifications::Mailbox;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel, PaginatorTrait};

/// How long handlers are waited for.
const LIMIT: Duration = Duration::from_secs(10);

/// A receiver of every sender.
#[handler(priority = -1)]
fn tell(event: &dyn AnyEvent) {
    println!("  event   {event:?}");
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let folder = tempfile::tempdir()?;
    let own = std::env::args_os().nth(1).map(PathBuf::from);
    let file = own.unwrap_or_else(|| folder.path().join("shop.sqlite"));

    let builder = Dispatcher::builder().module(notifications::MODULE);
    let store = Arc::new(Store::open(&file, builder.handle()).await?);
    let dispatcher = builder
        .outbox(store.outbox())
        .provide_arc(Arc::clone(&store))
        .provide(Mailbox::new(|mail| println!("  mail    {mail}")))
        .build()?;
    println!("The database is {}", file.display());
    store.outbox().join(LIMIT).await; // what the last process left

    println!(
        "\nAda and Grace sign up in one transaction: two events and a mail for each, after the commit."
    );
    let both = store.atomic(async |tx| {
        let ada = new_user("Ada").insert(tx).await?;
        let grace = new_user("Grace").insert(tx).await?;
        println!("  saved   users {} and {}", ada.id, grace.id);
        Ok((ada, grace))
    });
    let (ada, grace) = both.await?.value;
    store.outbox().join(LIMIT).await;

    println!("\nLinus signs up and orders, and the transaction is rolled back: no event, no mail.");
    let linus = store.atomic(async |tx| {
        let linus = new_user("Linus").insert(tx).await?;
        new_order(linus.id, 9_900).insert(tx).await?;
        println!("  saved   user {} with an order", linus.id);
        Err::<(), _>(BoxError::from("his card was declined"))
    });
    if let Err(error) = linus.await {
        println!("  undone  {error}");
    }

    println!("\nAda is called Ada Lovelace now. The row is not new: other handlers hear of it.");
    let mut ada = ada.into_active_model();
    ada.name = Set("Ada Lovelace".to_owned());
    let ada = store.save(ada).await?.value;
    store.outbox().join(LIMIT).await;

    println!("\nShe orders three times. The third makes a handler save her as a regular customer.");
    for cents in [1_250, 800, 4_999] {
        store.save(new_order(ada.id, cents)).await?;
        store.outbox().join(LIMIT).await;
    }

    println!(
        "\nGrace's order fails halfway, and is tried again: what a savepoint undid has no event."
    );
    let order = store.atomic(async |tx| {
        let failed = savepoint(tx, async |tx| {
            new_order(grace.id, 1).insert(tx).await?;
            Err::<(), _>(BoxError::from("wrong price"))
        });
        if let Err(error) = failed.await {
            println!("  undone  {error}");
        }
        Ok(new_order(grace.id, 2_500).insert(tx).await?)
    });
    order.await?;
    store.outbox().join(LIMIT).await;

    println!(
        "\nGrace orders something free. A handler in memory fails, and the order and its receipt stand."
    );
    let free = store.save(new_order(grace.id, 0)).await?;
    for failure in free.report.failures() {
        println!("  failed  {failure}");
    }
    store.outbox().join(LIMIT).await;

    let count = store.atomic(async |tx| {
        let users = user::Entity::find().count(tx).await?;
        Ok((users, order::Entity::find().count(tx).await?))
    });
    let (users, orders) = count.await?.value;
    println!("\nThe database has {users} users and {orders} orders.");
    let limit = Duration::from_secs(10);
    store.outbox().shutdown(limit).await; // what it leaves is handled by the next process
    let end = dispatcher.shutdown(limit).await;
    if end.is_complete() {
        Ok(())
    } else {
        Err(end.to_string().into())
    }
}

fn new_user(name: &str) -> user::ActiveModel {
    user::ActiveModel {
        name: Set(name.to_owned()),
        is_regular: Set(false),
        ..Default::default()
    }
}

fn new_order(user_id: i32, cents: i64) -> order::ActiveModel {
    order::ActiveModel {
        user_id: Set(user_id),
        cents: Set(cents),
        ..Default::default()
    }
}
