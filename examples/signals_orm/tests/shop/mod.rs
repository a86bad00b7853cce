//! A database in a folder of its own, and two receivers that write down what they hear.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use event_core::{
    Dispatcher,
    dispatcher::{DispatcherBuilder, Subscription},
};
use event_testing::DispatcherExt as _;
use models::{Order, PostSave, Store, User, order, user};
use sea_orm::{ActiveValue::Set, ConnectOptions, Database, DatabaseConnection, EntityTrait};
use tempfile::TempDir;
use tokio::time::timeout;

pub(crate) struct Shop {
    pub(crate) store: Arc<Store>,
    pub(crate) dispatcher: Dispatcher,
    file: PathBuf,
    heard: Heard,
    _receivers: [Subscription; 2],
    _folder: Option<TempDir>,
}

/// What receivers heard, in order.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    pub(crate) fn write(&self, line: impl Into<String>) {
        self.lines().push(line.into());
    }

    /// Takes what was heard so far.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines())
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shop {
    /// One whose only receivers write down what they hear.
    pub(crate) async fn open() -> Self {
        Self::open_with(Dispatcher::empty()).await
    }

    /// One with other handlers, too.
    pub(crate) async fn open_with(builder: DispatcherBuilder) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let shop = Self::open_file(folder.path().join("shop.sqlite"), builder).await;
        Self {
            _folder: Some(folder),
            ..shop
        }
    }

    /// One in a file that may be there.
    pub(crate) async fn open_file(file: PathBuf, builder: DispatcherBuilder) -> Self {
        let store = Store::open(&file, builder.handle()).await.expect("a file");
        let store = Arc::new(store);
        let builder = builder.outbox(store.outbox());
        let builder = builder.provide_arc(Arc::clone(&store));
        let dispatcher = builder.build().expect("wired");
        let heard = Heard::default();
        let (users, orders) = (heard.clone(), heard.clone());
        let receivers = [
            dispatcher.subscribe(move |event: &PostSave<User>| {
                users.write(format!("{} {}", event.model.name, how(event.created)));
            }),
            dispatcher.subscribe(move |event: &PostSave<Order>| {
                orders.write(format!("order {} {}", event.model.id, how(event.created)));
            }),
        ];
        Self {
            store,
            dispatcher,
            file,
            heard,
            _receivers: receivers,
            _folder: None,
        }
    }

    /// Takes what was heard so far.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.take()
    }

    /// Runs code, and waits until all handlers have ended that are called because of it, durable ones too.
    pub(crate) async fn settled<T>(&self, work: impl Future<Output = T>) -> T {
        self.dispatcher.track(async |_| work.await).await
    }

    /// Another way into the same file, of which the store knows nothing.
    pub(crate) async fn connect(&self) -> DatabaseConnection {
        connect(self.file.clone()).await
    }

    /// The names of all users, as another program sees them.
    pub(crate) async fn names(&self) -> Vec<String> {
        let users = user::Entity::find().all(&self.connect().await).await;
        let users = users.expect("readable").into_iter();
        users.map(|user| user.name).collect()
    }

    /// How many orders there are, as another program sees them.
    pub(crate) async fn orders(&self) -> usize {
        let orders = order::Entity::find().all(&self.connect().await).await;
        orders.expect("readable").len()
    }
}

/// What comes soon, unless something is broken: a test that waits for ever says nothing.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    let limit = Duration::from_mins(1);
    timeout(limit, future).await.expect("within a minute")
}

pub(crate) async fn connect(file: PathBuf) -> DatabaseConnection {
    let mut options = ConnectOptions::new("sqlite:");
    options
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| sqlite.filename(&file));
    Database::connect(options).await.expect("it is there")
}

fn how(created: bool) -> &'static str {
    if created { "created" } else { "changed" }
}

pub(crate) fn new_user(name: &str) -> user::ActiveModel {
    user::ActiveModel {
        name: Set(name.to_owned()),
        is_regular: Set(false),
        ..Default::default()
    }
}

pub(crate) fn new_order(user_id: i32) -> order::ActiveModel {
    order::ActiveModel {
        user_id: Set(user_id),
        cents: Set(100),
        ..Default::default()
    }
}
