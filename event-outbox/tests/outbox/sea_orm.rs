//! Events in transactions of SeaORM, in the file that the outbox is in.

use std::path::Path;
use std::sync::Arc;

use event_core::{Dispatcher, handler};
use event_outbox::OutboxError;
use event_outbox::sqlite::Outbox;
use event_outbox::store::StoreErrorKind;
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, TransactionTrait as _};
use tempfile::TempDir;

use super::fixture::*;

#[handler(durable, id = "test.note")]
async fn note(event: &OrderPlaced, journal: &Journal) {
    journal.write(format!("note {}", event.order_id));
}

#[handler(durable, id = "test.pack")]
async fn pack(event: &LineAdded, journal: &Journal) {
    journal.write(format!("pack {}.{}", event.order_id, event.line));
}

#[handler]
fn count(event: &OrderPlaced, journal: &Journal) {
    journal.write(format!("count {}", event.order_id));
}

/// An outbox and SeaORM on one file.
struct App {
    outbox: Outbox,
    database: DatabaseConnection,
    journal: Arc<Journal>,
    _dispatcher: Dispatcher,
    _folder: TempDir,
}

impl App {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("app.db");
        let outbox = in_file(&file).await;
        let handlers = Dispatcher::empty()
            .handler(note)
            .handler(count)
            .handler(pack);
        let (dispatcher, journal) = build(handlers, &outbox);
        Self {
            outbox,
            database: connect(&file).await,
            journal,
            _dispatcher: dispatcher,
            _folder: folder,
        }
    }

    /// What the handlers have done, when an event that comes last has been handled, too.
    async fn handled(&self) -> Vec<String> {
        self.outbox
            .emit(OrderPlaced { order_id: 99 })
            .await
            .unwrap();
        until("the last is handled", async || {
            self.journal.count("note 99") == 1
        })
        .await;
        assert_eq!(drained(&self.outbox).await, 0);
        let mut lines = self.journal.lines();
        lines.retain(|line| !line.ends_with(" 99"));
        lines
    }
}

async fn connect(file: &Path) -> DatabaseConnection {
    let url = format!("sqlite://{}", file.display());
    Database::connect(url).await.unwrap()
}

#[tokio::test]
async fn an_event_in_a_transaction_of_sea_orm_is_handled_after_its_commit() {
    let app = App::open().await;
    let transaction = app.database.begin().await.unwrap();
    let event = OrderPlaced { order_id: 1 };
    let emitted = app.outbox.emit_in(&transaction, event).await.unwrap();
    assert!(
        app.journal.lines().is_empty(),
        "nothing runs before the commit"
    );
    transaction.commit().await.unwrap();
    assert_eq!(emitted.committed().unwrap().done(), 1);
    assert_eq!(app.handled().await, ["count 1", "note 1"]);
}

#[tokio::test]
async fn an_event_whose_commit_was_not_told_reaches_its_durable_handlers_all_the_same() {
    let app = App::open().await;
    let transaction = app.database.begin().await.unwrap();
    let event = OrderPlaced { order_id: 1 };
    let emitted = app.outbox.emit_in(&transaction, event).await.unwrap();
    transaction.commit().await.unwrap();
    drop(emitted);
    until("it is found", async || app.journal.count("note 1") == 1).await;
    assert_eq!(app.handled().await, ["note 1"]);
}

#[tokio::test]
async fn nothing_of_a_transaction_of_sea_orm_that_is_dropped_or_rolled_back_is_handled() {
    let app = App::open().await;
    let transaction = app.database.begin().await.unwrap();
    let event = OrderPlaced { order_id: 1 };
    drop(app.outbox.emit_in(&transaction, event).await.unwrap());
    transaction.rollback().await.unwrap();
    let transaction = app.database.begin().await.unwrap();
    let event = OrderPlaced { order_id: 2 };
    drop(app.outbox.emit_in(&transaction, event).await.unwrap());
    drop(transaction);
    assert!(app.handled().await.is_empty());
}

#[tokio::test]
async fn a_nested_transaction_of_sea_orm_that_is_taken_back_takes_its_events_with_it() {
    let app = App::open().await;
    let transaction = app.database.begin().await.unwrap();
    let outer = OrderPlaced { order_id: 1 };
    let outer = app.outbox.emit_in(&transaction, outer).await.unwrap();
    let nested = transaction.begin().await.unwrap();
    let undone = OrderPlaced { order_id: 2 };
    drop(app.outbox.emit_in(&nested, undone).await.unwrap());
    nested.rollback().await.unwrap();
    let nested = transaction.begin().await.unwrap();
    let kept = OrderPlaced { order_id: 3 };
    let kept = app.outbox.emit_in(&nested, kept).await.unwrap();
    nested.commit().await.unwrap();
    transaction.commit().await.unwrap();
    for emitted in [outer, kept] {
        emitted.committed().unwrap();
    }
    let mut handled = app.handled().await;
    handled.sort();
    assert_eq!(handled, ["count 1", "count 3", "note 1", "note 3"]);
}

#[tokio::test]
async fn events_with_a_key_in_transactions_of_sea_orm_are_handled_in_the_order_of_the_commits() {
    let app = App::open().await;
    for line in 0..5 {
        let transaction = app.database.begin().await.unwrap();
        let event = LineAdded { order_id: 1, line };
        let emitted = app.outbox.emit_in(&transaction, event).await.unwrap();
        transaction.commit().await.unwrap();
        emitted.committed().unwrap();
    }
    let expected: Vec<_> = (0..5).map(|line| format!("pack 1.{line}")).collect();
    assert_eq!(app.handled().await, expected);
}

#[tokio::test]
async fn a_database_without_the_tables_of_the_outbox_is_an_error_that_says_so() {
    let app = App::open().await;
    let folder = tempfile::tempdir().unwrap();
    let url = format!(
        "sqlite://{}?mode=rwc",
        folder.path().join("other.db").display()
    );
    let other = Database::connect(url).await.unwrap();
    other
        .execute_unprepared("CREATE TABLE orders (id)")
        .await
        .unwrap();
    let transaction = other.begin().await.unwrap();
    let event = OrderPlaced { order_id: 1 };
    let error = app.outbox.emit_in(&transaction, event).await.unwrap_err();
    let OutboxError::Store(error) = error else {
        panic!("{error}");
    };
    assert_eq!(error.kind(), StoreErrorKind::Schema, "{error}");
    assert!(
        error.to_string().contains("event_outbox_delivery"),
        "{error}"
    );
}
