//! `events outbox status`: how many deliveries each handler has.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;
use event_outbox::store::{HandlerStatus, Store, StoreError};
use serde::Serialize;

use super::rows::length;
use crate::catalog::{Catalog, Delivery, HandlerEntry};
use crate::command::Reply;
use crate::command::describe::counted;
use crate::command::terminal::{Style, Terminal, padded, width};

/// The arguments of `events outbox status`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
WAITING deliveries are due, RUNNING ones belong to a process, DELAYED ones wait for their next attempt or their time,
and DEAD ones were given up. OLDEST is for how long the oldest waiting one has been due.

Examples:
  events outbox status --database sqlite:shop.db
  events outbox status --strict --max-age 5m      for an alarm
  events outbox status --json | jq '.[] | select(.dead > 0)'

Exit status: 0, or 1 if the database cannot be read; with --strict also if there are dead letters or deliveries of
handlers that this program lacks; with --max-age also if a delivery has waited longer.")]
#[non_exhaustive]
pub struct StatusArgs {
    /// Fail if there are dead letters, or deliveries of unknown handlers
    #[arg(long)]
    pub strict: bool,

    /// Fail if a delivery has been due for longer, such as `5m`
    #[arg(long, value_name = "AGE", value_parser = humantime::parse_duration)]
    pub max_age: Option<Duration>,

    /// Write JSON
    #[arg(long)]
    pub json: bool,
}

/// What is written as JSON.
#[derive(Serialize)]
struct Line<'a> {
    handler: &'a str,
    is_known: bool,
    waiting: u64,
    running: u64,
    delayed: u64,
    dead: u64,
    oldest_ms: Option<u64>,
}

pub(super) async fn status(
    store: &impl Store,
    catalog: &Catalog,
    arguments: &StatusArgs,
    terminal: &Terminal,
) -> Result<Reply, StoreError> {
    let durable: Vec<_> = catalog
        .handlers()
        .filter(|handler| handler.delivery == Delivery::Durable)
        .collect();
    let ids: BTreeSet<&str> = durable.iter().filter_map(|it| it.id.as_deref()).collect();
    let aliases = durable.iter().flat_map(|it| aliases(it));
    let known: Vec<_> = ids.iter().copied().chain(aliases).collect();
    let mut status = store.status(&known).await?;
    // An alias has a line if something is stored under it.
    status.retain(|it| !it.is_empty() || ids.contains(&*it.handler));
    let reply = if arguments.json {
        let lines: Vec<_> = status.iter().map(line).collect();
        Reply::json(&lines)
    } else {
        Reply::text(text(&status, terminal))
    };
    let is_left = |it: &HandlerStatus| it.dead > 0 || !it.is_known;
    let is_late = |it: &HandlerStatus| it.oldest > arguments.max_age && arguments.max_age.is_some();
    let is_bad = |it: &HandlerStatus| (arguments.strict && is_left(it)) || is_late(it);
    Ok(Reply {
        status: reply.status.max(u8::from(status.iter().any(is_bad))),
        ..reply
    })
}

fn aliases(handler: &HandlerEntry) -> impl Iterator<Item = &str> {
    handler.aliases.iter().map(|alias| &**alias)
}

fn line(status: &HandlerStatus) -> Line<'_> {
    Line {
        handler: &status.handler,
        is_known: status.is_known,
        waiting: status.waiting,
        running: status.running,
        delayed: status.delayed,
        dead: status.dead,
        oldest_ms: status.oldest.map(millis),
    }
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

fn text(status: &[HandlerStatus], terminal: &Terminal) -> String {
    if status.is_empty() {
        return "no durable handler is linked, and nothing is stored\n".to_owned();
    }
    let name = status.iter().map(|it| width(&it.handler)).max();
    let name = name.unwrap_or(0).max("HANDLER".len());
    let mut out = String::new();
    let heads = ["WAITING", "RUNNING", "DELAYED", "DEAD"];
    let _ = write!(out, "{}", padded("HANDLER", name));
    for head in heads {
        let _ = write!(out, "  {head:>7}");
    }
    out.push_str("  OLDEST\n");
    for it in status {
        let style = if it.is_known {
            Style::Plain
        } else {
            Style::Warning
        };
        out.push_str(&terminal.paint(style, &padded(&it.handler, name)));
        for count in [it.waiting, it.running, it.delayed] {
            let _ = write!(out, "  {count:>7}");
        }
        let dead = format!("{:>7}", it.dead);
        let style = if it.dead > 0 {
            Style::Error
        } else {
            Style::Plain
        };
        let oldest = it.oldest.map_or_else(|| "-".to_owned(), length);
        let _ = writeln!(out, "  {}  {oldest}", terminal.paint(style, &dead));
    }
    let unknown: Vec<_> = status.iter().filter(|it| !it.is_known).collect();
    for it in &unknown {
        out.push('\n');
        let note = format!(
            "`{}` is the id of no linked handler: what is stored for it waits for a program that has the handler, or \
             for an `alias` with this id.",
            it.handler
        );
        terminal.wrap(&mut out, 0, &note);
    }
    let dead: u64 = status.iter().map(|it| it.dead).sum();
    if dead > 0 {
        out.push('\n');
        let letters = usize::try_from(dead).unwrap_or(usize::MAX);
        let note = format!(
            "{}: `events outbox list --dead` says why, `events outbox redeliver` sends them again.",
            counted(letters, "dead letter", "dead letters")
        );
        terminal.wrap(&mut out, 0, &note);
    }
    out
}
