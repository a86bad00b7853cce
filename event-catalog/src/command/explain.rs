//! `events explain`: what an emit of one event does, step by step.

use std::fmt::Write as _;

use clap::Args;

use super::Reply;
use super::describe::{conditions, counted, duration, name, overflow};
use super::terminal::{Style, Terminal, width};
use crate::catalog::{Catalog, Delivery, EventEntry, HandlerEntry};
use crate::explanation::{Caused, Explanation, Step};

/// The arguments of `events explain`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
The explanation is that of a dispatcher with every linked handler and without runtime subscriptions. What a handler
may cause is what its return type and its `Emitter` declare.

Examples:
  events explain shop.order_placed
  events explain OrderPlaced               by the name of its type
  events explain OrderPlaced --json | jq -r '.caused[].event.name'

Exit status: 0, or 1 if there is no such event.")]
#[non_exhaustive]
pub struct ExplainArgs {
    /// The event: its name, an alias, or its type
    pub name: String,

    /// Write JSON
    #[arg(long)]
    pub json: bool,
}

pub(super) fn explain(catalog: &Catalog, arguments: &ExplainArgs, terminal: &Terminal) -> Reply {
    match catalog.find(&arguments.name) {
        Err(error) => Reply::failure(error.to_string()),
        Ok(event) if arguments.json => Reply::json(&catalog.explain(event)),
        Ok(event) => Reply::text(Words::new(catalog, terminal).of(event, &catalog.explain(event))),
    }
}

/// An explanation in words.
struct Words<'a> {
    catalog: &'a Catalog,
    terminal: &'a Terminal,
    out: String,
    steps: usize,
}

impl<'a> Words<'a> {
    fn new(catalog: &'a Catalog, terminal: &'a Terminal) -> Self {
        Self {
            catalog,
            terminal,
            out: String::new(),
            steps: 0,
        }
    }

    fn of(mut self, event: &EventEntry, explanation: &Explanation) -> String {
        let transaction = if event.is_durable { "tx." } else { "" };
        let emitted = format!("{transaction}emit({})", event.short_type_name());
        let rest = format!(": {} v{}", event.name, event.version);
        let line = format!("{}{rest}", self.terminal.paint(Style::Bold, &emitted));
        let (columns, place) = (width(&emitted) + width(&rest), event.place.to_string());
        self.terminal
            .line_at(&mut self.out, &line, columns, 2, &place);
        if event.is_superseded {
            self.paragraph(
                "This version is superseded: it is read, becomes the newest version, and is never emitted.",
            );
            return self.out;
        }
        for refusal in &explanation.refusals {
            self.paragraph(refusal);
        }
        if event.handlers.is_empty() {
            self.paragraph("Nothing happens: no linked handler handles it, which is no error.");
            return self.out;
        }
        self.before_commit(&explanation.before_commit);
        self.durable(&explanation.durable);
        self.inline(event, &explanation.inline);
        self.deferred(event, &explanation.deferred);
        self.caused(&explanation.caused);
        self.out
    }

    fn before_commit(&mut self, steps: &[Step]) {
        if steps.is_empty() {
            return;
        }
        self.step("called in the emitter's transaction, when that is to commit:");
        for Step { order, handler } in steps {
            self.handler(*order, handler, "");
        }
        let note = "An error of one makes the commit fail, and nothing has happened.";
        self.terminal.wrap(&mut self.out, 3, note);
    }

    fn durable(&mut self, steps: &[Step]) {
        if steps.is_empty() {
            return;
        }
        self.step(
            "stored in the emitter's transaction, one delivery for each; it is called after the commit, by this \
             process or another, until it succeeds:",
        );
        for Step { order, handler } in steps {
            self.handler(*order, handler, "");
        }
    }

    fn inline(&mut self, event: &EventEntry, steps: &[Step]) {
        if steps.is_empty() {
            return;
        }
        self.step(if event.is_durable {
            "called after the commit, on the committer's stack, one after the other, at most once:"
        } else {
            "called on the emitter's stack, one after the other:"
        });
        for step in steps {
            self.handler(step.order, &step.handler, "");
        }
        let mut notes = vec!["One that fails or panics is in the report, and the next one runs."];
        if event.is_stoppable {
            notes.push("One that returns `ControlFlow::Break` has all that follow it skipped.");
        }
        self.terminal.wrap(&mut self.out, 3, &notes.join(" "));
    }

    fn deferred(&mut self, event: &EventEntry, steps: &[Step]) {
        if steps.is_empty() {
            return;
        }
        self.step(if event.is_durable {
            "handed over after the commit, in this order, the event behind an `Arc`, at most once:"
        } else {
            "handed over, in this order, the event behind an `Arc`; `emit` does not wait for them:"
        });
        for Step { order, handler } in steps {
            self.handler(*order, handler, &how(handler));
        }
    }

