//! `events outbox redeliver` and `events outbox purge`: what becomes of dead letters.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{ArgGroup, Args};
use event_outbox::store::{DeadLetter, Filter, Store, StoreError};
use serde_json::json;
use uuid::Uuid;

use super::Selection;
use super::rows::Row;
use crate::command::Reply;
use crate::command::describe::counted;

/// How many dead letters one statement is about. What was done before an interruption stays done.
const BATCH: usize = 500;

/// Which dead letters are meant, and whether anything is done to them.
#[derive(Args, Clone, Debug, Default)]
#[command(
    group = ArgGroup::new("choice").args(["event_ids", "handler", "event", "older_than", "all"]).required(true).multiple(true)
)]
#[non_exhaustive]
pub struct Chosen {
    /// Those of the events with these ids
    #[arg(value_name = "EVENT_ID")]
    pub event_ids: Vec<Uuid>,

    /// Which are meant.
    #[command(flatten)]
    pub selection: Selection,

    /// All of them
    #[arg(long)]
    pub all: bool,

    /// Count them, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

impl Chosen {
    /// Returns all that fits, or what fits of each event that is named.
    fn filters(&self) -> Vec<Filter> {
        if self.event_ids.is_empty() {
            return vec![self.selection.filter(None)];
        }
        let ids = self.event_ids.iter();
        ids.map(|id| self.selection.filter(Some(*id))).collect()
    }
}

/// The arguments of `events outbox redeliver`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
A dead letter becomes a delivery again that is due at once, with the id of its event and all attempts before it. It is
made by the next process that has its handler. One whose event and handler have a delivery already stays.

Examples:
  events outbox redeliver --handler billing.charge
  events outbox redeliver --all --dry-run
  events outbox redeliver 0197f3a2-6b1c-7def-8a90-1234567890ab

Exit status: 0, or 1 if an event that was named has no dead letter, or the database cannot be changed.")]
#[non_exhaustive]
pub struct RedeliverArgs {
    /// Which are meant.
    #[command(flatten)]
    pub chosen: Chosen,
}

/// The arguments of `events outbox purge`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
What is deleted is gone. With --archive each dead letter is written and synced to a file before it is deleted: one line
of JSON with all that is stored, secrets among it.

Examples:
  events outbox purge --older-than 90days --archive dead.jsonl
  events outbox purge --handler billing.charge --dry-run

Exit status: 0, or 1 if an event that was named has no dead letter, or the database cannot be changed.")]
#[non_exhaustive]
pub struct PurgeArgs {
    /// Which are meant.
    #[command(flatten)]
    pub chosen: Chosen,

