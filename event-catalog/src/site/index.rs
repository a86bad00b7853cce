//! The first page, with all events, and what its search knows of them.

use serde_json::json;

use super::frame::{self, Page};
use super::html::{Html, html};
use super::markdown;
use super::subject::{Subject, breakable};
use crate::catalog::{Delivery, EventEntry, Field};
use crate::command::describe::{self, counted};

/// A property by which events can be selected.
struct Filter {
    /// How the page's script names it.
    flag: &'static str,
    text: &'static str,
    is_meant: fn(&Subject<'_>, usize, &EventEntry) -> bool,
}

const FILTERS: [Filter; 10] = [
    Filter {
        flag: "unhandled",
        text: "No handler of its own",
        is_meant: |_, _, event| event.own_handlers().next().is_none(),
    },
    Filter {
        flag: "root",
        text: "Caused by no handler",
        is_meant: |subject, at, _| subject.causes(at).is_empty(),
    },
    Filter {
        flag: "cycle",
        text: "In a cycle",
        is_meant: |subject, at, _| {
            let mut causes = subject.causality.of_event(at).iter();
            causes.any(|cause| subject.causality.is_in_cycle(cause))
        },
    },
    Filter {
        flag: "wire",
        text: "Leaves the process",
        is_meant: |_, _, event| event.is_wire,
    },
    Filter {
        flag: "durable",
        text: "Durable",
        is_meant: |_, _, event| event.is_durable,
    },
    Filter {
        flag: "schema",
        text: "Has a schema",
        is_meant: |_, _, event| event.has_schema,
    },
    Filter {
        flag: "versions",
        text: "Reads older versions",
        is_meant: |_, _, event| event.previous.is_some(),
    },
    Filter {
        flag: "redacted",
        text: "Redacted fields",
        is_meant: |_, _, event| fields(event).any(|field| field.is_redacted),
    },
    Filter {
        flag: "deferred",
        text: "Async or queued handlers",
        is_meant: |_, _, event| {
            let mut handlers = event.handlers.iter();
            let is_deferred = |delivery| {
                matches!(
                    delivery,
                    Delivery::Async | Delivery::Queued | Delivery::Local
                )
            };
            handlers.any(|handler| is_deferred(handler.delivery))
        },
    },
    Filter {
        flag: "undocumented",
        text: "No documentation",
        is_meant: |_, _, event| event.documentation.is_none(),
    },
];

fn fields(event: &EventEntry) -> impl Iterator<Item = &Field> {
    let variants = event.variants.iter().flat_map(|variant| &variant.fields);
    event.fields.iter().chain(variants)
}

fn content(subject: &Subject<'_>) -> Html {
    let count = subject.current().count();
    if count == 0 {
        return html!(
            "<h1>{}</h1>\n<p>No event is linked into this program.</p>\n",
            subject.options.title
        );
    }
    let handlers = subject.catalog.handlers().count();
    let filters = FILTERS.iter().filter_map(|filter| {
        let mut events = subject.current();
        let is_meant = |(at, event): (usize, &EventEntry)| (filter.is_meant)(subject, at, event);
        let count = events.by_ref().filter(|event| is_meant(*event)).count();
        (count > 0).then(|| {
            html!(
                "<label class=\"chip\"><input type=\"checkbox\" name=\"only\" value=\"{}\"> {} \
                 <span class=\"count\">{}</span></label>\n",
                filter.flag,
                filter.text,
                count
            )
        })
    });
    let crates = subject.crates().filter(|(name, _)| {
        let mut events = subject.current();
        events.any(|(_, event)| event.crate_name == *name)
    });
    let crates = crates.map(|(name, _)| html!("<option>{}</option>\n", name));
    let rows = subject.current().map(|(at, event)| row(subject, at, event));
    html!(
        "<h1>{}</h1>\n<p class=\"lead\">{}, {}, {}.</p>\n\
         <form id=\"filters\" class=\"scripted\">\n<details open>\n<summary>Show only</summary>\n<fieldset>\n\
         <legend class=\"unseen\">Show only</legend>\n{}\
         <label class=\"pick\">Crate <select name=\"crate\"><option value=\"\">all</option>\n{}</select></label>\n\
         </fieldset>\n</details>\n</form>\n\
         <p id=\"found\" class=\"scripted\" role=\"status\">{}</p>\n\
         <table id=\"events\" class=\"events\">\n\
         <thead><tr><th scope=\"col\">Event</th><th scope=\"col\">Handlers</th><th scope=\"col\">Declared</th>\
         <th scope=\"col\">Crate</th></tr></thead>\n<tbody>\n{}</tbody>\n</table>\n",
        subject.options.title,
        counted(count, "event", "events"),
        counted(handlers, "handler", "handlers"),
        counted(subject.crates().count(), "crate", "crates"),
        filters.collect::<Html>(),
        crates.collect::<Html>(),
        counted(count, "event", "events"),
        rows.collect::<Html>()
    )
}

pub(super) fn page(subject: &Subject<'_>) -> String {
    let title = subject.options.title.clone();
    frame::page(subject, "", Page::Events, &title, &content(subject))
}

fn row(subject: &Subject<'_>, at: usize, event: &EventEntry) -> Html {
    let flags = FILTERS
        .iter()
        .filter(|filter| (filter.is_meant)(subject, at, event));
    let flags: Vec<_> = flags.map(|filter| filter.flag).collect();
    let documentation = event.documentation.as_deref().map(markdown::summary);
    let documentation = documentation.filter(|text| !text.is_empty());
    let keys = describe::keys(event);
    let keys = keys
        .iter()
        .map(|key| html!("<span class=\"mark\">{}</span> ", key));
    html!(
        "<tr data-flags=\"{}\" data-crate=\"{}\"><th scope=\"row\"><a class=\"name\" href=\"events/{}.html\">{}</a> \
         <span class=\"version\">v{}</span>{}</th><td data-of=\"Handlers\">{}</td><td>{}</td>\
         <td data-of=\"Crate\">{}</td></tr>\n",
        flags.join(" "),
        event.crate_name,
        subject.page(at),
        breakable(&event.name),
        event.version,
        documentation.map_or_else(Html::default, |text| html!("<p>{}</p>", text)),
        handlers(event),
        keys.collect::<Html>(),
        subject.crate_link("", &event.crate_name)
    )
}

/// Returns how many handlers of each kind an event has.
fn handlers(event: &EventEntry) -> Html {
    if event.handlers.is_empty() {
        return html!("<span class=\"none\">none</span>");
    }
    let kinds = [
        Delivery::Inline,
        Delivery::Async,
        Delivery::Queued,
        Delivery::Local,
        Delivery::BeforeCommit,
        Delivery::Durable,
    ];
    let marks = kinds.iter().filter_map(|kind| {
        let handlers = event.handlers.iter();
        let count = handlers.filter(|it| it.delivery == *kind).count();
        let text = format!("{count} {}", kind.as_str().replace('_', " "));
        (count > 0).then(|| html!("<span class=\"mark {}\">{}</span> ", kind.as_str(), text))
    });
    marks.collect()
}

/// Returns the script that gives the page's search what it looks for: for each row its name, the name of its type,
/// and other texts, all in small letters.
pub(super) fn search(subject: &Subject<'_>) -> String {
    let entries = subject.current().map(|(_, event)| {
        let mut texts = vec![event.type_name.to_string()];
        texts.extend(event.aliases.iter().map(ToString::to_string));
        texts.extend(fields(event).map(|field| field.name.to_string()));
        texts.extend(event.variants.iter().map(|it| it.name.to_string()));
        texts.extend(event.own_handlers().map(|it| it.name.to_string()));
        texts.extend(event.documentation.as_deref().map(markdown::summary));
        let small = [
            event.name.to_string(),
            event.short_type_name(),
            texts.join("\n"),
        ];
        json!(small.map(|text| text.to_lowercase())).to_string()
    });
    let entries: Vec<_> = entries.collect();
    format!(
        "\"use strict\";\nwindow.eventIndex = [\n{}\n];\n",
        entries.join(",\n")
    )
}
