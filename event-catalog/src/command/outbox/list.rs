//! `events outbox list`: deliveries and dead letters.

use std::fmt::Write as _;

use clap::Args;
use event_outbox::store::{Store, StoreError};
use serde_json::json;

use super::Selection;
use super::rows::Row;
use crate::command::Reply;
use crate::command::terminal::{Style, Terminal};

/// The arguments of `events outbox list`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
The oldest come first. The data of an event is not listed; `events outbox show` has it.

Examples:
  events outbox list --database sqlite:shop.db
  events outbox list --dead --handler billing.charge
  events outbox list --dead --json | jq -r '.dead[].error' | sort | uniq -c

Exit status: 0, or 1 if the database cannot be read.")]
#[non_exhaustive]
pub struct ListArgs {
    /// List dead letters alone
    #[arg(long, conflicts_with = "waiting")]
    pub dead: bool,

    /// List deliveries alone, those that run among them
    #[arg(long)]
    pub waiting: bool,

    /// Which are meant.
    #[command(flatten)]
    pub selection: Selection,

    /// List at most so many of each
    #[arg(long, value_name = "ROWS", default_value_t = 50)]
    pub limit: usize,

    /// Write JSON
    #[arg(long)]
    pub json: bool,
}

/// Some of the rows.
struct Listed {
    rows: Vec<Row>,
    has_more: bool,
}

impl Listed {
    fn new<R>(mut rows: Vec<R>, limit: usize) -> Self
    where
        Row: From<R>,
    {
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        Self {
            rows: rows.into_iter().map(Row::from).collect(),
            has_more,
        }
    }
}

pub(super) async fn list(
    store: &impl Store,
    arguments: &ListArgs,
    terminal: &Terminal,
) -> Result<Reply, StoreError> {
    let filter = arguments.selection.filter(None);
    let limit = arguments.limit;
    let (mut deliveries, mut dead) = (None, None);
    if !arguments.dead {
        let rows = store.list(&filter, 0, limit.saturating_add(1)).await?;
        deliveries = Some(Listed::new(rows, limit));
    }
    if !arguments.waiting {
        let rows = store.dead(&filter, 0, limit.saturating_add(1)).await?;
        dead = Some(Listed::new(rows, limit));
    }
    if arguments.json {
        let rows = |listed: &Option<Listed>| listed.as_ref().map(|it| json!(it.rows));
        let mut object = serde_json::Map::new();
        let named = [("deliveries", rows(&deliveries)), ("dead", rows(&dead))];
        for (name, rows) in named {
            object.extend(rows.map(|rows| (name.to_owned(), rows)));
        }
        return Ok(Reply::json(&object));
    }
    let mut out = String::new();
    let named = [
        (deliveries, "delivery", "deliveries"),
        (dead, "dead letter", "dead letters"),
    ];
    for (listed, one, many) in named {
        let Some(listed) = listed else { continue };
        for row in &listed.rows {
            write(&mut out, row, terminal);
        }
        let count = listed.rows.len();
        let name = if count == 1 { one } else { many };
        let more = if listed.has_more {
            " and more: a larger `--limit` lists them"
        } else {
            ""
        };
        let _ = writeln!(out, "{count} {name}{more}");
    }
    Ok(Reply::text(out))
}

fn write(out: &mut String, row: &Row, terminal: &Terminal) {
    let style = if row.state.is_dead() {
        Style::Error
    } else {
        Style::Bold
    };
    let _ = writeln!(
        out,
        "{}  {}",
        terminal.paint(style, &row.handler),
        row.state.words()
    );
    let key = row.key.as_ref();
    let key = key.map_or_else(String::new, |key| format!(", key {key}"));
    let _ = writeln!(
        out,
        "  {}  {} v{}{key}, attempts {}",
        row.event_id, row.event, row.version, row.attempts
    );
    if let Some(error) = &row.error {
        terminal.wrap(out, 2, error.lines().next().unwrap_or_default());
    }
    out.push('\n');
}
