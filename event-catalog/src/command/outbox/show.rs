//! `events outbox show`: all that is stored of one event.

use std::fmt::Write as _;

use clap::Args;
use event_outbox::store::{Filter, Store, StoreError};
use serde_json::{Value, json};
use uuid::Uuid;

use super::rows::{Row, data};
use crate::command::Reply;
use crate::command::terminal::{Style, Terminal};

/// The most handlers of one event that are shown.
const LIMIT: usize = 1_000;

/// The arguments of `events outbox show`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
What the event redacts is masked. The data of an event that this program cannot read is not shown, since nobody knows
what must be masked; --raw shows what is stored, secrets among it.

Examples:
  events outbox show 0197f3a2-6b1c-7def-8a90-1234567890ab
  events outbox show 0197f3a2-6b1c-7def-8a90-1234567890ab --json

Exit status: 0, or 1 if nothing is stored of the event.")]
#[non_exhaustive]
pub struct ShowArgs {
    /// The event's id
    #[arg(value_name = "EVENT_ID")]
    pub event_id: Uuid,

    /// Show the data as it is stored, with nothing masked
    #[arg(long)]
    pub raw: bool,

    /// Write JSON
    #[arg(long)]
    pub json: bool,
}

pub(super) async fn show(
    store: &impl Store,
    arguments: &ShowArgs,
    terminal: &Terminal,
) -> Result<Reply, StoreError> {
    let id = arguments.event_id;
    let filter = Filter {
        event_id: Some(id),
        ..Filter::default()
    };
    let stored = store.list(&filter, 0, LIMIT).await?;
    let dead = store.dead(&filter, 0, LIMIT).await?;
    let stored = stored.into_iter().map(Row::from);
    let rows: Vec<_> = stored.chain(dead.into_iter().map(Row::from)).collect();
    let Some(first) = rows.first() else {
        return Ok(Reply::failure(format!(
            "nothing is stored of the event {id}: it was delivered, or it was never stored here"
        )));
    };
    let data = if arguments.raw {
        Ok(raw(&first.body))
    } else {
        data(&first.body)
    };
    if arguments.json {
        let unreadable = data.as_ref().err();
        return Ok(Reply::json(&json!({
            "event_id": id,
            "event": first.event,
            "version": first.version,
            "data": data.as_ref().ok(),
            "unreadable": unreadable,
            "handlers": rows,
        })));
    }
    Ok(Reply::text(text(&rows, first, &data, terminal)))
}

/// Returns the stored envelope, as a text if it is no JSON.
fn raw(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

fn text(rows: &[Row], first: &Row, data: &Result<Value, String>, terminal: &Terminal) -> String {
    let mut out = String::new();
    let name = terminal.paint(Style::Bold, &first.event);
    let _ = writeln!(out, "{name} v{}  {}", first.version, first.event_id);
    let _ = writeln!(out, "  stored {}", first.stored_at);
    for row in rows {
        let style = if row.state.is_dead() {
            Style::Error
        } else {
            Style::Bold
        };
        let handler = terminal.paint(style, &row.handler);
        let _ = writeln!(out, "\n{handler}  {}", row.state.words());
        if let Some(key) = &row.key {
            let _ = writeln!(out, "  key {key}");
        }
        let _ = write!(out, "  attempts {}", row.attempts);
        if row.crashes > 0 {
            let _ = write!(out, ", of which {} ended with their process", row.crashes);
        }
        out.push('\n');
        if let Some(error) = &row.error {
            terminal.wrap(&mut out, 2, error);
        }
    }
    out.push('\n');
    match data {
        Ok(data) => {
            let _ = writeln!(out, "{data:#}");
        }
        Err(why) => terminal.wrap(
            &mut out,
            0,
            &format!(
                "The data is not shown, since this program cannot read the event, and does not know what must be \
                 masked: {why}. `--raw` shows it as it is stored."
            ),
        ),
    }
    out
}
