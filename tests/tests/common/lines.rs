//! What a subscriber of `tracing` was told in lines, each with the span that it is in.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use event_core::queue::Overflow;
use event_core::{Dispatcher, Event};
use event_tests::until;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// The lines that were written.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<Line>>>);

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) level: Level,
    pub(crate) fields: HashMap<String, String>,
    /// The spans that it is in, from the inside out.
    pub(crate) spans: Vec<HashMap<String, String>>,
}

impl Line {
    /// The value of a field; empty if there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    pub(crate) fn message(&self) -> &str {
        self.field("message")
    }

    /// The name of the span that it is in; empty if it is in none.
    pub(crate) fn span(&self) -> &str {
        self.spans.first().map_or("", |span| &span["name"])
    }
}

impl Lines {
    /// Takes the lines that were written so far.
    pub(crate) fn take(&self) -> Vec<Line> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes those of one level.
    pub(crate) fn take_of(&self, level: Level) -> Vec<Line> {
        let mut lines = self.take();
        lines.retain(|line| line.level == level);
        lines
    }

    /// Listens on this thread, and on no other.
    pub(crate) fn listen() -> (Self, tracing::subscriber::DefaultGuard) {
        let mut listening = None;
        until("the subscriber is told of each line", || {
            drop(listening.take());
            let lines = Self::default();
            let subscriber = tracing_subscriber::registry().with(lines.clone());
            let guard = tracing::subscriber::set_default(subscriber);
            // Of a line that a thread without a subscriber writes first, `tracing` may remember for all
            // threads that nobody wants it, until there is another subscriber.
            let (failures, builds) = write_each_line();
            let written = lines.take();
            let of = |level| written.iter().filter(move |line| line.level == level);
            let built = of(Level::DEBUG).filter(|line| !line.field("handlers").is_empty());
            let hears = of(Level::ERROR).count() == failures && built.count() == builds;
            listening = Some((lines, guard));
            hears
        });
        listening.expect("it was tried")
    }
}

#[derive(Event)]
struct Written;

/// Writes what builds and failures write, in each span that they may be in; returns how many lines are of
/// failures, and how many of builds.
fn write_each_line() -> (usize, usize) {
    let mut failures = 0;
    for builder in [Dispatcher::empty(), Dispatcher::empty().spans()] {
        let dispatcher = builder.build().expect("a dispatcher");
        let _fails = dispatcher.subscribe(|_: &Written| Err::<(), _>("no"));
        let _full = dispatcher.stream::<Written>(1, Overflow::Reject);
        let emitter = tracing::info_span!("emitter");
        for _ in 0..2 {
            let report = emitter.in_scope(|| dispatcher.emit(Written));
            failures += report.failures().len();
        }
    }
    (failures, 2)
}

/// The fields of a line or of a span.
#[derive(Default)]
pub(crate) struct Fields(pub(crate) HashMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let name = attributes.metadata().name().to_owned();
        fields.0.insert("name".to_owned(), name);
        let span = context.span(id).expect("a span that was opened");
        span.extensions_mut().insert(fields);
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let spans = context.event_scope(event).into_iter().flatten();
        let spans = spans.filter_map(|span| Some(span.extensions().get::<Fields>()?.0.clone()));
        let line = Line {
            level: *event.metadata().level(),
            fields: fields.0,
            spans: spans.collect(),
        };
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line);
    }
}