    /// Append them to a file before they are deleted
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub archive: Option<PathBuf>,
}

pub(super) async fn redeliver(
    store: &impl Store,
    arguments: &RedeliverArgs,
) -> Result<Reply, StoreError> {
    let (mut delivered, mut duplicates, mut missing) = (0, 0, Vec::new());
    let mut progress = Progress::new("sent again");
    for filter in arguments.chosen.filters() {
        let before = delivered + duplicates;
        if arguments.chosen.dry_run {
            delivered += count(store, &filter).await?;
        } else {
            let mut after = 0;
            loop {
                let outcome = store.redeliver(&filter, after, BATCH).await?;
                delivered += outcome.delivered;
                duplicates += outcome.duplicates;
                let Some(last) = outcome.last else { break };
                after = last;
                progress.say(delivered + duplicates);
            }
        }
        if delivered + duplicates == before {
            missing.extend(filter.event_id);
        }
    }
    if delivered > 0 && !arguments.chosen.dry_run {
        // Those that are not woken up find them when they ask.
        let _ = store.notify().await;
    }
    let verb = match (arguments.chosen.dry_run, delivered) {
        (true, _) => "would be delivered again",
        (false, 1) => "is a delivery again",
        (false, _) => "are deliveries again",
    };
    let mut text = format!("{} {verb}\n", letters(delivered));
    if duplicates > 0 {
        let _ = writeln!(
            text,
            "dead still, since event and handler have a delivery: {duplicates}"
        );
    }
    Ok(with_missing(text, &missing))
}

pub(super) async fn purge(store: &impl Store, arguments: &PurgeArgs) -> Result<Reply, StoreError> {
    let mut archive = match arguments.archive.as_deref().map(Archive::open).transpose() {
        Ok(archive) => archive,
        Err(error) => return Ok(Reply::failure(error)),
    };
    let (mut deleted, mut missing) = (0, Vec::new());
    let mut progress = Progress::new("deleted");
    for filter in arguments.chosen.filters() {
        let before = deleted;
        if arguments.chosen.dry_run {
            deleted += count(store, &filter).await?;
        } else if let Some(archive) = &mut archive {
            if let Err(error) =
                archived(store, &filter, archive, &mut deleted, &mut progress).await?
            {
                return Ok(Reply::failure(format!(
                    "{error}; {} deleted before that, all of them in the file",
                    letters(deleted)
                )));
            }
        } else {
            loop {
                let batch = store.purge(&filter, BATCH).await?;
                deleted += batch;
                progress.say(deleted);
                if batch == 0 {
                    break;
                }
            }
        }
        if deleted == before {
            missing.extend(filter.event_id);
        }
    }
    let verb = if arguments.chosen.dry_run {
        "would be deleted"
    } else {
        "deleted"
    };
    Ok(with_missing(
        format!("{} {verb}\n", letters(deleted)),
        &missing,
    ))
}

/// Writes dead letters to a file, and deletes each of those that are in it.
async fn archived(
    store: &impl Store,
    filter: &Filter,
    archive: &mut Archive<'_>,
    deleted: &mut u64,
    progress: &mut Progress,
) -> Result<Result<(), String>, StoreError> {
    let mut after = 0;
    loop {
        let letters = store.dead(filter, after, BATCH).await?;
        let Some(last) = letters.last() else {
            return Ok(Ok(()));
        };
        after = last.seq;
        if let Err(error) = archive.write(&letters) {
            return Ok(Err(error));
        }
        for letter in letters {
            let only = Filter {
                event_id: Some(letter.event_id),
                handler: Some(letter.handler),
                ..Filter::default()
            };
            *deleted += store.purge(&only, 1).await?;
            progress.say(*deleted);
        }
    }
}

async fn count(store: &impl Store, filter: &Filter) -> Result<u64, StoreError> {
    let (mut count, mut after) = (0, 0);
    loop {
        let letters = store.dead(filter, after, BATCH).await?;
        let Some(last) = letters.last() else {
            return Ok(count);
        };
        after = last.seq;
        count += letters.len() as u64;
    }
}

fn letters(count: u64) -> String {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    counted(count, "dead letter", "dead letters")
}

/// Returns a reply that says, as an error, which events have no dead letter.
fn with_missing(output: String, missing: &[Uuid]) -> Reply {
    let named: Vec<_> = missing.iter().map(Uuid::to_string).collect();
    let error = if named.is_empty() {
        String::new()
    } else {
        format!(
            "no dead letter fits of the event {}: `events outbox list --dead` has all",
            named.join(", ")
        )
    };
    Reply {
        status: u8::from(!error.is_empty()),
        output,
        error,
    }
}

/// Says on standard error how far the work is, every two seconds.
struct Progress {
    done: &'static str,
    said: Instant,
}

impl Progress {
    fn new(done: &'static str) -> Self {
        let said = Instant::now();
        Self { done, said }
    }

    fn say(&mut self, count: u64) {
        if self.said.elapsed() >= Duration::from_secs(2) {
            self.said = Instant::now();
            // Unlike `eprintln!`, this does not panic if standard error is closed.
            let _ = writeln!(io::stderr(), "{} {} ...", letters(count), self.done);
        }
    }
}

/// A file that dead letters are appended to.
struct Archive<'a> {
    path: &'a Path,
    file: File,
}

impl<'a> Archive<'a> {
    fn open(path: &'a Path) -> Result<Self, String> {
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file =
            file.map_err(|error| format!("`{}` cannot be opened: {error}", path.display()))?;
        Ok(Self { path, file })
    }

    /// Returns when the letters are on the disk.
    fn write(&mut self, letters: &[DeadLetter]) -> Result<(), String> {
        let mut lines = String::new();
        for letter in letters {
            let mut line = json!(Row::from(letter.clone()));
            line["body"] = String::from_utf8_lossy(&letter.body).into();
            lines += &line.to_string();
            lines.push('\n');
        }
        let written = self.file.write_all(lines.as_bytes());
        let synced = written.and_then(|()| self.file.sync_data());
        synced.map_err(|error| format!("`{}` cannot be written: {error}", self.path.display()))
    }
}
