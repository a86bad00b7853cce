//! `events show`: all that is known of one event.

use std::fmt::Write as _;

use clap::Args;

use super::Reply;
use super::describe::{conditions, delivery, keys, name};
use super::terminal::{Style, Terminal, padded, width};
use crate::catalog::{Catalog, EventEntry, Field, HandlerEntry};

/// The arguments of `events show`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  events show shop.order_placed
  events show OrderPlaced                  by the name of its type
  events show OrderPlaced --json | jq .fields

Exit status: 0, or 1 if there is no such event.")]
#[non_exhaustive]
pub struct ShowArgs {
    /// The event: its name, an alias, or its type
    pub name: String,

    /// Write JSON
    #[arg(long)]
    pub json: bool,
}

pub(super) fn show(catalog: &Catalog, arguments: &ShowArgs, terminal: &Terminal) -> Reply {
    match catalog.find(&arguments.name) {
        Err(error) => Reply::failure(error.to_string()),
        Ok(event) if arguments.json => Reply::json(event),
        Ok(event) => Reply::text(text(catalog, event, terminal)),
    }
}

fn text(catalog: &Catalog, event: &EventEntry, terminal: &Terminal) -> String {
    let mut out = format!(
        "{} v{}\n",
        terminal.paint(Style::Bold, &event.name),
        event.version
    );
    let path = terminal.paint(Style::Dim, &event.type_name);
    terminal.line_at(
        &mut out,
        &path,
        width(&event.type_name),
        0,
        &event.place.to_string(),
    );
    if let Some(documentation) = &event.documentation {
        out.push('\n');
        terminal.wrap(&mut out, 0, documentation);
    }
    let facts = facts(event);
    if !facts.is_empty() {
        out.push('\n');
        for fact in facts {
            terminal.wrap(&mut out, 0, &fact);
        }
    }
    if !event.fields.is_empty() {
        heading(&mut out, terminal, "Fields");
        fields(&mut out, terminal, &event.fields, 2);
    }
    if !event.variants.is_empty() {
        heading(&mut out, terminal, "Variants");
        for variant in &event.variants {
            let _ = writeln!(out, "  {}", variant.name);
            if let Some(documentation) = &variant.documentation {
                terminal.wrap(&mut out, 6, documentation);
            }
            fields(&mut out, terminal, &variant.fields, 4);
        }
    }
    sample(&mut out, terminal, event);
    versions(&mut out, terminal, catalog, event);
    heading(&mut out, terminal, "Handlers, in run order");
    if event.handlers.is_empty() {
        out.push_str("  none\n");
    }
    for (at, handler) in event.handlers.iter().enumerate() {
        write_handler(&mut out, terminal, catalog, at, handler);
    }
    causes(&mut out, terminal, catalog, event);
    out
}

fn heading(out: &mut String, terminal: &Terminal, text: &str) {
    let _ = writeln!(out, "\n{}", terminal.paint(Style::Bold, text));
}

/// Returns what the event declares beside its fields, each as a sentence.
fn facts(event: &EventEntry) -> Vec<String> {
    let mut facts = Vec::new();
    let keys = keys(event);
    if !keys.is_empty() {
        facts.push(format!("Declared: {}", keys.join(", ")));
    }
    if !event.aliases.is_empty() {
        facts.push(format!("Also read as: {}", event.aliases.join(", ")));
    }
    if event.reads_newer {
        facts.push("Newer versions are read as this one".to_owned());
    }
    if !event.is_named {
        facts.push("No declared name, so no pattern matches it".to_owned());
    }
    facts
}

fn fields(out: &mut String, terminal: &Terminal, fields: &[Field], indent: usize) {
    let widest = |of: fn(&Field) -> &str| fields.iter().map(|it| width(of(it))).max().unwrap_or(0);
    let (names, types) = (widest(|it| &it.name), widest(|it| &it.type_name));
    for field in fields {
        let mut notes = Vec::new();
        let written = field.pointer.as_deref().unwrap_or_default();
        if !written.is_empty() && written.strip_prefix('/') != Some(&field.name) {
            notes.push(format!("written as {written}"));
        }
        if field.is_redacted {
            notes.push("redacted".to_owned());
        }
        let line = format!(
            "{:indent$}{}  {}  {}",
            "",
            padded(&field.name, names),
            padded(&field.type_name, types),
            terminal.paint(Style::Dim, &notes.join(", "))
        );
        let _ = writeln!(out, "{}", line.trim_end());
        if let Some(documentation) = &field.documentation {
            terminal.wrap(out, indent + 4, documentation);
        }
    }
}

/// Writes a small value of the event, and where its schema is.
fn sample(out: &mut String, terminal: &Terminal, event: &EventEntry) {
    let Some(schemas) = &event.schemas else {
        return;
    };
    heading(out, terminal, "Sample");
    match schemas.sample() {
        Some(sample) => {
            for line in format!("{sample:#}").lines() {
                let _ = writeln!(out, "  {line}");
            }
        }
        None => out.push_str("  none is known, because of a pattern or a format\n"),
    }
    let _ = writeln!(
        out,
        "  `events schema {}` writes its JSON Schema",
        event.name
    );
}

fn versions(out: &mut String, terminal: &Terminal, catalog: &Catalog, event: &EventEntry) {
    let newer = |older: &EventEntry| {
        let id = older.id();
        let events = catalog.events.iter();
        events
            .into_iter()
            .find(|it| it.previous.as_ref() == Some(&id))
    };
    let mut newest = event;
    while let Some(newer) = newer(newest) {
        newest = newer;
    }
    let mut version = Some(newest).filter(|newest| newest.previous.is_some());
    if version.is_some() {
        heading(out, terminal, "Versions, newest first");
    }
    while let Some(entry) = version {
        let line = format!("  v{}  {}", entry.version, entry.short_type_name());
        terminal.line_at(out, &line, width(&line), 6, &entry.place.to_string());
        version = entry.previous.as_ref().and_then(|id| catalog.get(id));
    }
}

fn write_handler(
    out: &mut String,
    terminal: &Terminal,
    catalog: &Catalog,
    at: usize,
    handler: &HandlerEntry,
) {
    let mut notes = vec![delivery(handler)];
    notes.extend(conditions(handler));
    let line = format!("  {:>2}  {}", at + 1, handler.name);
    terminal.line_at(out, &line, width(&line), 6, &handler.place.to_string());
    terminal.wrap(out, 6, &notes.join(", "));
    if let Some(documentation) = &handler.documentation {
        terminal.wrap(
            out,
            6,
            documentation.split("\n\n").next().unwrap_or_default(),
        );
    }
    if !handler.causes.is_empty() {
        let names: Vec<_> = handler.causes.iter().map(|id| name(catalog, id)).collect();
        terminal.wrap(out, 6, &format!("may cause {}", names.join(", ")));
    }
}

/// Writes which handlers cause the event.
fn causes(out: &mut String, terminal: &Terminal, catalog: &Catalog, event: &EventEntry) {
    let id = event.id();
    heading(out, terminal, "Caused by");
    let mut found = false;
    for cause in &catalog.events {
        let handlers = cause.handlers.iter();
        for handler in handlers.filter(|handler| handler.causes.contains(&id)) {
            found = true;
            let event = name(catalog, &cause.id());
            let line = format!("  {}, of {event}", handler.name);
            terminal.line_at(out, &line, width(&line), 6, &handler.place.to_string());
        }
    }
    if !found {
        out.push_str(
            "  no handler, as far as they declare it: code outside of handlers emits it\n",
        );
    }
}
