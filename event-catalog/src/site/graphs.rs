//! The page of the graph of all events, and the graph of one.

use super::frame::{self, Page};
use super::html::{Html, html};
use super::subject::Subject;
use crate::graph::{Graph, Grouping, Node, PageLink};

pub(super) fn page(subject: &Subject<'_>) -> String {
    let content = if subject.current().next().is_none() {
        html!("<h1>Graph</h1>\n<p>No event is linked into this program.</p>\n")
    } else {
        let graph = Graph::new(subject.catalog, Grouping::Handler);
        html!(
            "<h1>Graph</h1>\n\
             <p class=\"lead\">A box is an event, and its rows are its handlers in run order. An arrow leads from a \
             handler to an event that its return type or its <code>Emitter</code> declares. The page of an event \
             has its neighbours alone.</p>\n{}",
            drawing(subject, "", &graph)
        )
    };
    frame::page(subject, "", Page::Graph, "Graph", &content)
}

/// Returns an event, what leads to it and what it leads to; `None` if that is nothing.
pub(super) fn of_event(subject: &Subject<'_>, at: usize) -> Option<Html> {
    let graph = Graph::of_event(subject.catalog, &subject.causality, at);
    if graph.edges.is_empty() {
        return None;
    }
    Some(html!(
        "{}<p><a href=\"../graph.html#{}\">In the graph of all events</a></p>\n",
        drawing(subject, "../", &graph),
        id(subject, at)
    ))
}

/// Returns the drawing of a graph, with what makes it larger and smaller.
pub(super) fn drawing(subject: &Subject<'_>, root: &str, graph: &Graph) -> Html {
    let link = |node: &Node| {
        let at = node.event?;
        Some(PageLink {
            href: format!("{root}events/{}.html", subject.page(at)),
            id: id(subject, at),
        })
    };
    let svg = graph.to_svg_in(&crate::graph::Page { link: &link });
    html!(
        "<div class=\"drawing\">\n<p class=\"zoom scripted\">\
         <button type=\"button\" data-zoom=\"out\" aria-label=\"Smaller\">−</button>\
         <button type=\"button\" data-zoom=\"in\" aria-label=\"Larger\">+</button>\
         <button type=\"button\" data-zoom=\"fit\">Fit</button>\
         <button type=\"button\" data-zoom=\"full\">100 %</button></p>\n\
         <div class=\"canvas\" tabindex=\"0\" role=\"region\" aria-label=\"Graph, which scrolls\">\n{}</div>\n</div>\n",
        Html::drawing(svg)
    )
}

fn id(subject: &Subject<'_>, at: usize) -> String {
    format!("event-{}", subject.page(at))
}
