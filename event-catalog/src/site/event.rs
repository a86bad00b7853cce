//! The page of an event.

use serde_json::Value;

use super::frame::{Page, page, section};
use super::html::{Html, html};
use super::subject::{Subject, breakable};
use super::{graphs, handlers, markdown};
use crate::catalog::{EventEntry, Field};
use crate::command::describe::keys;

/// Returns the page of each event, with its path.
pub(super) fn pages(subject: &Subject<'_>) -> impl Iterator<Item = (String, String)> {
    subject.events().map(|(at, event)| {
        let path = format!("events/{}.html", subject.page(at));
        let name = subject.name(event);
        let content = content(subject, at, event);
        (path, page(subject, "../", Page::Other, &name, &content))
    })
}

fn content(subject: &Subject<'_>, at: usize, event: &EventEntry) -> Html {
    let mut out = html!(
        "<p class=\"trail\"><a href=\"../index.html\">Events</a></p>\n<h1>{}</h1>\n<p class=\"marks\">{}</p>\n",
        breakable(&event.name),
        marks(event)
    );
    let doubles = subject.doubles(at);
    let doubles = Html::joined(doubles.map(|at| subject.event_link("../", at)), ", ");
    if !doubles.is_empty() {
        out.push(&html!(
            "<p class=\"problem\">No dispatcher can be built: another event type has this name: {}.</p>\n",
            doubles
        ));
    }
    if event.is_superseded {
        let newer = subject.newer(&event.id());
        let newer = newer.map_or_else(
            || html!("a newer version"),
            |at| subject.event_link("../", at),
        );
        out.push(&html!(
            "<p class=\"note\">This version is superseded: it is read, becomes {}, and is never emitted.</p>\n",
            newer
        ));
    }
    if let Some(text) = &event.documentation {
        out.push(&html!(
            "<div class=\"prose\">{}</div>\n",
            markdown::rendered(text, 2)
        ));
    }
    out.push(&facts(subject, event));
    if !event.fields.is_empty() {
        out.push(&section("fields", "Fields", &fields(event, &event.fields)));
    }
    if !event.variants.is_empty() {
        out.push(&section("variants", "Variants", &variants(event)));
    }
    out.push(&section(
        "handlers",
        "Handlers, in run order",
        &handlers::of_event(subject, event),
    ));
    if !event.is_superseded {
        out.push(&section("causes", "Caused by", &causes(subject, at)));
    }
    if let Some(graph) = graphs::of_event(subject, at) {
        out.push(&section("graph", "What leads to what", &graph));
    }
    let versions = versions(subject, at, event);
    if !versions.is_empty() {
        out.push(&section("versions", "Versions, newest first", &versions));
    }
    out.push(&schemas(event));
    out
}

/// Returns the version and what the attribute says, as marks.
pub(super) fn marks(event: &EventEntry) -> Html {
    let keys = keys(event);
    let keys = keys.iter().map(|key| {
        let class = if key == "superseded" {
            "mark warn"
        } else {
            "mark"
        };
        html!("<span class=\"{}\">{}</span> ", class, key)
    });
    html!(
        "<span class=\"mark version\">v{}</span> {}",
        event.version,
        keys.collect::<Html>()
    )
}

fn facts(subject: &Subject<'_>, event: &EventEntry) -> Html {
    let mut rows = Html::default();
    let mut row = |name: &'static str, value: Html| {
        rows.push(&html!("<dt>{}</dt><dd>{}</dd>\n", name, value));
    };
    row(
        "Type",
        html!("<code>{}</code>", breakable(&event.type_name)),
    );
    row("Defined", subject.place(&event.place));
    row("Crate", subject.crate_link("../", &event.crate_name));
    if let Some(key) = &event.key {
        row(
            "Key",
            html!(
                "<code>{}</code>: its value orders and partitions the events",
                key
            ),
        );
    }
    row(
        "Leaves the process",
        if event.is_wire {
            html!("yes, as JSON")
        } else {
            html!("no")
        },
    );
    if event.is_durable {
        row(
            "Durable",
            html!("emitted in a transaction, and stored with it"),
        );
    }
    if !event.aliases.is_empty() {
        let aliases = event.aliases.iter().map(|it| html!("<code>{}</code>", it));
        row("Also read as", Html::joined(aliases, ", "));
    }
    if event.reads_newer {
        row("Newer versions", html!("are read as this one"));
    }
    if event.is_stoppable {
        row(
            "Stoppable",
            html!("an inline handler may have all that follow it skipped"),
        );
    }
    if !event.is_named {
        row("Name", html!("not declared, so no pattern matches it"));
    }
    html!("<dl class=\"facts\">\n{}</dl>\n", rows)
}

