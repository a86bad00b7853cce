//! `events list`: every event, with its handlers in run order.

use std::fmt::Write as _;

use clap::Args;

use super::Reply;
use super::describe::{conditions, counted, delivery, keys};
use super::terminal::{Style, Terminal, padded, width};
use crate::catalog::{Catalog, EventEntry, HandlerEntry};

/// The arguments of `events list`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
Handlers are listed in the order in which they run. Catch-alls count as handlers of the events that they see, but
not for --unhandled.

Examples:
  events list                     every event
  events list order               those with `order` in their name or their type's path
  events list 'shop.*'            those with a name of two segments, of which the first is `shop`
  events list --unhandled         those that no handler names
  events list --json | jq -r '.events[].name'

Exit status: 0, or 1 if PATTERN selects no event.")]
#[non_exhaustive]
pub struct ListArgs {
    /// Select events by a part of their name, or by a pattern with `*` for a segment and `**` for the rest
    pub pattern: Option<String>,

    /// Select the events that no handler names
    #[arg(long)]
    pub unhandled: bool,

    /// Write JSON, with all that is known
    #[arg(long, conflicts_with = "md")]
    pub json: bool,

    /// Write a table in Markdown
    #[arg(long)]
    pub md: bool,
}

pub(super) fn list(catalog: &Catalog, arguments: &ListArgs, terminal: &Terminal) -> Reply {
    let selected = arguments.pattern.as_deref().map_or_else(
        || catalog.events.iter().collect(),
        |pattern| catalog.matching(pattern),
    );
    if let (Some(pattern), true) = (&arguments.pattern, selected.is_empty()) {
        return nothing(catalog, pattern);
    }
    let is_meant = |event: &&EventEntry| {
        !arguments.unhandled || (!event.is_superseded && event.own_handlers().next().is_none())
    };
    let selected: Vec<_> = selected.into_iter().filter(is_meant).collect();
    if arguments.json {
        let events = selected.into_iter().cloned().collect();
        let unmatched = if arguments.pattern.is_none() && !arguments.unhandled {
            catalog.unmatched.clone()
        } else {
            Vec::new()
        };
        return Reply::json(&Catalog { events, unmatched });
    }
    // An older version has no line of its own: its successor's says which versions it reads.
    let current: Vec<_> = selected
        .into_iter()
        .filter(|it| !it.is_superseded)
        .collect();
    Reply::text(if arguments.md {
        markdown(catalog, &current)
    } else {
        text(catalog, &current, terminal)
    })
}

fn nothing(catalog: &Catalog, pattern: &str) -> Reply {
    let nearest = catalog.nearest(pattern);
    let names: Vec<_> = nearest.iter().map(|name| format!("`{name}`")).collect();
    let help = match names.as_slice() {
        [] => "`events list` has all names".to_owned(),
        names => format!("did you mean {}?", names.join(" or ")),
    };
    Reply::failure(format!("no linked event matches `{pattern}`; {help}"))
}

/// One line about a handler, as its columns.
struct Row {
    order: String,
    delivery: String,
    name: String,
    conditions: String,
    place: String,
}

fn rows(event: &EventEntry) -> Vec<Row> {
    let handlers = (1_usize..).zip(&event.handlers);
    let row = |(order, handler): (usize, &HandlerEntry)| Row {
        order: order.to_string(),
        delivery: delivery(handler),
        name: handler.name.to_string(),
        conditions: conditions(handler).join(", "),
        place: handler.place.to_string(),
    };
    handlers.map(row).collect()
}

