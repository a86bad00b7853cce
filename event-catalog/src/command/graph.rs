//! `events graph`: which event leads to which, through which handlers.

use clap::{Args, ValueEnum};

use super::Reply;
use crate::catalog::{Catalog, EventEntry};
use crate::graph::{Graph, Grouping};

/// The arguments of `events graph`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
An arrow leads from a handler to an event that its return type or its `Emitter` declares. What code outside of
handlers emits has no arrow that leads to it. Arrows of a cycle are red.

Examples:
  events graph                                     Mermaid, for Markdown
  events graph --format svg > events.svg           a picture, for a browser
  events graph --format dot | dot -Tpdf -o events.pdf
  events graph --by crate --format svg > crates.svg
  events graph --focus shop.order_placed --depth 2

Exit status: 0, or 1 if there is no such event.")]
#[non_exhaustive]
pub struct GraphArgs {
    /// How the graph is written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: Format,

    /// What the boxes are
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    pub by: Grouping,

    /// Leave out what is far from this event: its name, an alias, or its type
    #[arg(long, value_name = "NAME")]
    pub focus: Option<String>,

    /// How many steps from the event are not far
    #[arg(long, value_name = "N", requires = "focus", default_value_t = 1)]
    pub depth: usize,
}

/// How a graph is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Format {
    /// A Mermaid flowchart, which Markdown viewers draw
    #[default]
    Mermaid,
    /// The language of Graphviz
    Dot,
    /// A picture that needs no other program
    Svg,
}

pub(super) fn graph(catalog: &Catalog, arguments: &GraphArgs) -> Reply {
    let graph = match &arguments.focus {
        None => Graph::new(catalog, arguments.by),
        Some(name) => {
            let found = catalog.find(name);
            // Two events may have one name, by mistake.
            let is_it = |event| move |it: &EventEntry| std::ptr::eq(it, event);
            let event = found.map(|event| catalog.events.iter().position(is_it(event)));
            match event {
                Err(error) => return Reply::failure(error.to_string()),
                Ok(event) => {
                    Graph::around(catalog, arguments.by, event.unwrap_or(0), arguments.depth)
                }
            }
        }
    };
    Reply::text(match arguments.format {
        Format::Mermaid => graph.to_mermaid(),
        Format::Dot => graph.to_dot(),
        Format::Svg => graph.to_svg(),
    })
}