    /// Writes what the inline handlers lead to.
    fn caused(&mut self, caused: &[Caused]) {
        if caused.is_empty() {
            return;
        }
        self.step(
            "emitted, first in, first out: the events that those on the emitter's stack returned, and then what \
             these lead to:",
        );
        let mut rest = caused;
        while !rest.is_empty() {
            rest = self.cascade(rest);
        }
    }

    /// Writes the first event of some that are caused, its handlers, and what these lead to; returns the others.
    fn cascade<'c>(&mut self, caused: &'c [Caused]) -> &'c [Caused] {
        let Some((first, mut rest)) = caused.split_first() else {
            return &[];
        };
        let indent = 3 + 6 * first.depth;
        let note = if first.is_repeated {
            ": see above"
        } else if first.handlers.is_empty() {
            ": no handler"
        } else {
            ""
        };
        let shown = name(self.catalog, &first.event);
        let painted = self.terminal.paint(Style::Bold, &shown);
        let _ = writeln!(self.out, "{:indent$}{painted}{note}", "");
        for Step { order, handler } in &first.handlers {
            let how = match handler.delivery {
                Delivery::Inline => String::new(),
                _ => format!(", {}", super::describe::delivery(handler)),
            };
            let _ = writeln!(
                self.out,
                "{:indent$}{order}. {}{how}",
                "",
                handler.name,
                indent = indent + 3
            );
            let is_of_it = |next: &Caused| next.depth > first.depth && next.order == *order;
            while rest.first().is_some_and(is_of_it) {
                rest = self.cascade(rest);
            }
        }
        rest
    }

    fn step(&mut self, text: &str) {
        self.steps += 1;
        let _ = write!(self.out, "\n{}. ", self.steps);
        let mut wrapped = String::new();
        let first = if self.steps == 1 { "First" } else { "Then" };
        self.terminal
            .wrap(&mut wrapped, 3, &format!("{first} {text}"));
        self.out.push_str(wrapped.trim_start());
    }

    fn handler(&mut self, at: usize, handler: &HandlerEntry, how: &str) {
        let line = format!("   {at:>2}. {}", handler.name);
        let (columns, place) = (width(&line), handler.place.to_string());
        self.terminal
            .line_at(&mut self.out, &line, columns, 7, &place);
        let mut notes = Vec::new();
        if !how.is_empty() {
            notes.push(how.to_owned());
        }
        if let Some(filter) = &handler.filter {
            notes.push(format!("only if `{filter}` accepts the event"));
        }
        let said = |condition: &String| {
            let keys = ["filter", "timeout", "concurrency"];
            !keys.iter().any(|key| condition.starts_with(key)) && !condition.contains("attempts")
        };
        notes.extend(conditions(handler).into_iter().filter(said));
        if let Some(retry) = &handler.retry {
            let waits = [retry.first_wait_ms, retry.last_wait_ms].map(duration);
            notes.push(format!(
                "a failure is tried again, {} attempts in all, after waits of up to {} that grow to {}",
                retry.attempts, waits[0], waits[1]
            ));
        }
        if !handler.causes.is_empty() {
            let names: Vec<_> = handler
                .causes
                .iter()
                .map(|id| name(self.catalog, id))
                .collect();
            let own = match handler.delivery {
                Delivery::Queued | Delivery::Local => ", in an emission of its own",
                Delivery::Durable => {
                    ", stored with the end of the delivery if durable, else emitted after it"
                }
                _ => "",
            };
            notes.push(format!("may cause {}{own}", names.join(", ")));
        }
        for note in notes {
            self.terminal.wrap(&mut self.out, 7, &note);
        }
    }

    fn paragraph(&mut self, text: &str) {
        self.out.push('\n');
        self.terminal.wrap(&mut self.out, 0, text);
    }
}

/// Returns where a handler runs that does not run inline.
fn how(handler: &HandlerEntry) -> String {
    let timeout = handler.timeout_ms.map_or_else(String::new, |limit| {
        format!(", for {} at most", duration(limit))
    });
    match (handler.delivery, &handler.queue) {
        (Delivery::Async, _) => {
            let tasks = handler
                .concurrency
                .map_or_else(String::new, |tasks| format!(", {tasks} at once at most"));
            format!("a task of its own{timeout}{tasks}; `emit_async` awaits it instead")
        }
        (Delivery::Local, Some(queue)) => format!(
            "waits in the local queue `{}` of {} until its owner pumps it; {}",
            queue.name,
            queue.capacity,
            overflow(queue.overflow)
        ),
        (_, Some(queue)) => format!(
            "waits in the queue `{}` of {} with {}{timeout}; {}",
            queue.name,
            queue.capacity,
            counted(queue.consumers, "consumer", "consumers"),
            overflow(queue.overflow)
        ),
        (_, None) => String::new(),
    }
}
