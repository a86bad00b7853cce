//! `events outbox migrate`: the tables.

use std::fmt::Write as _;

use clap::Args;
use event_outbox::store::{Migration, Store, StoreError};

use crate::command::Reply;

/// The arguments of `events outbox migrate`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
An outbox makes its tables when it is opened, unless its settings say otherwise; then this command does it, or the
printed statements in a migration of the program's own. Any number of processes may migrate at the same moment.

Examples:
  events outbox migrate --database sqlite:shop.db
  events outbox migrate --print --database postgres: > 0007_outbox.sql

Exit status: 0, or 1 if the tables cannot be made.")]
#[non_exhaustive]
pub struct MigrateArgs {
    /// Print the statements, and connect to nothing
    #[arg(long)]
    pub print: bool,
}

pub(super) async fn migrate(
    store: &impl Store,
    arguments: &MigrateArgs,
) -> Result<Reply, StoreError> {
    if arguments.print {
        return Ok(print(store.migrations()));
    }
    store.migrate().await?;
    let newest = store.migrations().last().map_or(0, |last| last.version);
    Ok(Reply::text(format!(
        "the tables of the outbox have version {newest}, the newest that this program knows\n"
    )))
}

pub(super) fn print(migrations: &[Migration]) -> Reply {
    let mut out = String::new();
    for migration in migrations {
        let sql = migration.sql.trim();
        let _ = writeln!(out, "-- {}: {}\n{sql}\n", migration.version, migration.name);
    }
    Reply::text(out)
}
