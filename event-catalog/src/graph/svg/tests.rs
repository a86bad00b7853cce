//! Drawings are read as XML, and examined.

use roxmltree::{Document, Node};

use super::super::{Graph, Grouping, NodeKind};
use super::text;
use crate::catalog::{Catalog, Delivery, EventEntry, EventId, HandlerEntry, Place};

/// Returns an event without handlers.
fn event(name: String) -> EventEntry {
    EventEntry {
        type_name: name.clone().into(),
        name: name.into(),
        version: 1,
        is_named: true,
        documentation: None,
        fields: Vec::new(),
        variants: Vec::new(),
        key: None,
        aliases: Vec::new(),
        previous: None,
        is_superseded: false,
        reads_newer: false,
        is_wire: false,
        is_durable: false,
        has_schema: false,
        schemas: None,
        is_stoppable: false,
        min_handlers: 0,
        max_handlers: None,
        crate_name: "shop".into(),
        place: place(),
        handlers: Vec::new(),
        waiting: Vec::new(),
    }
}

/// Returns a handler that causes some events.
fn handler(name: String, causes: Vec<EventId>) -> HandlerEntry {
    HandlerEntry {
        crate_name: name
            .split("::")
            .next()
            .unwrap_or_default()
            .to_owned()
            .into(),
        name: name.into(),
        documentation: None,
        id: None,
        aliases: Vec::new(),
        delivery: Delivery::Inline,
        queue: None,
        is_catch_all: false,
        pattern: None,
        filter: None,
        priority: 0,
        after: Vec::new(),
        before: Vec::new(),
        timeout_ms: None,
        concurrency: None,
        retry: None,
        causes,
        is_opt_in: false,
        package: None,
        place: place(),
    }
}

fn place() -> Place {
    Place {
        file: "src/lib.rs".into(),
        line: 1,
    }
}

/// Returns a program of modules with events that lead to each other, always the same one.
fn program(events: usize) -> Catalog {
    let mut state = 7_u64;
    // `splitmix64`.
    let mut random = move |below: usize| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % below as u64).unwrap_or(0)
    };
    let words = ["order", "parcel", "invoice", "customer", "stock", "refund"];
    let name = |at: usize| format!("module{:02}.{}_{at:04}_happened", at / 25, words[at % 6]);
    let mut all = Vec::with_capacity(events);
    for at in 0..events {
        let mut entry = event(name(at));
        for number in 0..random(10) {
            let mut causes = Vec::new();
            // Most lead on within their module.
            if random(5) == 0 {
                let to = if random(12) == 0 {
                    random(events)
                } else {
                    (at + 1 + random(20)).min(events - 1)
                };
                causes.push(EventId {
                    name: name(to).into(),
                    version: 1,
                });
            }
            let module = if random(4) == 0 { random(40) } else { at / 25 };
            let function = format!("module{module:02}::handle_{}_{number}", words[at % 6]);
            let mut handler = handler(function, causes);
            if random(4) == 0 {
                handler.delivery = Delivery::Async;
            }
            entry.handlers.push(handler);
        }
        all.push(entry);
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Catalog {
        events: all,
        unmatched: Vec::new(),
    }
}

fn class<'a>(node: &Node<'a, '_>) -> &'a str {
    node.attribute("class").unwrap_or_default()
}

fn number(node: &Node<'_, '_>, name: &str) -> f64 {
    let text = node.attribute(name).unwrap_or_default();
    text.parse()
        .unwrap_or_else(|_| panic!("`{name}` is `{text}`"))
}

/// Checks that each edge of the graph is drawn, and that no text is wider than its box.
fn check(graph: &Graph) {
    let svg = graph.to_svg();
    let document = Document::parse(&svg).expect("well-formed XML");
    let all = || document.descendants();
    let edges = all().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "path")));
    // Those of the legend have no title.
    let edges = edges.filter(|node| class(node).starts_with("edge") && node.has_children());
    assert_eq!(edges.count(), graph.edges.len());

    let mut boxes = 0;
    for group in all().filter(|node| ["event", "crate", "pattern"].contains(&class(node))) {
        let outline = group.children().find(|node| class(node) == "box");
        let width = number(&outline.expect("a box"), "width");
        for line in group
            .children()
            .filter(|node| node.tag_name().name() == "g")
        {
            let mut last = 0.0;
            let mut texts: Vec<(f64, f64)> = Vec::new();
            for node in line
                .children()
                .filter(|node| node.tag_name().name() == "text")
            {
                let size = if class(&node) == "title" { 13.0 } else { 12.0 };
                let wide = text::width(node.text().unwrap_or_default(), size);
                let x = number(&node, "x");
                let start = match node.attribute("text-anchor") {
                    Some("end") => x - wide,
                    _ => x,
                };
                texts.push((start, start + wide));
            }
            texts.sort_by(|one, other| one.0.total_cmp(&other.0));
            for (start, end) in texts {
                assert!(start >= last && end <= width, "{svg}");
                last = end;
            }
        }
        boxes += 1;
    }
    assert_eq!(boxes, graph.nodes.len());
}

#[test]
fn a_thousand_events_are_drawn_with_every_edge_and_no_text_outside_of_its_box() {
    let catalog = program(1000);
    for grouping in [Grouping::Handler, Grouping::Crate] {
        let graph = Graph::new(&catalog, grouping);
        assert!(graph.edges.len() > 700, "{}", graph.edges.len());
        check(&graph);
        assert_eq!(graph.to_svg(), Graph::new(&catalog, grouping).to_svg());
    }
}

#[test]
fn any_name_is_drawn_as_it_is() {
    let strange = "orm::Saved<&'static str, \"größe\", 事件>".to_owned();
    let id = EventId {
        name: strange.clone().into(),
        version: 1,
    };
    let mut first = event(strange.clone());
    first
        .handlers
        .push(handler("a::<&b>::c\u{1}".to_owned(), vec![id]));
    let catalog = Catalog {
        events: vec![first],
        unmatched: Vec::new(),
    };
    let graph = Graph::new(&catalog, Grouping::Handler);
    assert!(graph.edges[0].is_cyclic && graph.nodes[0].kind == NodeKind::Caused);
    check(&graph);
    let svg = graph.to_svg();
    let document = Document::parse(&svg).expect("well-formed XML");
    let mut texts = document.descendants().filter_map(|node| node.text());
    assert!(texts.any(|text| text == strange), "{svg}");
    for written in [graph.to_mermaid(), graph.to_dot()] {
        assert!(!written.contains("Saved<"), "{written}");
    }
}

#[test]
fn nothing_is_drawn_of_a_program_without_events() {
    let svg = Graph::new(&Catalog::default(), Grouping::Handler).to_svg();
    let document = Document::parse(&svg).expect("well-formed XML");
    assert_eq!(document.root_element().attribute("width"), Some("48"));
}
