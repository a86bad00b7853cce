//! Which database the outbox is in.

#![cfg_attr(
    not(all(feature = "sqlite", feature = "postgres")),
    allow(
        unused,
        clippy::unused_async,
        reason = "each kind of database has its own part"
    )
)]

use std::path::{Path, PathBuf};

#[cfg(feature = "postgres")]
use event_outbox::store::Postgres;
#[cfg(feature = "sqlite")]
use event_outbox::store::Sqlite;
use event_outbox::store::{Migration, Store};

use super::{OutboxArgs, OutboxCommand};
use crate::catalog::Catalog;
use crate::command::{Reply, Terminal};

/// A database that this build can connect to.
pub(super) enum Address {
    #[cfg(feature = "sqlite")]
    Sqlite(PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(String),
}

impl Address {
    /// Reads `sqlite:FILE`, `sqlite://FILE?…`, `postgres://…`, `postgresql://…` or a path.
    pub(super) fn parse(database: Option<&str>) -> Result<Self, String> {
        let Some(database) = database.filter(|text| !text.is_empty()) else {
            return Err(
                "no database is named: write `--database sqlite:FILE`, or set `DATABASE_URL`"
                    .to_owned(),
            );
        };
        match database.split_once(':') {
            Some(("postgres" | "postgresql", _)) => Self::postgres(database),
            Some(("sqlite", file)) => {
                let file = file.strip_prefix("//").unwrap_or(file);
                Self::sqlite(file.split('?').next().unwrap_or(file))
            }
            // The rest may be a secret, so it is not shown.
            Some((scheme, rest)) if rest.starts_with("//") => Err(format!(
                "no outbox is in a database of `{scheme}`: write `sqlite:FILE` or `postgres://USER@HOST/NAME`"
            )),
            _ => Self::sqlite(database),
        }
    }

    #[cfg(feature = "sqlite")]
    #[allow(clippy::unnecessary_wraps, reason = "it fails without the feature")]
    fn sqlite(file: &str) -> Result<Self, String> {
        Ok(Self::Sqlite(file.into()))
    }

    #[cfg(not(feature = "sqlite"))]
    fn sqlite(_file: &str) -> Result<Self, String> {
        Err(lacking("SQLite", "sqlite"))
    }

    #[cfg(feature = "postgres")]
    #[allow(clippy::unnecessary_wraps, reason = "it fails without the feature")]
    fn postgres(url: &str) -> Result<Self, String> {
        Ok(Self::Postgres(url.to_owned()))
    }

    #[cfg(not(feature = "postgres"))]
    fn postgres(_url: &str) -> Result<Self, String> {
        Err(lacking("PostgreSQL", "postgres"))
    }

    /// Returns how the tables of such a database are made.
    pub(super) fn migrations(&self) -> &'static [Migration] {
        match *self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => event_outbox::sqlite::MIGRATIONS,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => event_outbox::postgres::MIGRATIONS,
        }
    }

    /// Connects, and does what the arguments say.
    pub(super) async fn reply(
        self,
        arguments: &OutboxArgs,
        catalog: &Catalog,
        terminal: &Terminal,
    ) -> Reply {
        let creates = matches!(arguments.command, OutboxCommand::Migrate(_));
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => match open(&path, creates).await {
                Ok(store) => reply_and_close(&store, arguments, catalog, terminal).await,
                Err(error) => Reply::failure(error),
            },
            #[cfg(feature = "postgres")]
            Self::Postgres(url) => match Postgres::connect(&url).await {
                Ok(store) => reply_and_close(&store, arguments, catalog, terminal).await,
                Err(error) => Reply::failure(error.to_string()),
            },
        }
    }
}

#[cfg(not(all(feature = "sqlite", feature = "postgres")))]
fn lacking(database: &str, feature: &str) -> String {
    format!(
        "this program cannot connect to {database}: it was built without the feature `{feature}` of `event-catalog`"
    )
}

async fn reply_and_close(
    store: &impl Store,
    arguments: &OutboxArgs,
    catalog: &Catalog,
    terminal: &Terminal,
) -> Reply {
    let reply = arguments.reply_on(store, catalog, terminal).await;
    store.close().await;
    reply
}

/// Opens a file, which must be there unless its tables are to be made.
#[cfg(feature = "sqlite")]
async fn open(path: &Path, creates: bool) -> Result<Sqlite, String> {
    if !creates && !path.is_file() {
        return Err(format!(
            "there is no file `{}`: `events outbox migrate` makes it",
            path.display()
        ));
    }
    let opened = Sqlite::open(path).await;
    opened.map_err(|error| error.to_string())
}
