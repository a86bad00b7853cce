//! Makes the graph of a catalogue.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Edge, Graph, Grouping, Node, NodeKind, Row};
use crate::catalog::{Catalog, Causality, EventEntry, HandlerEntry};
use crate::command::describe::{conditions, counted, delivery, keys};

pub(super) fn graph(
    catalog: &Catalog,
    causality: &Causality,
    grouping: Grouping,
    around: Option<(usize, usize)>,
) -> Graph {
    let selected = match around {
        Some((event, depth)) => causality.around(&[event], depth).into_iter().collect(),
        None => (0..catalog.events.len()).collect::<BTreeSet<_>>(),
    };
    let is_current = |event: &usize| !catalog.events[*event].is_superseded;
    let selection = Selection {
        catalog,
        causality,
        events: selected.into_iter().filter(is_current).collect(),
        focus: around.map(|(event, _)| event),
    };
    match grouping {
        Grouping::Handler => selection.by_handler(),
        Grouping::Crate => selection.by_crate(),
    }
}

/// The events that a graph shows.
struct Selection<'c> {
    catalog: &'c Catalog,
    causality: &'c Causality,
    events: BTreeSet<usize>,
    focus: Option<usize>,
}

impl<'c> Selection<'c> {
    fn entries(&self) -> impl Iterator<Item = (usize, &'c EventEntry)> {
        let catalog = self.catalog;
        self.events.iter().map(|at| (*at, &catalog.events[*at]))
    }

    fn event_node(&self, at: usize, event: &EventEntry) -> Node {
        let is_caused = self.causality.all().iter().any(|cause| cause.to == at);
        let mut details = vec![event.type_name.to_string(), event.place.to_string()];
        details.extend(event.documentation.as_deref().map(first_paragraph));
        let keys = keys(event);
        if !keys.is_empty() {
            details.push(keys.join(", "));
        }
        Node {
            title: event.name.to_string(),
            note: format!("v{}", event.version),
            kind: if is_caused {
                NodeKind::Caused
            } else {
                NodeKind::Root
            },
            details: details.join("\n"),
            event: Some(at),
            is_focus: self.focus == Some(at),
            rows: Vec::new(),
        }
    }

    fn by_handler(&self) -> Graph {
        let mut nodes = Vec::new();
        let mut node_of = HashMap::new();
        // A catch-all has no row in the events that it sees, and the rows of the others have other indices
        // than the handlers.
        let mut row_of = HashMap::new();
        for (at, event) in self.entries() {
            let mut node = self.event_node(at, event);
            for (position, handler) in event.handlers.iter().enumerate() {
                if !handler.is_catch_all {
                    row_of.insert((at, position), node.rows.len());
                    node.rows.push(handler_row(handler, Some(position + 1)));
                }
            }
            node_of.insert(at, nodes.len());
            nodes.push(node);
        }
        let mut edges = Vec::new();
        for cause in self.causality.all() {
            let ends = (node_of.get(&cause.from), node_of.get(&cause.to));
            let row = row_of.get(&(cause.from, cause.handler));
            if let ((Some(from), Some(to)), Some(row)) = (ends, row) {
                edges.push(Edge {
                    from: *from,
                    row: *row,
                    to: *to,
                    to_row: None,
                    is_cyclic: self.causality.is_in_cycle(cause),
                });
            }
        }
        nodes.extend(self.patterns());
        Graph {
            grouping: Grouping::Handler,
            nodes,
            edges,
        }
    }

    /// Returns a box for each pattern, with the catch-alls that have it.
    fn patterns(&self) -> impl Iterator<Item = Node> {
        let mut patterns: BTreeMap<String, (Vec<Row>, usize)> = BTreeMap::new();
        for handler in self.catch_alls() {
            let is_seen = |event: &&EventEntry| event.handlers.contains(handler);
            let count = self
                .entries()
                .map(|(_, event)| event)
                .filter(is_seen)
                .count();
            let (rows, _) = patterns
                .entry(pattern(handler))
                .or_insert_with(|| (Vec::new(), count));
            rows.push(handler_row(handler, None));
        }
        patterns.into_iter().map(|(title, (rows, seen))| Node {
            title,
            note: counted(seen, "event", "events"),
            kind: NodeKind::Pattern,
            details: "catch-all handlers".to_owned(),
            event: None,
            is_focus: false,
            rows,
        })
    }

