//! `events outbox`: what an outbox has stored, and what to do about it.

mod address;
mod dead;
mod list;
mod migrate;
mod rows;
mod show;
mod status;

use std::thread;
use std::time::Duration;

use clap::{Args, Subcommand};
use event_outbox::store::{Filter, Store, StoreError, StoreErrorKind};
use tokio::runtime;
use uuid::Uuid;

use self::address::Address;
use super::{Reply, Terminal};
use crate::catalog::Catalog;

pub use self::dead::{Chosen, PurgeArgs, RedeliverArgs};
pub use self::list::ListArgs;
pub use self::migrate::MigrateArgs;
pub use self::show::ShowArgs;
pub use self::status::StatusArgs;

/// The arguments of `events outbox`.
#[derive(Args, Clone, Debug)]
#[command(
    about = "Show, send again and delete what an outbox has stored",
    long_about = "Shows, sends again and deletes what an outbox has stored.\n\n\
                  The program itself may run meanwhile, or not: a delivery that is made due here is made by the \
                  next process that has its handler."
)]
#[non_exhaustive]
pub struct OutboxArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: OutboxCommand,

    /// The outbox's database: `sqlite:FILE`, the path of an SQLite file, or `postgres://USER@HOST/NAME`
    #[arg(
        long,
        value_name = "URL",
        env = "DATABASE_URL",
        hide_env_values = true,
        global = true
    )]
    pub database: Option<String>,
}

/// What `events outbox` does.
#[derive(Clone, Debug, Subcommand)]
#[non_exhaustive]
pub enum OutboxCommand {
    /// Count the deliveries and the dead letters of each durable handler
    Status(StatusArgs),
    /// List deliveries and dead letters
    List(ListArgs),
    /// Show all that is stored of one event
    Show(ShowArgs),
    /// Make deliveries of dead letters again
    Redeliver(RedeliverArgs),
    /// Delete dead letters
    Purge(PurgeArgs),
    /// Make the tables, or bring them up to date
    Migrate(MigrateArgs),
}

/// Which deliveries and dead letters are meant.
#[derive(Args, Clone, Debug, Default)]
#[non_exhaustive]
pub struct Selection {
    /// Those of the durable handler with this id
    #[arg(long, value_name = "ID")]
    pub handler: Option<String>,

    /// Those of events with this name
    #[arg(long, value_name = "NAME")]
    pub event: Option<String>,

    /// Those that are at least so old, such as `90s`, `2h 30m` or `7days`
    #[arg(long, value_name = "AGE", value_parser = humantime::parse_duration)]
    pub older_than: Option<Duration>,
}

impl Selection {
    fn filter(&self, event_id: Option<Uuid>) -> Filter {
        Filter {
            event_id,
            handler: self.handler.clone(),
            event: self.event.clone(),
            older_than: self.older_than,
        }
    }
}

impl OutboxArgs {
    /// Connects to the database that the arguments or the environment name, does what the arguments say, and returns
    /// what is to be printed. Long work says on standard error how far it is.
    ///
    /// Blocks its thread, inside of a runtime as well.
    #[must_use]
    pub fn reply(&self, catalog: &Catalog, terminal: &Terminal) -> Reply {
        // A runtime cannot be entered inside of another one, so this one has a thread of its own.
        let work = || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => runtime.block_on(self.connect(catalog, terminal)),
                Err(error) => Reply::failure(format!("tokio's runtime cannot start: {error}")),
            }
        };
        let joined = thread::scope(|scope| scope.spawn(work).join());
        joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    async fn connect(&self, catalog: &Catalog, terminal: &Terminal) -> Reply {
        let address = match Address::parse(self.database.as_deref()) {
            Ok(address) => address,
            Err(error) => return Reply::failure(error),
        };
        if let OutboxCommand::Migrate(MigrateArgs { print: true }) = &self.command {
            return migrate::print(address.migrations());
        }
        address.reply(self, catalog, terminal).await
    }

    /// Does what the arguments say on a store that the program has opened, and returns what is to be printed.
    pub async fn reply_on(
        &self,
        store: &impl Store,
        catalog: &Catalog,
        terminal: &Terminal,
    ) -> Reply {
        let reply = match &self.command {
            OutboxCommand::Status(arguments) => {
                status::status(store, catalog, arguments, terminal).await
            }
            OutboxCommand::List(arguments) => list::list(store, arguments, terminal).await,
            OutboxCommand::Show(arguments) => show::show(store, arguments, terminal).await,
            OutboxCommand::Redeliver(arguments) => dead::redeliver(store, arguments).await,
            OutboxCommand::Purge(arguments) => dead::purge(store, arguments).await,
            OutboxCommand::Migrate(arguments) => migrate::migrate(store, arguments).await,
        };
        reply.unwrap_or_else(|error| Reply::failure(explained(&error)))
    }
}

/// Returns the text of an error, with the command that helps.
fn explained(error: &StoreError) -> String {
    match error.kind() {
        StoreErrorKind::Schema => {
            "the database has no tables of an outbox, or old ones: `events outbox migrate` \
                                   makes them"
                .to_owned()
        }
        _ => error.to_string(),
    }
}
