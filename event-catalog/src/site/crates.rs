//! The crates: which depends on whose events, and what each has.

use super::frame::{self, Page, section};
use super::graphs::drawing;
use super::html::{Html, html};
use super::markdown;
use super::subject::{Subject, breakable};
use crate::catalog::{EventEntry, HandlerEntry};
use crate::graph::{Graph, Grouping};

/// Returns the page of all crates.
pub(super) fn index(subject: &Subject<'_>) -> String {
    let rows = subject.crates().map(|(name, _)| {
        html!(
            "<tr><th scope=\"row\">{}</th><td data-of=\"Events\">{}</td><td data-of=\"Handlers\">{}</td></tr>\n",
            subject.crate_link("", name),
            events(subject, name).count(),
            handlers(subject, name).count()
        )
    });
    let rows: Html = rows.collect();
    let content = if rows.is_empty() {
        html!("<h1>Crates</h1>\n<p>No event is linked into this program.</p>\n")
    } else {
        let graph = Graph::new(subject.catalog, Grouping::Crate);
        html!(
            "<h1>Crates</h1>\n<table class=\"crates\">\n<thead><tr><th scope=\"col\">Crate</th>\
             <th scope=\"col\">Events it defines</th><th scope=\"col\">Handlers</th></tr></thead>\n\
             <tbody>\n{}</tbody>\n</table>\n{}",
            rows,
            section(
                "graph",
                "Which crate leads to which",
                &html!(
                    "<p>A box is a crate, and its rows are the events that it handles.</p>\n{}",
                    drawing(subject, "", &graph)
                )
            )
        )
    };
    frame::page(subject, "", Page::Crates, "Crates", &content)
}

/// Returns the page of each crate, with its path.
pub(super) fn pages(subject: &Subject<'_>) -> impl Iterator<Item = (String, String)> {
    subject.crates().map(|(name, file)| {
        let content = content(subject, name);
        let page = frame::page(subject, "../", Page::Other, name, &content);
        (format!("crates/{file}.html"), page)
    })
}

fn content(subject: &Subject<'_>, name: &str) -> Html {
    let mut out = html!(
        "<p class=\"trail\"><a href=\"../crates.html\">Crates</a></p>\n<h1>{}</h1>\n",
        breakable(name)
    );
    let items = events(subject, name).map(|(at, event)| {
        let summary = event.documentation.as_deref().map(markdown::summary);
        html!(
            "<li>{} {}<p>{}</p></li>\n",
            subject.event_link("../", at),
            subject.place(&event.place),
            summary.unwrap_or_default()
        )
    });
    let items: Html = items.collect();
    let none = html!("<p class=\"none\">None.</p>\n");
    let events = if items.is_empty() {
        none.clone()
    } else {
        html!("<ul class=\"parts\">\n{}</ul>\n", items)
    };
    out.push(&section("events", "Events it defines", &events));
    let items = handlers(subject, name).map(|(event, order, handler)| {
        let of = match event {
            Some(at) if !handler.is_catch_all => html!(
                "handles {}",
                html!(
                    "<a class=\"name\" href=\"../events/{}.html#handler-{}\">{}</a>",
                    subject.page(at),
                    order,
                    breakable(&subject.name(&subject.catalog.events[at]))
                )
            ),
            _ => match &handler.pattern {
                Some(pattern) => html!("sees every event that matches <code>{}</code>", pattern),
                None => html!("sees every event"),
            },
        };
        let causes = if handler.causes.is_empty() {
            Html::default()
        } else {
            html!(", may cause {}", subject.caused_links("../", handler))
        };
        html!(
            "<li><code>{}</code> {} {}<p>{}{}</p></li>\n",
            breakable(&handler.name),
            Subject::delivery(handler),
            subject.place(&handler.place),
            of,
            causes
        )
    });
    let items: Html = items.collect();
    let handlers = if items.is_empty() {
        none
    } else {
        html!("<ul class=\"parts\">\n{}</ul>\n", items)
    };
    out.push(&section("handlers", "Handlers", &handlers));
    out
}

/// Returns the events that a crate defines, with their indices.
fn events<'a>(
    subject: &'a Subject<'_>,
    name: &'a str,
) -> impl Iterator<Item = (usize, &'a EventEntry)> {
    subject
        .current()
        .filter(move |(_, it)| it.crate_name == name)
}

/// Returns the handlers of a crate, each once: with an event that it handles, and its position there.
fn handlers<'a>(
    subject: &'a Subject<'_>,
    name: &'a str,
) -> impl Iterator<Item = (Option<usize>, usize, &'a HandlerEntry)> {
    let of_events = subject.events().flat_map(|(at, event)| {
        let handlers = (1..).zip(&event.handlers);
        handlers.map(move |(order, handler)| (Some(at), order, handler))
    });
    let unmatched = subject.catalog.unmatched.iter();
    let all = of_events.chain(unmatched.map(|handler| (None, 0, handler)));
    let mut seen = std::collections::HashSet::new();
    all.filter(move |(_, _, handler)| {
        handler.crate_name == name && seen.insert((&handler.name, &handler.place))
    })
}
