//! The handlers of an event, and what is said of each.

use super::html::{Html, html};
use super::markdown;
use super::subject::{Subject, breakable, coded};
use crate::catalog::{Delivery, EventEntry, HandlerEntry};
use crate::command::describe::{counted, duration, overflow};

/// Returns the handlers of an event, in the order in which they run.
pub(super) fn of_event(subject: &Subject<'_>, event: &EventEntry) -> Html {
    if event.handlers.is_empty() {
        return if event.is_superseded {
            html!(
                "<p>None: this version is read and becomes a newer one, and is never emitted.</p>\n"
            )
        } else {
            html!("<p>None: nothing happens when it is emitted, which is no error.</p>\n")
        };
    }
    let mut out = Html::default();
    if !event.waiting.is_empty() {
        out.push(&html!(
            "<p class=\"problem\">No dispatcher with all of these handlers can be built: {} wait for each \
             other.</p>\n",
            event.waiting.join(", ")
        ));
    }
    let own = event.own_handlers().count();
    if own < event.min_handlers || event.max_handlers.is_some_and(|max| own > max) {
        out.push(&html!(
            "<p class=\"problem\">No dispatcher can be built: the program has {}, and the event says how many it \
             must have.</p>\n",
            counted(own, "handler", "handlers")
        ));
    }
    let handlers = (1_usize..).zip(&event.handlers);
    let items = handlers.map(|(order, handler)| item(subject, order, handler));
    out.push(&html!(
        "<ol class=\"handlers\">\n{}</ol>\n",
        items.collect::<Html>()
    ));
    out
}

fn item(subject: &Subject<'_>, order: usize, handler: &HandlerEntry) -> Html {
    let mut rows = Html::default();
    let mut row = |name: &'static str, value: Html| {
        rows.push(&html!("<dt>{}</dt><dd>{}</dd>\n", name, value));
    };
    row("Runs", runs(handler));
    if let Some(queue) = &handler.queue {
        let consumers = counted(queue.consumers, "consumer", "consumers");
        row(
            "Queue",
            html!(
                "<code>{}</code>: {} wait at most, {}; {}",
                queue.name,
                queue.capacity,
                consumers,
                coded(overflow(queue.overflow))
            ),
        );
    }
    let conditions = conditions(handler);
    if !conditions.is_empty() {
        row("Conditions", Html::joined(conditions, "<br>"));
    }
    if let Some(retry) = &handler.retry {
        let ordered = if retry.is_ordered {
            "; later deliveries of the same key wait meanwhile"
        } else {
            ""
        };
        row(
            "Retry",
            html!(
                "{} in all, after waits of up to {} that grow to {}{}",
                counted(retry.attempts as usize, "attempt", "attempts"),
                duration(retry.first_wait_ms),
                duration(retry.last_wait_ms),
                ordered
            ),
        );
    }
    if !handler.causes.is_empty() {
        row("May cause", subject.caused_links("../", handler));
    }
    row("Defined", subject.place(&handler.place));
    row("Crate", subject.crate_link("../", &handler.crate_name));
    let documentation = handler.documentation.as_deref();
    let documentation = documentation.map(|text| {
        html!(
            "<div class=\"prose\">{}</div>\n",
            markdown::rendered(text, 4)
        )
    });
    html!(
        "<li id=\"handler-{}\">\n<h3>{} {}</h3>\n{}<dl>\n{}</dl>\n</li>\n",
        order,
        html!("<code>{}</code>", breakable(&handler.name)),
        Subject::delivery(handler),
        documentation.unwrap_or_default(),
        rows
    )
}

/// Returns where a handler runs, as a sentence.
fn runs(handler: &HandlerEntry) -> Html {
    match handler.delivery {
        Delivery::Inline => html!("on the emitter’s stack, before <code>emit</code> returns"),
        Delivery::Async => html!("as a task of its own; <code>emit_async</code> awaits it instead"),
        Delivery::Queued => html!("later, by a consumer of its queue"),
        Delivery::Local => html!("later, when the owner of its local queue pumps it"),
        Delivery::BeforeCommit => html!("in the emitter’s transaction, right before it commits"),
        Delivery::Durable => {
            html!(
                "stored in the emitter’s transaction, and called after its commit until it succeeds"
            )
        }
    }
}

/// Returns what the attribute says beside the delivery, its queue and its attempts.
fn conditions(handler: &HandlerEntry) -> Vec<Html> {
    let mut conditions = Vec::new();
    match &handler.pattern {
        Some(pattern) => conditions.push(html!(
            "sees every event that matches <code>{}</code>",
            pattern
        )),
        None if handler.is_catch_all => conditions.push(html!("sees every event")),
        None => {}
    }
    if let Some(filter) = &handler.filter {
        conditions.push(html!("only if <code>{}</code> accepts the event", filter));
    }
    if handler.priority != 0 {
        conditions.push(html!("priority {}", handler.priority.to_string()));
    }
    for name in &handler.after {
        conditions.push(html!("after <code>{}</code>", breakable(name)));
    }
    for name in &handler.before {
        conditions.push(html!("before <code>{}</code>", breakable(name)));
    }
    if let Some(limit) = handler.timeout_ms {
        conditions.push(html!("for {} at most", duration(limit)));
    }
    if let Some(tasks) = handler.concurrency {
        conditions.push(html!("{} at once at most", tasks));
    }
    if handler.is_opt_in {
        conditions.push(html!(
            "only in a dispatcher whose builder names it or its module"
        ));
    }
    conditions
}
