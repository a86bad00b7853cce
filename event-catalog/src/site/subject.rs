//! What all pages are about: the catalogue, and where each thing has its page.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::html::{Html, html};
use super::{Options, links};
use crate::catalog::{Catalog, Causality, Cause, EventEntry, EventId, HandlerEntry, Place};
use crate::command::describe;

pub(super) struct Subject<'c> {
    pub(super) catalog: &'c Catalog,
    pub(super) options: &'c Options,
    pub(super) causality: Causality,
    /// The name of the page of each event.
    pages: Vec<String>,
    /// The names of the pages of crates.
    crates: BTreeMap<&'c str, String>,
    /// What causes each event that is caused.
    causes: HashMap<usize, Vec<Cause>>,
    /// How many events have a name, in whatever version.
    versions: HashMap<&'c str, usize>,
    /// What is the event that an older version became.
    newer: HashMap<EventId, usize>,
}

impl<'c> Subject<'c> {
    pub(super) fn new(catalog: &'c Catalog, options: &'c Options) -> Self {
        let causality = Causality::of(catalog);
        let mut causes: HashMap<usize, Vec<Cause>> = HashMap::new();
        for cause in causality.all() {
            causes.entry(cause.to).or_default().push(*cause);
        }
        let mut versions = HashMap::new();
        let mut newer = HashMap::new();
        for (at, event) in catalog.events.iter().enumerate() {
            *versions.entry(&*event.name).or_insert(0) += 1;
            if let Some(previous) = &event.previous {
                newer.insert(previous.clone(), at);
            }
        }
        let handlers = catalog.handlers().map(|handler| &*handler.crate_name);
        let events = catalog.events.iter().map(|event| &*event.crate_name);
        let names: BTreeSet<&str> = handlers.chain(events).collect();
        let files = links::distinct(names.iter().map(|name| (*name).to_owned()));
        Self {
            pages: links::of_events(catalog),
            crates: names.into_iter().zip(files).collect(),
            catalog,
            options,
            causality,
            causes,
            versions,
            newer,
        }
    }

    /// Returns the events with their indices.
    pub(super) fn events(&self) -> impl Iterator<Item = (usize, &'c EventEntry)> {
        self.catalog.events.iter().enumerate()
    }

    /// Returns the events that are emitted, with their indices.
    pub(super) fn current(&self) -> impl Iterator<Item = (usize, &'c EventEntry)> {
        self.events().filter(|(_, event)| !event.is_superseded)
    }

    /// Returns the names of the crates that have events or handlers, each with the name of its page.
    pub(super) fn crates(&self) -> impl Iterator<Item = (&'c str, &str)> {
        self.crates
            .iter()
            .map(|(name, page)| (*name, page.as_str()))
    }

    /// Returns the name of the page of an event, without the folder.
    pub(super) fn page(&self, event: usize) -> &str {
        &self.pages[event]
    }

    pub(super) fn causes(&self, event: usize) -> &[Cause] {
        self.causes.get(&event).map_or(&[], Vec::as_slice)
    }

    /// Returns the version that replaced one.
    pub(super) fn newer(&self, id: &EventId) -> Option<usize> {
        self.newer.get(id).copied()
    }

    /// Returns the other events that have the name of one, by mistake.
    pub(super) fn doubles(&self, at: usize) -> impl Iterator<Item = usize> {
        let event = &self.catalog.events[at];
        let is_double = |(_, other): &(usize, &EventEntry)| {
            event.is_named && other.is_named && other.name == event.name
        };
        let several = self.current().filter(is_double).map(|(other, _)| other);
        several.filter(move |other| !event.is_superseded && *other != at)
    }

    /// Returns the name of an event, with its version if that is not the only one, and with its type if another one
    /// has both.
    pub(super) fn name(&self, event: &EventEntry) -> String {
        if self.catalog.positions(&event.id()).len() > 1 {
            return format!("{} ({})", event.id(), event.type_name);
        }
        match self.versions.get(&*event.name) {
            Some(2..) => event.id().to_string(),
            _ => event.name.to_string(),
        }
    }

    /// Returns a link to an event. `root` leads from the page to the folder of the site.
    pub(super) fn event_link(&self, root: &str, at: usize) -> Html {
        html!(
            "<a class=\"name\" href=\"{}events/{}.html\">{}</a>",
            root,
            self.page(at),
            breakable(&self.name(&self.catalog.events[at]))
        )
    }

    /// Returns links to the events of which a handler declares that it causes them.
    pub(super) fn caused_links(&self, root: &str, handler: &HandlerEntry) -> Html {
        let links = handler.causes.iter().map(|id| {
            let events = self.catalog.positions(id);
            if events.is_empty() {
                return html!("<code>{}</code>", id.to_string());
            }
            Html::joined(events.map(|at| self.event_link(root, at)), " or ")
        });
        Html::joined(links, ", ")
    }

    pub(super) fn crate_link(&self, root: &str, name: &str) -> Html {
        match self.crates.get(name) {
            Some(page) => html!("<a href=\"{}crates/{}.html\">{}</a>", root, page, name),
            None => html!("{}", name),
        }
    }

    /// Returns a place in the source, as a link if it is known where the source is.
    pub(super) fn place(&self, place: &Place) -> Html {
        let shown = breakable(&links::shown(place));
        let url = self.options.source.as_ref().and_then(|it| it.of(place));
        match url {
            Some(url) => html!("<a class=\"place\" href=\"{}\">{}</a>", url, shown),
            None => html!("<span class=\"place\">{}</span>", shown),
        }
    }

    /// Returns where a handler runs, as one mark.
    pub(super) fn delivery(handler: &HandlerEntry) -> Html {
        html!(
            "<span class=\"mark {}\">{}</span>",
            handler.delivery.as_str(),
            describe::delivery(handler)
        )
    }
}

/// Returns a name in which a line may break before each part.
pub(super) fn breakable(name: &str) -> Html {
    let mut html = Html::default();
    let mut rest = name;
    while let Some(end) = rest
        .char_indices()
        .skip(1)
        .find(|(_, it)| matches!(it, '.' | ':' | '/' | '_'))
        .map(|(at, _)| at)
    {
        let after_colon = rest.starts_with(':');
        let (part, tail) = rest.split_at(end);
        html.push_text(part);
        if !(after_colon && part == ":") {
            html.push(&html!("<wbr>"));
        }
        rest = tail;
    }
    html.push_text(rest);
    html
}

/// Returns a text in which names stand between backticks.
pub(super) fn coded(text: &str) -> Html {
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(at, part)| {
        if at % 2 == 1 {
            html!("<code>{}</code>", part)
        } else {
            html!("{}", part)
        }
    });
    parts.collect()
}