fn fields(event: &EventEntry, fields: &[Field]) -> Html {
    let rows = fields.iter().map(|field| {
        let mut marks = Html::default();
        if event.key.as_deref() == Some(&*field.name) {
            marks.push(&html!(" <span class=\"mark\">key</span>"));
        }
        if field.is_redacted {
            marks.push(&html!(" <span class=\"mark warn\">redacted</span>"));
        }
        let pointer = match field.pointer.as_deref() {
            None | Some("") => html!("<td class=\"none\">–</td>"),
            Some(pointer) => html!("<td data-of=\"In JSON\"><code>{}</code></td>", pointer),
        };
        let documentation = field.documentation.as_deref().map_or_else(
            || html!("<td class=\"none\"></td>"),
            |text| html!("<td class=\"prose\">{}</td>", markdown::rendered(text, 4)),
        );
        html!(
            "<tr><th scope=\"row\"><code>{}</code>{}</th><td data-of=\"Type\"><code>{}</code></td>{}{}</tr>\n",
            breakable(&field.name),
            marks,
            breakable(&field.type_name),
            pointer,
            documentation
        )
    });
    html!(
        "<table class=\"fields\">\n<thead><tr><th scope=\"col\">Field</th><th scope=\"col\">Type</th>\
         <th scope=\"col\">In JSON</th><th scope=\"col\">Documentation</th></tr></thead>\n<tbody>\n{}</tbody>\n\
         </table>\n",
        rows.collect::<Html>()
    )
}

fn variants(event: &EventEntry) -> Html {
    let variants = event.variants.iter().map(|variant| {
        let documentation = variant.documentation.as_deref().map(|text| {
            html!(
                "<div class=\"prose\">{}</div>\n",
                markdown::rendered(text, 4)
            )
        });
        let table = if variant.fields.is_empty() {
            html!("<p class=\"none\">No fields.</p>\n")
        } else {
            fields(event, &variant.fields)
        };
        html!(
            "<h3><code>{}</code></h3>\n{}{}",
            variant.name,
            documentation.unwrap_or_default(),
            table
        )
    });
    variants.collect()
}

fn causes(subject: &Subject<'_>, at: usize) -> Html {
    let causes = subject.causes(at);
    if causes.is_empty() {
        return html!(
            "<p>No handler, as far as their return types and <code>Emitter</code>s declare it: code outside of \
             handlers emits it.</p>\n"
        );
    }
    let items = causes.iter().map(|cause| {
        let event = &subject.catalog.events[cause.from];
        let handler = &event.handlers[cause.handler];
        html!(
            "<li><a class=\"name\" href=\"{}.html#handler-{}\">{}</a>, which handles {} {}</li>\n",
            subject.page(cause.from),
            cause.handler + 1,
            breakable(&handler.name),
            subject.event_link("../", cause.from),
            subject.place(&handler.place)
        )
    });
    html!("<ul class=\"causes\">\n{}</ul>\n", items.collect::<Html>())
}

/// Returns the versions of an event that has several, and how an older one becomes the newest.
fn versions(subject: &Subject<'_>, at: usize, event: &EventEntry) -> Html {
    let mut newest = at;
    while let Some(newer) = subject.newer(&subject.catalog.events[newest].id())
        && newer != at
    {
        newest = newer;
    }
    let mut items = Vec::new();
    let mut next = Some(newest);
    while let Some(version) = next {
        let entry = &subject.catalog.events[version];
        let current = if version == at {
            html!(" aria-current=\"true\"")
        } else {
            Html::default()
        };
        items.push(html!(
            "<li{}>{} <code>{}</code> {}</li>\n",
            current,
            subject.event_link("../", version),
            entry.short_type_name(),
            subject.place(&entry.place)
        ));
        let previous = entry.previous.as_ref();
        next = previous.and_then(|id| subject.catalog.position(id));
        if items.len() > subject.catalog.events.len() {
            break;
        }
    }
    if items.len() < 2 && event.previous.is_none() {
        return Html::default();
    }
    html!(
        "<p>An older version that is read becomes the next one, up to the newest.</p>\n\
         <ol class=\"versions\" reversed>\n{}</ol>\n",
        items.into_iter().collect::<Html>()
    )
}

fn schemas(event: &EventEntry) -> Html {
    let Some(schemas) = &event.schemas else {
        return Html::default();
    };
    let sample = match schemas.sample() {
        Some(sample) => code(&sample),
        None => html!("<p>None is known, because of a pattern or a format.</p>\n"),
    };
    let mut out = section("sample", "Sample", &sample);
    let folded = |title: &'static str, schema: &Value| {
        html!(
            "<details>\n<summary>{}</summary>\n{}</details>\n",
            title,
            code(schema)
        )
    };
    let content = html!(
        "{}{}",
        folded("What is written", &schemas.writer),
        folded("What is read", &schemas.reader)
    );
    out.push(&section("schema", "JSON Schema", &content));
    out
}

fn code(value: &Value) -> Html {
    html!(
        "<pre tabindex=\"0\"><code>{}</code></pre>\n",
        format!("{value:#}")
    )
}
