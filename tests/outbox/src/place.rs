//! Where the workers of a test have their database, and how it is read when they are dead.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use event_outbox::store::{DeadLetter, Filter, Postgres, Sqlite, Store};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use tempfile::TempDir;

use crate::Server;

/// The tables of the program: what it has written itself, and what its handlers have.
const TABLES: [&str; 4] = ["orders", "book", "thanked", "trials"];

/// A database with the tables of the program, and a folder for what workers write down.
#[derive(Debug)]
pub struct Place {
    folder: TempDir,
    /// `None` for an SQLite file in the folder.
    postgres: Option<Schema>,
}

#[derive(Debug)]
struct Schema {
    options: PgConnectOptions,
    name: String,
    _server: Arc<Server>,
}

impl Place {
    /// A new SQLite file.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be made.
    pub async fn sqlite() -> Self {
        let place = Self {
            folder: tempfile::tempdir().expect("a folder"),
            postgres: None,
        };
        let options = place.file_options().create_if_missing(true);
        let mut connection = options.connect().await.expect("the file is made");
        for table in TABLES {
            let table = AssertSqlSafe(format!("CREATE TABLE {table} (id INTEGER)"));
            let made = sqlx::query(table).execute(&mut connection).await;
            made.expect("the table is made");
        }
        place
    }

    /// A new schema of a server.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be made.
    pub async fn postgres(server: &Arc<Server>) -> Self {
        let (options, name) = server.schema().await;
        let mut connection = options.connect().await.expect("it connects");
        for table in TABLES {
            let table = AssertSqlSafe(format!("CREATE TABLE {table} (id BIGINT)"));
            let made = sqlx::query(table).execute(&mut connection).await;
            made.expect("the table is made");
        }
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            postgres: Some(Schema {
                options,
                name,
                _server: Arc::clone(server),
            }),
        }
    }

    /// Whether it is an SQLite file.
    #[must_use]
    pub const fn is_sqlite(&self) -> bool {
        self.postgres.is_none()
    }

    /// The SQLite file, if it is one.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("app.db")
    }

    /// How workers find the database.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.postgres {
            None => format!("sqlite:{}", self.file().display()),
            Some(Schema { options, name, .. }) => {
                // sqlx leaves options of the server out.
                let url = options.to_url_lossy();
                format!("{url}&options[search_path]={name}")
            }
        }
    }

    /// How to connect to the schema, unless it is a file.
    #[must_use]
    pub fn options(&self) -> Option<&PgConnectOptions> {
        self.postgres.as_ref().map(|schema| &schema.options)
    }

    /// Where workers write down what they have done.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("effects")
    }

    /// The folder of all that is not in a server.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn file_options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new().filename(self.file())
    }

    /// Reads a table of the program.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be read.
    pub async fn rows(&self, table: &str) -> Vec<i64> {
        let query = AssertSqlSafe(format!("SELECT id FROM {table}"));
        let rows = match &self.postgres {
            None => {
                let connection = self.file_options().connect().await;
                let mut connection = connection.expect("it opens");
                sqlx::query_scalar(query).fetch_all(&mut connection).await
            }
            Some(Schema { options, .. }) => {
                let mut connection = options.connect().await.expect("it connects");
                sqlx::query_scalar(query).fetch_all(&mut connection).await
            }
        };
        rows.expect("the table is read")
    }

    /// Reads the dead letters, and sees to it that nothing else is left.
    ///
    /// # Panics
    ///
    /// Panics if a delivery is left.
    pub async fn dead(&self) -> Vec<DeadLetter> {
        match &self.postgres {
            None => dead(Sqlite::open(self.file()).await.expect("it opens")).await,
            Some(Schema { options, .. }) => {
                let store = Postgres::builder(options.clone()).poll_only().open().await;
                dead(store.expect("it connects")).await
            }
        }
    }
}

async fn dead(store: impl Store) -> Vec<DeadLetter> {
    let all = Filter::default();
    let left = store.list(&all, 0, 10).await.expect("it lists");
    assert!(left.is_empty(), "deliveries are left: {left:?}");
    let dead = store.dead(&all, 0, 1000).await.expect("it lists");
    store.close().await;
    dead
}