fn text(catalog: &Catalog, events: &[&EventEntry], terminal: &Terminal) -> String {
    let listed: Vec<_> = events.iter().map(|event| (event, rows(event))).collect();
    let all = || listed.iter().flat_map(|(_, rows)| rows);
    let widest = |of: fn(&Row) -> &String| all().map(|row| width(of(row))).max().unwrap_or(0);
    let (order, delivery) = (widest(|row| &row.order), widest(|row| &row.delivery));
    let text = |row: &Row| match row.conditions.as_str() {
        "" => row.name.clone(),
        conditions => format!("{}  {conditions}", row.name),
    };
    let titles = listed
        .iter()
        .map(|(event, _)| width(&title(catalog, event)));
    let indent = 2 + order + 2 + delivery + 2;
    let texts = all().map(|row| indent + width(&text(row)));
    let column = titles.chain(texts).max().unwrap_or(0) + 2;
    let places = listed.iter().map(|(event, _)| event.place.to_string());
    let places = places.chain(all().map(|row| row.place.clone()));
    let place_width = places.map(|place| width(&place)).max().unwrap_or(0);
    let is_narrow = terminal
        .width()
        .is_some_and(|columns| column + place_width > columns);

    let mut out = String::new();
    let mut lines = Lines {
        out: &mut out,
        terminal,
        column: (!is_narrow).then_some(column),
    };
    for (event, rows) in &listed {
        let title = title(catalog, event);
        let rest = title.strip_prefix(&*event.name).unwrap_or_default();
        lines.add(
            "",
            (&event.name, Style::Bold),
            (rest, Style::Dim),
            4,
            &event.place.to_string(),
        );
        for row in rows {
            let start = format!(
                "  {:>order$}  {}  ",
                row.order,
                padded(&row.delivery, delivery)
            );
            let rest = match row.conditions.as_str() {
                "" => String::new(),
                conditions => format!("  {conditions}"),
            };
            lines.add(
                &start,
                (&row.name, Style::Plain),
                (&rest, Style::Plain),
                indent,
                &row.place,
            );
        }
        if rows.is_empty() {
            lines.out.push_str("  ");
            lines
                .out
                .push_str(&terminal.paint(Style::Dim, "no handler"));
            lines.out.push('\n');
        }
        lines.out.push('\n');
    }
    let mut distinct: Vec<_> = events
        .iter()
        .flat_map(|event| &event.handlers)
        .map(|handler| (&handler.name, &handler.place))
        .collect();
    distinct.sort_unstable();
    distinct.dedup();
    let _ = writeln!(
        out,
        "{}, {}",
        counted(events.len(), "event", "events"),
        counted(distinct.len(), "handler", "handlers")
    );
    out
}

/// Lines about events and handlers.
struct Lines<'a> {
    out: &'a mut String,
    terminal: &'a Terminal,
    /// The column of places; `None` where the terminal is too narrow for one.
    column: Option<usize>,
}

impl Lines<'_> {
    /// Writes a name, what is said of it, and a place. Where there is no column for places, the place has a
    /// line of its own, and so has what is said if it does not fit.
    fn add(
        &mut self,
        start: &str,
        (name, style): (&str, Style),
        (rest, rest_style): (&str, Style),
        indent: usize,
        place: &str,
    ) {
        let place = self.terminal.paint(Style::Dim, place);
        let painted = format!("{start}{}", self.terminal.paint(style, name));
        let used = width(start) + width(name) + width(rest);
        let text = format!("{painted}{}", self.terminal.paint(rest_style, rest));
        let _ = match self.column {
            Some(column) => {
                let blanks = column.saturating_sub(used);
                writeln!(self.out, "{text}{:blanks$}{place}", "")
            }
            None if self.terminal.width().is_some_and(|columns| used > columns) => {
                let _ = writeln!(self.out, "{painted}");
                let mut wrapped = String::new();
                let rest = rest.trim_start().trim_start_matches(", ");
                self.terminal.wrap(&mut wrapped, indent, rest);
                let lines = wrapped.lines();
                for line in lines.map(|line| self.terminal.paint(rest_style, line)) {
                    let _ = writeln!(self.out, "{line}");
                }
                writeln!(self.out, "{:indent$}{place}", "")
            }
            None => writeln!(self.out, "{text}\n{:indent$}{place}", ""),
        };
    }
}

/// Returns `shop.order_placed v2, reads v1, wire`.
fn title(catalog: &Catalog, event: &EventEntry) -> String {
    let mut parts = vec![format!("{} v{}", event.name, event.version)];
    let mut older = event.previous.as_ref();
    let mut versions = Vec::new();
    while let Some(id) = older {
        versions.push(format!("v{}", id.version));
        older = catalog.get(id).and_then(|event| event.previous.as_ref());
    }
    if !versions.is_empty() {
        parts.push(format!("reads {}", versions.join(" ")));
    }
    parts.extend(keys(event));
    parts.join(", ")
}

fn markdown(catalog: &Catalog, events: &[&EventEntry]) -> String {
    let mut out = "| event | | handler | runs | conditions | place |\n| --- | --: | --- | --- | --- | --- |\n"
        .to_owned();
    let cell = |text: &str| text.replace('|', "\\|");
    let code = |text: &str| match text {
        "" => String::new(),
        text => format!("`{}`", cell(text)),
    };
    for event in events {
        let plain = title(catalog, event);
        let rest = plain.strip_prefix(&*event.name).unwrap_or_default();
        let place = event.place.to_string();
        let _ = writeln!(
            out,
            "| **{}**{} | | | | | {} |",
            code(&event.name),
            cell(rest),
            code(&place)
        );
        for row in rows(event) {
            let _ = writeln!(
                out,
                "| | {} | {} | {} | {} | {} |",
                row.order,
                code(&row.name),
                cell(&row.delivery),
                cell(&row.conditions),
                code(&row.place)
            );
        }
    }
    out
}
