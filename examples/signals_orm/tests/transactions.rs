//! What is emitted when a transaction ends, however it ends.

mod shop;

use std::sync::Arc;

use event_core::flag::Flag;
use event_core::{Dispatcher, error::BoxError};
use event_testing::{DispatcherExt as _, assert_nothing_emitted};
use models::{PostSave, Store, User, savepoint, user};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, EntityTrait};
use sea_orm::{IntoActiveModel, PaginatorTrait, TransactionTrait};
use shop::{Heard, Shop, new_order, new_user, soon};

type Result<T> = std::result::Result<T, BoxError>;

fn undo<T>() -> Result<T> {
    Err("undone on purpose".into())
}

#[tokio::test]
async fn a_commit_emits_one_event_for_each_save_in_order() -> Result<()> {
    let shop = Shop::open().await;
    let committed = shop.store.atomic(async |tx| {
        let ada = new_user("Ada").insert(tx).await?;
        new_user("Grace").insert(tx).await?;
        new_order(ada.id).insert(tx).await?;
        let mut ada = ada.into_active_model();
        ada.name = Set("Ada Lovelace".to_owned());
        ada.update(tx).await?;
        // SeaORM's third way to save.
        Ok(new_order(1).save(tx).await?)
    });
    let report = committed.await?.report;
    assert_eq!(
        shop.heard(),
        [
            "Ada created",
            "Grace created",
            "order 1 created",
            "Ada Lovelace changed",
            "order 2 created"
        ]
    );
    assert_eq!((report.events(), report.done()), (5, 5));
    Ok(())
}

#[tokio::test]
async fn nothing_is_emitted_before_the_commit_and_handlers_read_what_is_committed() -> Result<()> {
    let shop = Shop::open().await;
    let (seen, elsewhere) = (Heard::default(), shop.connect().await);
    let reader = seen.clone();
    let _reading = shop
        .dispatcher
        .subscribe_async(move |_: Arc<PostSave<User>>| {
            let (seen, elsewhere) = (reader.clone(), elsewhere.clone());
            async move {
                let users = user::Entity::find().count(&elsewhere).await;
                seen.write(format!("{} users", users.expect("readable")));
            }
        });
    let committed = shop.store.atomic(async |tx| {
        new_user("Ada").insert(tx).await?;
        new_user("Grace").insert(tx).await?;
        Ok(shop.heard())
    });
    assert!(committed.await?.value.is_empty());
    assert_eq!(shop.heard(), ["Ada created", "Grace created"]);
    assert_eq!(seen.take(), ["2 users", "2 users"]);
    Ok(())
}

#[tokio::test]
async fn a_rollback_saves_nothing_and_emits_nothing() -> Result<()> {
    let shop = Shop::open().await;
    let rec = shop.dispatcher.record();
    let undone = shop.dispatcher.track(async |_| {
        let work = shop.store.atomic(async |tx| {
            let linus = new_user("Linus").insert(tx).await?;
            new_order(linus.id).insert(tx).await?;
            undo::<()>()
        });
        work.await
    });
    let error = undone.await.expect_err("undone");
    assert_eq!(error.to_string(), "undone on purpose");
    assert_eq!(shop.dispatcher.counts().rolled_back, 2);
    assert!(shop.names().await.is_empty());
    assert_nothing_emitted!(rec);
    shop.store.save(new_user("Ada")).await?;
    assert_eq!(
        shop.heard(),
        ["Ada created"],
        "not with the next commit, either"
    );
    Ok(())
}

#[tokio::test]
async fn a_commit_that_the_database_refuses_emits_nothing() -> Result<()> {
    let shop = Shop::open().await;
    let refused = shop.store.atomic(async |tx| {
        // Foreign keys are looked at when the transaction is committed, and not before.
        tx.execute_unprepared("PRAGMA defer_foreign_keys = ON")
            .await?;
        new_user("Ada").insert(tx).await?;
        Ok(new_order(99).insert(tx).await?)
    });
    let error = refused.await.expect_err("user 99 does not exist");
    assert!(error.to_string().contains("FOREIGN KEY"), "{error}");
    shop.store.save(new_user("Grace")).await?;
    assert_eq!(shop.heard(), ["Grace created"]);
    assert_eq!(shop.names().await, ["Grace"]);
    Ok(())
}

#[tokio::test]
async fn a_panic_undoes_the_transaction_and_emits_nothing() -> Result<()> {
    let shop = Shop::open().await;
    let store = Arc::clone(&shop.store);
    let panicking = tokio::spawn(async move {
        let work = store.atomic(async |tx| {
            new_user("Linus").insert(tx).await?;
            std::panic::resume_unwind(Box::new("on purpose"));
            #[allow(unreachable_code, reason = "says what the work would answer")]
            Ok(())
        });
        work.await.map(|_| ())
    });
    assert!(panicking.await.expect_err("it panicked").is_panic());
    shop.store.save(new_user("Ada")).await?;
    assert_eq!(shop.heard(), ["Ada created"]);
    assert_eq!(shop.names().await, ["Ada"]);
    Ok(())
}