    fn catch_alls(&self) -> Vec<&'c HandlerEntry> {
        let handlers = self.entries().flat_map(|(_, event)| &event.handlers);
        let mut catch_alls: Vec<_> = handlers.filter(|it| it.is_catch_all).collect();
        catch_alls.sort_by_key(|handler| (&handler.name, &handler.place));
        catch_alls.dedup();
        catch_alls
    }

    fn by_crate(&self) -> Graph {
        let mut boxes: BTreeMap<&str, BTreeMap<usize, Vec<&HandlerEntry>>> = BTreeMap::new();
        for (at, event) in self.entries() {
            for handler in event.own_handlers() {
                let rows = boxes.entry(&handler.crate_name).or_default();
                rows.entry(at).or_default().push(handler);
            }
        }
        let mut nodes = Vec::new();
        let mut places: HashMap<(usize, &str), (usize, usize)> = HashMap::new();
        for (name, events) in &boxes {
            let rows = events.iter().enumerate().map(|(row, (at, handlers))| {
                places.insert((*at, *name), (nodes.len(), row));
                event_row(&self.catalog.events[*at], handlers)
            });
            let rows = rows.collect();
            nodes.push(crate_node(name, rows));
        }
        for handler in self.catch_alls() {
            let row = Row {
                label: pattern(handler),
                order: None,
                ..handler_row(handler, None)
            };
            match nodes
                .iter_mut()
                .find(|node| node.title == handler.crate_name)
            {
                Some(node) => node.rows.push(row),
                None => nodes.push(crate_node(&handler.crate_name, vec![row])),
            }
        }
        // An event without handlers is in no crate's box, and has its own.
        let mut alone = HashMap::new();
        for (at, event) in self.entries() {
            if event.own_handlers().next().is_none() {
                alone.insert(at, nodes.len());
                nodes.push(self.event_node(at, event));
            }
        }
        Graph {
            grouping: Grouping::Crate,
            edges: self.edges_by_crate(&boxes, &places, &alone),
            nodes,
        }
    }

    fn edges_by_crate(
        &self,
        boxes: &BTreeMap<&str, BTreeMap<usize, Vec<&HandlerEntry>>>,
        places: &HashMap<(usize, &str), (usize, usize)>,
        alone: &HashMap<usize, usize>,
    ) -> Vec<Edge> {
        let mut edges = BTreeSet::new();
        for cause in self.causality.all() {
            let Some(event) = self.catalog.events.get(cause.from) else {
                continue;
            };
            let name = &*event.handlers[cause.handler].crate_name;
            let Some((from, row)) = places.get(&(cause.from, name)).copied() else {
                continue;
            };
            let mut add = |to, to_row| {
                edges.insert(Edge {
                    from,
                    row,
                    to,
                    to_row,
                    is_cyclic: self.causality.is_in_cycle(cause),
                });
            };
            if let Some(to) = alone.get(&cause.to) {
                add(*to, None);
            }
            for name in boxes.keys() {
                if let Some((to, to_row)) = places.get(&(cause.to, *name)) {
                    add(*to, Some(*to_row));
                }
            }
        }
        edges.into_iter().collect()
    }
}

fn crate_node(name: &str, rows: Vec<Row>) -> Node {
    Node {
        title: name.to_owned(),
        note: String::new(),
        kind: NodeKind::Crate,
        details: "crate".to_owned(),
        event: None,
        is_focus: false,
        rows,
    }
}

fn handler_row(handler: &HandlerEntry, order: Option<usize>) -> Row {
    let mut details = vec![handler.place.to_string()];
    details.extend(handler.documentation.as_deref().map(first_paragraph));
    let mut phrases = vec![delivery(handler)];
    phrases.extend(conditions(handler));
    details.push(phrases.join(", "));
    let is_inline = handler.delivery == crate::catalog::Delivery::Inline;
    Row {
        order,
        label: handler.name.to_string(),
        tag: if is_inline {
            String::new()
        } else {
            delivery(handler)
        },
        delivery: Some(handler.delivery),
        details: details.join("\n"),
    }
}

fn event_row(event: &EventEntry, handlers: &[&HandlerEntry]) -> Row {
    let names: Vec<_> = handlers.iter().map(|handler| &*handler.name).collect();
    let row = match handlers {
        [only] => handler_row(only, None),
        _ => Row {
            order: None,
            label: String::new(),
            tag: counted(handlers.len(), "handler", "handlers"),
            delivery: None,
            details: String::new(),
        },
    };
    Row {
        label: event.name.to_string(),
        details: names.join("\n"),
        ..row
    }
}

fn pattern(handler: &HandlerEntry) -> String {
    let pattern = handler.pattern.as_deref();
    pattern.unwrap_or("every event").to_owned()
}

fn first_paragraph(text: &str) -> String {
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    paragraph.replace('\n', " ")
}
