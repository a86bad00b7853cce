//! Who is called for what.

mod shop;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use event_core::{AnyEvent, Dispatcher, error::BoxError, handler};
use models::{PostSave, User, order, user};
use notifications::{Mail, Mailbox};
use sea_orm::{ActiveValue::Set, IntoActiveModel};
use shop::{Heard, Shop, new_order, new_user};

type Result<T> = std::result::Result<T, BoxError>;

/// A shop with the handlers of the other crate, and what they mailed.
async fn with_notifications() -> (Shop, Heard) {
    let mails = Heard::default();
    let out = mails.clone();
    let builder = Dispatcher::empty()
        .module(notifications::MODULE)
        .provide(Mailbox::new(move |mail: Mail| out.write(mail.to_string())));
    (Shop::open_with(builder).await, mails)
}

fn rename(user: User, name: &str) -> user::ActiveModel {
    let mut user = user.into_active_model();
    user.name = Set(name.to_owned());
    user
}

#[tokio::test]
async fn a_new_row_is_created_and_one_that_was_there_is_changed() -> Result<()> {
    let (shop, mails) = with_notifications().await;
    let ada = shop.settled(shop.store.save(new_user("Ada"))).await?.value;
    assert_eq!(shop.heard(), ["Ada created"]);
    assert_eq!(mails.take(), ["to Ada: welcome"]);

    shop.settled(shop.store.save(rename(ada, "Lady Ada")))
        .await?;
    assert_eq!(shop.heard(), ["Lady Ada changed"]);
    assert_eq!(mails.take(), ["to Lady Ada: your account was changed"]);
    Ok(())
}

#[tokio::test]
async fn a_receiver_of_one_model_is_not_called_for_another() -> Result<()> {
    let shop = Shop::open().await;
    let users = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&users);
    let _counting = shop.dispatcher.subscribe(move |_: &PostSave<User>| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    shop.store.save(new_user("Ada")).await?;
    for _ in 0..3 {
        shop.store.save(new_order(1)).await?;
    }
    assert_eq!(users.load(Ordering::Relaxed), 1);
    let heard = shop.heard();
    assert_eq!(
        heard
            .iter()
            .filter(|line| line.starts_with("order"))
            .count(),
        3
    );
    Ok(())
}

#[handler]
fn hears_all(event: &dyn AnyEvent, heard: &Heard) {
    heard.write(event.name().replace("models::", ""));
}

#[tokio::test]
async fn a_receiver_without_a_sender_hears_of_every_model() -> Result<()> {
    let heard = Heard::default();
    let builder = Dispatcher::empty()
        .handler(hears_all)
        .provide(heard.clone());
    let shop = Shop::open_with(builder).await;
    shop.store.save(new_user("Ada")).await?;
    shop.store.save(new_order(1)).await?;
    let of = |model: &str| format!("post_save::PostSave<{model}::Model>");
    let expected = [
        "shop.user_signed_up".to_owned(),
        of("user"),
        "shop.order_placed".to_owned(),
        of("order"),
    ];
    assert_eq!(heard.take(), expected);
    Ok(())
}

fn panics(_: &PostSave<User>) {
    std::panic::resume_unwind(Box::new("on purpose"));
}

#[tokio::test]
async fn a_failing_receiver_undoes_nothing_and_the_others_are_called() -> Result<()> {
    let (shop, mails) = with_notifications().await;
    let first = shop.dispatcher.subscription_builder().priority(-1);
    let _panicking = first.subscribe(panics);
    let ada = shop.settled(shop.store.save(new_user("Ada"))).await?;
    assert_eq!((ada.report.panicked(), ada.report.failed()), (1, 0));
    assert_eq!(mails.take(), ["to Ada: welcome"]);

    let free = order::ActiveModel {
        cents: Set(0),
        ..new_order(ada.value.id)
    };
    let report = shop.settled(shop.store.save(free)).await?.report;
    assert_eq!(mails.take(), ["to user 1: receipt for order 1: 0.00"]);
    assert_eq!((report.panicked(), report.failed()), (0, 1));
    let failure = &report.failures()[0];
    assert!(
        failure
            .handler()
            .is_some_and(|by| by.name() == "notifications::check_price")
    );
    let text = "order 1 costs nothing";
    assert_eq!(
        failure.error().map(ToString::to_string).as_deref(),
        Some(text)
    );

    assert_eq!(
        (shop.names().await, shop.orders().await),
        (vec!["Ada".to_owned()], 1)
    );
    assert_eq!(shop.heard(), ["Ada created", "order 1 created"]);
    Ok(())
}

#[tokio::test]
async fn a_handler_of_another_crate_saves_and_what_it_saves_is_told_too() -> Result<()> {
    let (shop, mails) = with_notifications().await;
    shop.store.save(new_user("Ada")).await?;
    for _ in 0..2 {
        shop.settled(shop.store.save(new_order(1))).await?;
    }
    assert_eq!(
        shop.heard().last().map(String::as_str),
        Some("order 2 created")
    );
    mails.take();
    shop.settled(shop.store.save(new_order(1))).await?;
    assert_eq!(shop.heard(), ["order 3 created", "Ada changed"]);
    let mut third = mails.take();
    third.sort(); // of two durable handlers
    assert_eq!(
        third,
        [
            "to Ada: your account was changed",
            "to user 1: receipt for order 3: 1.00"
        ]
    );
    shop.settled(shop.store.save(new_order(1))).await?;
    assert_eq!(
        shop.heard(),
        ["order 4 created"],
        "at the third order alone"
    );
    Ok(())
}

#[tokio::test]
async fn a_receiver_that_saves_its_own_model_again_ends_at_the_limit() -> Result<()> {
    let shop = Shop::open_with(Dispatcher::empty().depth_limit(5)).await;
    let failures = Heard::default();
    let (store, told) = (Arc::clone(&shop.store), failures.clone());
    let _again = shop
        .dispatcher
        .subscribe_async(move |event: Arc<PostSave<User>>| {
            let (store, told) = (Arc::clone(&store), told.clone());
            async move {
                let next = format!("{}!", event.model.name);
                let saved = store.save(rename(event.model.clone(), &next)).await?;
                for failure in saved.report.failures() {
                    told.write(failure.to_string());
                }
                Ok::<_, BoxError>(())
            }
        });
    shop.store.save(new_user("Ada")).await?;
    assert_eq!(shop.heard().len(), 6, "the first, and five inside of it");
    assert_eq!(shop.names().await, ["Ada!!!!!"], "the sixth is refused");
    let failures = failures.take();
    // Of the event, and of the handler whose save was undone.
    assert_eq!(failures.len(), 2, "{failures:?}");
    let text = "`shop.account_changed` was not emitted: 6 causes lie before it";
    assert!(failures.iter().all(|it| it.contains(text)), "{failures:?}");
    Ok(())
}
