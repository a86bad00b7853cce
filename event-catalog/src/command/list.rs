//! `events list`: every event, with its handlers in run order.

use std::collections::HashSet;
use std::fmt::Write as _;

use clap::Args;

use super::Reply;
use super::describe::{conditions, counted, delivery, keys};
use super::terminal::{Style, Terminal, width};
use crate::catalog::{Catalog, EventEntry};

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
struct Row<'a> {
    order: usize,
    delivery: String,
    name: &'a str,
    conditions: String,
    place: String,
}

impl Row<'_> {
    /// Returns how many columns the name and the conditions take.
    fn width(&self) -> usize {
        let conditions = match self.conditions.as_str() {
            "" => 0,
            conditions => 2 + width(conditions),
        };
        width(self.name) + conditions
    }
}

fn rows(event: &EventEntry) -> Vec<Row<'_>> {
    let handlers = (1..).zip(&event.handlers);
    let rows = handlers.map(|(order, handler)| Row {
        order,
        delivery: delivery(handler),
        name: &handler.name,
        conditions: conditions(handler).join(", "),
        place: handler.place.to_string(),
    });
    rows.collect()
}

/// An event with its lines.
struct Listed<'a> {
    event: &'a EventEntry,
    title: String,
    place: String,
    rows: Vec<Row<'a>>,
}

fn text(catalog: &Catalog, events: &[&EventEntry], terminal: &Terminal) -> String {
    let listed = events.iter().map(|event| Listed {
        event,
        title: title(catalog, event),
        place: event.place.to_string(),
        rows: rows(event),
    });
    let listed: Vec<_> = listed.collect();
    let all = || listed.iter().flat_map(|listed| &listed.rows);
    let most = all().map(|row| row.order).max().unwrap_or(0);
    let order = most
        .checked_ilog10()
        .map_or(0, |digits| digits as usize + 1);
    let delivery = all().map(|row| width(&row.delivery)).max().unwrap_or(0);
    let indent = 2 + order + 2 + delivery + 2;
    let titles = listed.iter().map(|listed| width(&listed.title));
    let texts = all().map(|row| indent + row.width());
    let column = titles.chain(texts).max().unwrap_or(0) + 2;
    let is_narrow = terminal.width().is_some_and(|columns| {
        let places = listed.iter().map(|listed| &listed.place);
        let places = places.chain(all().map(|row| &row.place));
        column + places.map(|place| width(place)).max().unwrap_or(0) > columns
    });

    let mut out = String::new();
    let mut lines = Lines {
        out: &mut out,
        terminal,
        column: (!is_narrow).then_some(column),
    };
    let mut start = String::new();
    for listed in &listed {
        let name = &*listed.event.name;
        let rest = listed.title.strip_prefix(name).unwrap_or_default();
        lines.add(
            "",
            (name, Style::Bold),
            (rest, Style::Dim),
            4,
            &listed.place,
        );
        for row in &listed.rows {
            start.clear();
            let blanks = delivery - width(&row.delivery) + 2;
            let _ = write!(
                start,
                "  {:>order$}  {}{:blanks$}",
                row.order, row.delivery, ""
            );
            let rest = match row.conditions.as_str() {
                "" => String::new(),
                conditions => format!("  {conditions}"),
            };
            lines.add(
                &start,
                (row.name, Style::Plain),
                (&rest, Style::Plain),
                indent,
                &row.place,
            );
        }
        if listed.rows.is_empty() {
            lines.out.push_str("  ");
            lines
                .out
                .push_str(&terminal.paint(Style::Dim, "no handler"));
            lines.out.push('\n');
        }
        lines.out.push('\n');
    }
    let _ = writeln!(
        out,
        "{}, {}",
        counted(events.len(), "event", "events"),
        counted(distinct(events), "handler", "handlers")
    );
    out
}

/// Returns how many handlers there are. Only catch-alls are those of several events.
fn distinct(events: &[&EventEntry]) -> usize {
    let handlers = || events.iter().flat_map(|event| &event.handlers);
    let own = handlers().filter(|handler| !handler.is_catch_all).count();
    let catch_alls = handlers().filter(|handler| handler.is_catch_all);
    let catch_alls: HashSet<_> = catch_alls.map(|it| (&it.name, &it.place)).collect();
    own + catch_alls.len()
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
        let used = width(start) + width(name) + width(rest);
        self.out.push_str(start);
        self.out.push_str(&self.terminal.paint(style, name));
        let is_full = |columns| self.column.is_none() && used > columns;
        if self.terminal.width().is_some_and(is_full) {
            self.out.push('\n');
            let mut wrapped = String::new();
            let rest = rest.trim_start().trim_start_matches(", ");
            self.terminal.wrap(&mut wrapped, indent, rest);
            for line in wrapped.lines() {
                self.out.push_str(&self.terminal.paint(rest_style, line));
                self.out.push('\n');
            }
        } else {
            self.out.push_str(&self.terminal.paint(rest_style, rest));
        }
        if self.column.is_none() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        let blanks = self
            .column
            .map_or(indent, |column| column.saturating_sub(used));
        let _ = writeln!(self.out, "{:blanks$}{place}", "");
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
                code(row.name),
                cell(&row.delivery),
                cell(&row.conditions),
                code(&row.place)
            );
        }
    }
    out
}
