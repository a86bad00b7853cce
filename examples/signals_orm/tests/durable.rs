//! What is handled after a commit, whatever dies, and after a rollback not at all.

mod shop;

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use event_core::{AnyEvent, Dispatcher, dispatcher::DispatcherBuilder, error::BoxError, handler};
use models::savepoint;
use notifications::{Mail, Mailbox};
use sea_orm::{ActiveModelTrait, ConnectionTrait};
use shop::{Shop, new_order, new_user, soon};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

type Result<T> = std::result::Result<T, BoxError>;

fn with_mailbox(deliver: impl Fn(Mail) + Send + Sync + 'static) -> DispatcherBuilder {
    let builder = Dispatcher::empty().module(notifications::MODULE);
    builder.provide(Mailbox::new(deliver))
}

fn with_mails() -> (DispatcherBuilder, UnboundedReceiver<String>) {
    let (sent, mails) = unbounded_channel();
    let builder = with_mailbox(move |mail| sent.send(mail.to_string()).expect("a test waits"));
    (builder, mails)
}

/// Waits for the next mail, and until its delivery has ended; there is then nothing left to do.
async fn only_mail(shop: &Shop, mails: &mut UnboundedReceiver<String>) -> Result<String> {
    let mail = soon(mails.recv()).await.expect("a mail");
    let outbox = shop.store.outbox();
    assert!(outbox.shutdown(std::time::Duration::from_mins(1)).await);
    for handler in outbox.status().await? {
        assert!(handler.is_empty(), "{handler:?}");
    }
    assert!(mails.try_recv().is_err(), "a second mail");
    Ok(mail)
}

#[tokio::test]
async fn a_process_that_is_killed_right_after_the_commit_leaves_the_mail_to_the_next_one()
-> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("shop.sqlite");
    let mut child = Command::new(std::env::current_exe()?)
        .args(["child_commits", "--exact", "--ignored", "--nocapture"])
        .env("SHOP_FILE", &file)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let is_committed = |line: std::io::Result<String>| line.is_ok_and(|line| line == "committed");
    assert!(lines.any(is_committed), "it commits");
    child.kill()?; // SIGKILL
    assert!(!child.wait()?.success());

    let (builder, mut mails) = with_mails();
    let shop = Shop::open_file(file, builder).await;
    assert_eq!(only_mail(&shop, &mut mails).await?, "to Ada: welcome");
    assert_eq!(shop.names().await, ["Ada"]);
    assert!(shop.heard().is_empty(), "a `PostSave` was in memory");
    Ok(())
}

/// The process that is killed: whatever is called first after the commit waits for that.
#[tokio::test]
#[ignore = "another test starts it, and kills it"]
async fn child_commits() -> Result<()> {
    let file = std::env::var_os("SHOP_FILE").expect("the parent says where");
    let builder = with_mailbox(|_| wait_for_the_end()).handler(called_first);
    let shop = Shop::open_file(PathBuf::from(file), builder).await;
    shop.store.save(new_user("Ada")).await?;
    Ok(())
}

#[handler(priority = -1)]
fn called_first(_: &dyn AnyEvent) {
    wait_for_the_end();
}

fn wait_for_the_end() {
    println!("\ncommitted");
    loop {
        std::thread::park();
    }
}

#[tokio::test]
async fn a_row_whose_event_cannot_be_stored_is_not_saved() -> Result<()> {
    let (builder, mut mails) = with_mails();
    let shop = Shop::open_with(builder).await;
    let refused = shop.store.atomic(async |tx| {
        tx.execute_unprepared(
            "CREATE TRIGGER full BEFORE INSERT ON event_outbox_delivery \
             BEGIN SELECT RAISE(ABORT, 'no room'); END",
        )
        .await?;
        Ok(new_user("Linus").insert(tx).await?)
    });
    let error = refused.await.expect_err("no room").to_string();
    assert!(error.contains("no room"), "{error}");
    assert!(shop.names().await.is_empty());
    assert!(shop.heard().is_empty());
    shop.store.save(new_user("Grace")).await?; // the trigger was undone, too
    assert_eq!(only_mail(&shop, &mut mails).await?, "to Grace: welcome");
    Ok(())
}

#[tokio::test]
async fn what_was_rolled_back_sends_no_mail() -> Result<()> {
    let (builder, mut mails) = with_mails();
    let shop = Shop::open_with(builder).await;
    let undone = shop.store.atomic(async |tx| {
        let linus = new_user("Linus").insert(tx).await?;
        new_order(linus.id).insert(tx).await?;
        Err::<(), _>(BoxError::from("undone on purpose"))
    });
    undone.await.expect_err("undone");
    let refused = shop.store.atomic(async |tx| {
        tx.execute_unprepared("PRAGMA defer_foreign_keys = ON")
            .await?;
        new_user("Ken").insert(tx).await?;
        Ok(new_order(99).insert(tx).await?)
    });
    refused.await.expect_err("user 99 does not exist");
    let committed = shop.store.atomic(async |tx| {
        let undone = savepoint(tx, async |tx| {
            new_user("Dennis").insert(tx).await?;
            Err::<(), _>(BoxError::from("undone on purpose"))
        });
        undone.await.expect_err("undone");
        savepoint(tx, async |tx| Ok(new_user("Grace").insert(tx).await?)).await
    });
    committed.await?;
    assert_eq!(only_mail(&shop, &mut mails).await?, "to Grace: welcome");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handlers_that_save_while_the_outbox_writes_succeed_at_once() -> Result<()> {
    let (builder, mut mails) = with_mails();
    let shop = Shop::open_with(builder).await;
    let saving = async {
        for id in 1..=10 {
            shop.store.save(new_user("Ada")).await?;
            for _ in 0..3 {
                shop.store.save(new_order(id)).await?;
            }
        }
        Ok::<_, BoxError>(())
    };
    shop.settled(saving).await?;
    let changed = std::iter::from_fn(|| mails.try_recv().ok());
    let changed = changed.filter(|mail| mail.ends_with("changed")).count();
    assert_eq!((changed, shop.store.outbox().counts().retried), (10, 0));
    Ok(())
}