#[tokio::test]
async fn whoever_is_dropped_before_the_commit_saves_nothing_and_emits_nothing() -> Result<()> {
    let shop = Shop::open().await;
    let saved = Flag::new();
    let work = shop.store.atomic(async |tx| {
        new_user("Linus").insert(tx).await?;
        saved.set();
        std::future::pending::<()>().await;
        Ok(())
    });
    tokio::select! {
        _ = work => unreachable!("it is pending for ever"),
        () = soon(saved.wait()) => {}
    }
    shop.store.save(new_user("Ada")).await?;
    assert_eq!(shop.heard(), ["Ada created"]);
    assert_eq!(shop.names().await, ["Ada"]);
    Ok(())
}

#[tokio::test]
async fn whoever_is_dropped_after_the_commit_leaves_the_handlers_running_to_their_end() -> Result<()>
{
    let shop = Shop::open().await;
    let (begun, gate, ended) = (
        Arc::new(Flag::new()),
        Arc::new(Flag::new()),
        Arc::new(Flag::new()),
    );
    let flags = (begun.clone(), gate.clone(), ended.clone());
    let _slow = shop
        .dispatcher
        .subscribe_async(move |_: Arc<PostSave<User>>| {
            let (begun, gate, ended) = flags.clone();
            async move {
                begun.set();
                gate.wait().await;
                ended.set();
            }
        });
    tokio::select! {
        _ = shop.store.save(new_user("Ada")) => unreachable!("a handler waits for the gate"),
        () = soon(begun.wait()) => {}
    }
    assert_eq!(shop.names().await, ["Ada"]);
    gate.set();
    soon(ended.wait()).await;
    Ok(())
}

#[tokio::test]
async fn a_savepoint_that_is_undone_takes_its_own_events_along_and_no_others() -> Result<()> {
    let shop = Shop::open().await;
    let committed = shop.store.atomic(async |tx| {
        let ada = new_user("Ada").insert(tx).await?;
        let undone = savepoint(tx, async |tx| {
            new_order(ada.id).insert(tx).await?;
            savepoint(tx, async |tx| Ok(new_user("Linus").insert(tx).await?)).await?;
            undo::<()>()
        });
        assert!(undone.await.is_err());
        savepoint(tx, async |tx| Ok(new_user("Grace").insert(tx).await?)).await?;
        Ok(new_user("Barbara").insert(tx).await?)
    });
    committed.await?;
    let saved = ["Ada", "Grace", "Barbara"];
    assert_eq!(shop.heard(), saved.map(|name| format!("{name} created")));
    assert_eq!(shop.names().await, saved);
    assert_eq!(shop.orders().await, 0);
    Ok(())
}

