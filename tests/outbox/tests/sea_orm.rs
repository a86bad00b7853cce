//! Events in transactions of SeaORM, on PostgreSQL.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::{Dispatcher, Event, handler};
use event_outbox::postgres::Outbox;
use event_outbox::store::StoreErrorKind;
use event_outbox::{OutboxError, Settings};
use event_outbox_servers::{Server, Version, open};
use sea_orm::{DatabaseConnection, SqlxPostgresConnector, TransactionTrait as _};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "test.order_placed", durable)]
struct OrderPlaced {
    order_id: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "test.line_added", durable, key = order_id)]
struct LineAdded {
    order_id: i64,
    line: i64,
}

#[derive(Default)]
struct Journal(Mutex<Vec<String>>);

impl Journal {
    fn write(&self, line: String) {
        self.0.lock().expect("no handler panics with it").push(line);
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().expect("no handler panics with it").clone()
    }
}

#[handler(durable, id = "test.ship")]
async fn ship(event: &OrderPlaced, journal: &Journal) {
    journal.write(format!("ship {}", event.order_id));
}

#[handler(durable, id = "test.pack")]
async fn pack(event: &LineAdded, journal: &Journal) {
    journal.write(format!("pack {}.{}", event.order_id, event.line));
}

/// An outbox and SeaORM on one database.
struct App {
    outbox: Outbox,
    database: DatabaseConnection,
    journal: Arc<Journal>,
    _dispatcher: Dispatcher,
    _server: Arc<Server>,
}

impl App {
    async fn open() -> Self {
        let server = Server::shared(Version::Debian);
        let options = server.database().await;
        let settings = Settings::new().poll(Duration::from_millis(50));
        let outbox = Outbox::open_on(open(options.clone()).await, settings)
            .await
            .expect("the outbox opens");
        let journal = Arc::new(Journal::default());
        let builder = Dispatcher::empty().handler(ship).handler(pack);
        let builder = builder.provide_arc(Arc::clone(&journal)).outbox(&outbox);
        let dispatcher = builder.build().expect("the dispatcher is built");
        let pool = PgPool::connect_with(options).await.expect("it connects");
        Self {
            outbox,
            database: SqlxPostgresConnector::from_sqlx_postgres_pool(pool),
            journal,
            _dispatcher: dispatcher,
            _server: server,
        }
    }

    /// Waits until this many deliveries have been made, and all that are stored.
    async fn handled(&self, deliveries: usize) -> Vec<String> {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let status = self.outbox.status().await.expect("it is read");
            let lines = self.journal.lines();
            let is_empty = status
                .iter()
                .all(|it| it.waiting + it.running + it.delayed == 0);
            if is_empty && lines.len() >= deliveries {
                return lines;
            }
            assert!(
                Instant::now() < deadline,
                "{lines:?} of {deliveries}, {status:?}"
            );
            sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_in_sea_orm_is_handled_and_what_is_rolled_back_is_not() {
    let app = App::open().await;
    let emit = async |order_id, transaction: &sea_orm::DatabaseTransaction| {
        let event = OrderPlaced { order_id };
        let emitted = app.outbox.emit_in(transaction, event).await;
        emitted.expect("it is emitted")
    };
    let undone = app.database.begin().await.expect("it begins");
    drop(emit(1, &undone).await);
    undone.rollback().await.expect("it is rolled back");

    let transaction = app.database.begin().await.expect("it begins");
    let outer = emit(2, &transaction).await;
    let nested = transaction.begin().await.expect("a savepoint begins");
    drop(emit(3, &nested).await);
    nested.rollback().await.expect("it is rolled back");
    let nested = transaction.begin().await.expect("a savepoint begins");
    let inner = emit(4, &nested).await;
    nested.commit().await.expect("it is released");
    assert!(app.journal.lines().is_empty(), "nothing before the commit");
    transaction.commit().await.expect("it is committed");
    for emitted in [outer, inner] {
        let _ = emitted.committed().expect("the dispatcher is there");
    }
    let mut handled = app.handled(2).await;
    handled.sort();
    assert_eq!(handled, ["ship 2", "ship 4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_with_a_key_in_sea_orm_are_handled_in_the_order_of_the_commits() {
    let app = App::open().await;
    let event = |line| LineAdded { order_id: 1, line };
    let first = app.database.begin().await.expect("it begins");
    drop(app.outbox.emit_in(&first, event(0)).await.expect("emitted"));
    let second = async {
        let second = app.database.begin().await.expect("it begins");
        // Waits for the lock of the key, which `first` has.
        drop(
            app.outbox
                .emit_in(&second, event(1))
                .await
                .expect("emitted"),
        );
        second.commit().await.expect("it is committed");
    };
    tokio::pin!(second);
    let waited = tokio::time::timeout(Duration::from_millis(200), &mut second).await;
    assert!(waited.is_err(), "the second did not wait for the first");
    first.commit().await.expect("it is committed");
    second.await;
    assert_eq!(app.handled(2).await, ["pack 1.0", "pack 1.1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_of_another_kind_of_database_is_refused_with_both_names() {
    let app = App::open().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.db");
    let store = event_outbox::store::Sqlite::open(&file).await;
    let outbox = event_outbox::sqlite::Outbox::open_on(store.expect("it opens"), Settings::new());
    let outbox = outbox.await.expect("the outbox opens");
    let builder = Dispatcher::empty().handler(ship).handler(pack);
    let builder = builder.provide(Journal::default()).outbox(&outbox);
    let _dispatcher = builder.build().expect("the dispatcher is built");
    let transaction = app.database.begin().await.expect("it begins");
    let event = OrderPlaced { order_id: 1 };
    let error = outbox.emit_in(&transaction, event).await;
    let error = error.expect_err("it is refused");
    assert!(
        error
            .to_string()
            .contains("the outbox is on Sqlite, and the transaction on Postgres"),
        "{error}"
    );
    let OutboxError::Store(error) = error else {
        panic!("{error}");
    };
    assert_eq!(error.kind(), StoreErrorKind::Misuse);
}
