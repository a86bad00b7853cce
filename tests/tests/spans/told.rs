//! What a subscriber of `tracing` was told, as a tree.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// What a subscriber was told: each span with its parent, what was logged in it, and whether it closed.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<Told1>>>);

#[derive(Clone, Default)]
pub(crate) struct Told1 {
    id: u64,
    parent: Option<u64>,
    pub(crate) fields: HashMap<String, String>,
    pub(crate) logs: Vec<String>,
    pub(crate) is_closed: bool,
}

impl Told {
    pub(crate) fn all(&self) -> MutexGuard<'_, Vec<Told1>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, id: &Id, change: impl FnOnce(&mut Told1)) {
        let mut all = self.all();
        // Ids are used again.
        let last = all.iter_mut().rev().find(|span| span.id == id.into_u64());
        change(last.expect("a span that was opened"));
    }

    /// The spans as a tree, in order of their opening.
    pub(crate) fn tree(&self) -> String {
        let (all, mut out) = (self.all(), String::new());
        let roots = all.iter().filter(|span| span.parent.is_none());
        roots.for_each(|root| branch(&mut out, root, &all, 0));
        out
    }

    /// The spans that were not closed.
    pub(crate) fn open(&self) -> usize {
        self.all().iter().filter(|span| !span.is_closed).count()
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tree())
    }
}

fn branch(out: &mut String, span: &Told1, all: &[Told1], depth: usize) {
    let of = |key| span.fields.get(key).map_or("", String::as_str);
    let mut line = of("name").to_owned();
    if let Some(handler) = span.fields.get("code.function.name") {
        let handler = handler.rsplit("::").next().unwrap_or(handler);
        line = format!("{handler}: {}", of("event_core.ended"));
    }
    for log in &span.logs {
        write!(line, " \"{log}\"").expect("a string");
    }
    writeln!(out, "{:1$}{line}", "", depth * 2).expect("a string");
    let below = all.iter().filter(|it| it.parent == Some(span.id));
    below.for_each(|below| branch(out, below, all, depth + 1));
}

struct Fields<'a>(&'a mut HashMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Told {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let parent = context
            .span(id)
            .and_then(|span| span.parent().map(|it| it.id()));
        let mut told = Told1 {
            id: id.into_u64(),
            parent: parent.map(|id| id.into_u64()),
            ..Told1::default()
        };
        attributes.record(&mut Fields(&mut told.fields));
        let name = told.fields.get("otel.name").cloned();
        let name = name.unwrap_or_else(|| attributes.metadata().name().to_owned());
        told.fields.insert("name".to_owned(), name);
        self.all().push(told);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.change(id, |span| values.record(&mut Fields(&mut span.fields)));
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let mut fields = HashMap::new();
        event.record(&mut Fields(&mut fields));
        if let (Some(span), Some(message)) = (context.event_span(event), fields.remove("message"))
            && *event.metadata().level() == tracing::Level::INFO
        {
            self.change(&span.id(), |span| span.logs.push(message));
        }
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        self.change(&id, |span| span.is_closed = true);
    }
}

/// Where there is one subscriber alone, `tracing` may ask the thread that opens a span first whether anybody
/// wants it, and remember that for all threads.
static ANOTHER: LazyLock<Dispatch> =
    LazyLock::new(|| Dispatch::new(tracing_subscriber::registry().with(Told::default())));

/// Listens on this thread, and on no other.
pub(crate) fn listen() -> (Told, tracing::subscriber::DefaultGuard) {
    LazyLock::force(&ANOTHER);
    let told = Told::default();
    let subscriber = tracing_subscriber::registry().with(told.clone());
    (told, tracing::subscriber::set_default(subscriber))
}