#[tokio::test]
async fn two_transactions_that_take_turns_on_one_thread_do_not_mix_their_events() -> Result<()> {
    // In two databases, since one of SQLite's lets one transaction write at a time.
    let (kept, undone) = (Shop::open().await, Shop::open().await);
    let turns: [Flag; 4] = Default::default();
    let keeping = kept.store.atomic(async |tx| {
        new_user("Ada").insert(tx).await?;
        turns[0].set();
        turns[1].wait().await;
        let grace = new_user("Grace").insert(tx).await?;
        turns[2].set();
        turns[3].wait().await;
        Ok(new_order(grace.id).insert(tx).await?)
    });
    let undoing = undone.store.atomic(async |tx| {
        turns[0].wait().await;
        new_user("Linus").insert(tx).await?;
        turns[1].set();
        turns[2].wait().await;
        new_user("Ken").insert(tx).await?;
        turns[3].set();
        undo::<()>()
    });
    let (kept_all, undone_all) = soon(async { tokio::join!(keeping, undoing) }).await;
    assert_eq!(kept_all?.report.events(), 3);
    assert!(undone_all.is_err());
    let heard = ["Ada created", "Grace created", "order 1 created"];
    assert_eq!(kept.heard(), heard);
    assert!(undone.heard().is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_forty_tasks_at_once_each_commit_is_told_whole_and_each_rollback_not_at_all()
-> Result<()> {
    let shop = Shop::open().await;
    let tasks: Vec<_> = (0..40)
        .map(|task| {
            let store = Arc::clone(&shop.store);
            tokio::spawn(async move { sign_up(&store, task).await })
        })
        .collect();
    let mut expected = Vec::new();
    for (task, done) in tasks.into_iter().enumerate() {
        let events = done.await?;
        assert_eq!(events, if task % 2 == 0 { Some(2) } else { None });
        if task % 2 == 0 {
            expected.extend([format!("{task}a created"), format!("{task}b created")]);
        }
    }
    let heard = shop.heard();
    for task in (0..40).step_by(2) {
        let at = |name: String| heard.iter().position(|line| *line == name);
        let (first, second) = (format!("{task}a created"), format!("{task}b created"));
        assert!(at(first) < at(second), "{heard:?}");
    }
    let mut sorted = heard;
    sorted.sort();
    expected.sort();
    assert_eq!(sorted, expected);
    assert_eq!(shop.names().await.len(), 40);
    Ok(())
}

/// Saves two users, and undoes that if the number is odd; answers how many events there were.
async fn sign_up(store: &Store, task: usize) -> Option<usize> {
    let work = store.atomic(async |tx| {
        new_user(&format!("{task}a")).insert(tx).await?;
        tokio::task::yield_now().await;
        new_user(&format!("{task}b")).insert(tx).await?;
        if task.is_multiple_of(2) {
            Ok(())
        } else {
            undo()
        }
    });
    Some(work.await.ok()?.report.events())
}

#[tokio::test]
async fn a_save_outside_of_a_transaction_is_refused_before_anything_is_written() -> Result<()> {
    let shop = Shop::open().await;
    let ada = shop.store.save(new_user("Ada")).await?.value;
    let outside = shop.connect().await;
    let mut changed = ada.into_active_model();
    changed.name = Set("Eve".to_owned());
    let errors = [
        new_user("Linus")
            .insert(&outside)
            .await
            .expect_err("insert"),
        new_user("Linus").save(&outside).await.expect_err("save"),
        changed.update(&outside).await.expect_err("update"),
        new_order(1).insert(&outside).await.expect_err("insert"),
    ];
    for error in &errors {
        assert!(error.to_string().contains("`store.save(…)`"), "{error}");
    }
    assert!(
        errors[0].to_string().contains("row of `user`"),
        "{}",
        errors[0]
    );
    assert!(
        errors[3].to_string().contains("row of `order`"),
        "{}",
        errors[3]
    );
    assert_eq!(
        (shop.names().await, shop.orders().await),
        (vec!["Ada".to_owned()], 0)
    );
    assert_eq!(shop.heard(), ["Ada created"]);
    Ok(())
}

#[tokio::test]
async fn a_save_in_a_task_of_its_own_is_outside_of_the_transaction_and_refused() -> Result<()> {
    let shop = Shop::open().await;
    let elsewhere = shop.connect().await;
    let work = shop.store.atomic(async move |_| {
        let save = async move { new_user("Linus").insert(&elsewhere).await };
        Ok(tokio::spawn(save).await??)
    });
    let error = work.await.expect_err("another task").to_string();
    assert!(error.contains("outside of a transaction"), "{error}");
    assert!(shop.heard().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_transaction_inside_of_another_is_refused_at_once() -> Result<()> {
    let shop = Shop::open().await;
    let work = shop.store.atomic(async |_| {
        let inner = shop.store.save(new_user("Ada")).await;
        Ok(inner.expect_err("it would wait for itself").to_string())
    });
    assert!(work.await?.value.contains("use `savepoint("));
    assert!(shop.heard().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_savepoint_outside_of_a_transaction_is_refused() -> Result<()> {
    let shop = Shop::open().await;
    let own = shop.connect().await.begin().await?;
    let work = savepoint(&own, async |tx| Ok(new_user("Ada").insert(tx).await?));
    let error = work.await.expect_err("nobody would hear of it").to_string();
    assert!(error.contains("outside of a transaction"), "{error}");
    Ok(())
}

#[tokio::test]
async fn without_a_dispatcher_nothing_is_written() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("shop.sqlite");
    let builder = Dispatcher::empty();
    let store = Store::open(&file, builder.handle()).await?;
    let too_early = store.save(new_user("Ada")).await.expect_err("not built");
    let dispatcher = builder.outbox(store.outbox()).build()?;
    let alone = store.save(new_user("Grace")).await?;
    drop(dispatcher);
    let gone = store.save(new_user("Ada")).await.expect_err("dropped");
    assert_ne!(too_early.to_string(), gone.to_string());
    assert_eq!(alone.value.id, 1, "the first that was written");
    Ok(())
}

#[tokio::test]
async fn without_the_outbox_nothing_is_written() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let builder = Dispatcher::empty();
    let store = Store::open(&folder.path().join("shop.sqlite"), builder.handle()).await?;
    let _dispatcher = builder.build()?;
    let error = store.save(new_user("Ada")).await.expect_err("no outbox");
    assert!(error.to_string().contains("outbox"), "{error}");
    let users = store.atomic(async |tx| Ok(user::Entity::find().count(tx).await?));
    assert_eq!(users.await?.value, 0);
    Ok(())
}

#[tokio::test]
async fn with_a_dispatcher_that_was_shut_down_nothing_is_written() -> Result<()> {
    let shop = Shop::open().await;
    let limit = std::time::Duration::from_mins(1);
    assert!(shop.dispatcher.shutdown(limit).await.is_complete());
    let error = shop.store.save(new_user("Ada")).await.expect_err("closed");
    assert!(error.to_string().contains("closed"), "{error}");
    assert!(shop.names().await.is_empty());
    assert!(shop.heard().is_empty());
    Ok(())
}
