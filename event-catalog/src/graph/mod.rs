//! The graph of a catalogue: which event leads to which, through which handlers.
//!
//! A node is a box with a title and rows. By handler, a box is an event and its rows are the handlers, in run
//! order; by crate, a box is a crate and its rows are the events that it handles. An edge leads from the row
//! that causes an event to that event.

mod build;
mod dot;
pub(crate) mod layout;
mod mermaid;
mod svg;

use crate::catalog::{Catalog, Causality, Delivery};

pub(crate) use self::svg::{Page, PageLink, RULES};

/// What the boxes of a graph are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
#[non_exhaustive]
pub enum Grouping {
    /// A box for each event, with its handlers
    #[default]
    Handler,
    /// A box for each crate, with the events that it handles
    Crate,
}

/// Which event leads to which, through which handlers.
///
/// # Examples
///
/// ```standalone_crate
/// use event_catalog::graph::{Graph, Grouping};
/// use event_catalog::Catalog;
/// use event_core::{Event, handler};
///
/// #[derive(Event)]
/// #[event(name = "shop.order_placed")]
/// struct OrderPlaced;
/// #[derive(Event)]
/// #[event(name = "shop.stock_reserved")]
/// struct StockReserved;
///
/// #[handler]
/// fn reserve(_event: &OrderPlaced) -> StockReserved { StockReserved }
///
/// let graph = Graph::new(&Catalog::linked(), Grouping::Handler);
/// assert_eq!((graph.nodes.len(), graph.edges.len()), (2, 1));
/// assert!(graph.to_mermaid().starts_with("flowchart LR\n"));
/// assert!(graph.to_svg().starts_with("<svg "));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Graph {
    /// What the boxes are.
    pub grouping: Grouping,
    /// The boxes, sorted by title.
    pub nodes: Vec<Node>,
    /// What leads to what.
    pub edges: Vec<Edge>,
}

/// A box of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Node {
    /// The name of the event or of the crate, or the pattern of catch-alls.
    pub title: String,
    /// What stands behind the title, such as the version; or empty.
    pub note: String,
    /// What the box stands for.
    pub kind: NodeKind,
    /// More about it, as lines.
    pub details: String,
    /// The event, as an index into [`Catalog::events`]; `None` if the box is not one event.
    pub event: Option<usize>,
    /// Whether the graph was made around it.
    pub is_focus: bool,
    /// The rows.
    pub rows: Vec<Row>,
}

/// What a box stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeKind {
    /// An event that no handler causes, as far as they declare it: code outside of handlers emits it.
    Root,
    /// An event that a handler causes.
    Caused,
    /// The events that catch-all handlers see; these have no edges, since they cause nothing.
    Pattern,
    /// A crate.
    Crate,
}

/// A row of a box.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// The position in run order, from 1 on, of a handler.
    pub order: Option<usize>,
    /// The path of the handler, or the name of the event.
    pub label: String,
    /// What stands behind the label, such as `queue receipts`; or empty.
    pub tag: String,
    /// Where the handler runs; `None` where a row stands for handlers of several kinds.
    pub delivery: Option<Delivery>,
    /// More about it, as lines.
    pub details: String,
}

impl Row {
    /// Returns the row as text: its position, its label, and its tag in parentheses.
    pub(crate) fn text(&self) -> String {
        let order = self
            .order
            .map_or_else(String::new, |order| format!("{order} "));
        let tag = match self.tag.as_str() {
            "" => String::new(),
            tag => format!(" ({tag})"),
        };
        format!("{order}{}{tag}", self.label)
    }
}

/// A row of one box may cause what another box, or one of its rows, stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Edge {
    /// The box that the edge leaves.
    pub from: usize,
    /// The row of that box.
    pub row: usize,
    /// The box to which the edge leads.
    pub to: usize,
    /// The row of that box, if it is not the whole box.
    pub to_row: Option<usize>,
    /// Whether the event that is caused can lead back to its cause.
    pub is_cyclic: bool,
}

impl Graph {
    /// Makes the graph of all events.
    #[must_use]
    pub fn new(catalog: &Catalog, grouping: Grouping) -> Self {
        build::graph(catalog, &Causality::of(catalog), grouping, None)
    }

    /// Makes the graph of the events that lead to `event`, or that it leads to, in at most `depth` steps.
    /// `event` is an index into [`Catalog::events`].
    #[must_use]
    pub fn around(catalog: &Catalog, grouping: Grouping, event: usize, depth: usize) -> Self {
        let causality = Causality::of(catalog);
        build::graph(catalog, &causality, grouping, Some((event, depth)))
    }

    /// Makes the graph of an event, what leads to it and what it leads to, without the catch-alls.
    pub(crate) fn of_event(catalog: &Catalog, causality: &Causality, event: usize) -> Self {
        let mut graph = build::graph(catalog, causality, Grouping::Handler, Some((event, 1)));
        // They are the last ones, and have no edges.
        graph.nodes.retain(|node| node.kind != NodeKind::Pattern);
        graph
    }

    /// Writes the graph as a Mermaid flowchart.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        mermaid::write(self)
    }

    /// Writes the graph in Graphviz' language.
    #[must_use]
    pub fn to_dot(&self) -> String {
        dot::write(self)
    }

    /// Draws the graph as an SVG, which follows the reader's choice of light or dark.
    #[must_use]
    pub fn to_svg(&self) -> String {
        svg::write(self, None)
    }

    /// Draws the graph as a part of a page, which has the styles and where the boxes lead to.
    pub(crate) fn to_svg_in(&self, page: &Page<'_>) -> String {
        svg::write(self, Some(page))
    }

    /// Whether an edge is part of a cycle.
    pub(crate) fn has_cycle(&self) -> bool {
        self.edges.iter().any(|edge| edge.is_cyclic)
    }
}
