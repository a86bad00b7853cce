//! Draws a graph as an SVG: a picture that stands alone, and follows the reader's choice of light or dark.

mod legend;
#[cfg(test)]
mod tests;
mod text;

use std::fmt::Write as _;

use self::legend::Legend;
use self::text::{escaped, shortened, width};
use super::layout::{LOOP_WIDTH, Link, Point, Route, Size, Step, layout};
use super::{Edge, Graph, Node, NodeKind, Row};
use crate::catalog::Delivery;

const HEADER: f64 = 28.0;
const ROW: f64 = 20.0;
/// Below the last row.
const FOOT: f64 = 4.0;
/// Left and right of the text in a box.
const PADDING: f64 = 12.0;
/// Where the label of a row with a number begins.
const NUMBERED: f64 = 36.0;
/// Between a text and the next one in its line.
const GAP: f64 = 14.0;
/// Around the drawing.
const MARGIN: f64 = 24.0;
const HEADER_FONT: f64 = 13.0;
const ROW_FONT: f64 = 12.0;
/// How many characters of a name are shown.
const LONGEST: usize = 56;

/// Custom properties, so that a page around the drawing can have its own.
const PALETTE: &str = "\
.event-graph{--ink:#1f2328;--dim:#59636e;--paper:#ffffff;--box:#ffffff;--border:#d1d9e0;--event:#ddf4ff;\
--pattern:#eaeef2;--crate:#dafbe1;--edge:#818b98;--cycle:#cf222e;--async:#0969da;--queued:#9a6700;--local:#1a7f37;--durable:#8250df;\
font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:12px}
@media (prefers-color-scheme:dark){.event-graph{--ink:#e6edf3;--dim:#9198a1;--paper:#0d1117;--box:#151b23;\
--border:#3d444d;--event:#13304f;--pattern:#2a313c;--crate:#12381f;--edge:#7d8590;--cycle:#ff7b72;--async:#58a6ff;\
--queued:#d29922;--local:#3fb950;--durable:#ab7df8}}
";

/// What the marks look like, with the custom properties.
pub(crate) const RULES: &str = "\
.event-graph text{fill:var(--ink);white-space:pre}
.event-graph .paper{fill:var(--paper)}
.event-graph .box{fill:var(--box);stroke:var(--border)}
.event-graph .head{fill:var(--event)}
.event-graph .pattern .head{fill:var(--pattern)}
.event-graph .crate .head{fill:var(--crate)}
.event-graph .focus .box{stroke:var(--ink);stroke-width:2}
.event-graph .title{font-size:13px;font-weight:600}
.event-graph .dim{fill:var(--dim)}
.event-graph .inline{fill:var(--dim)}.event-graph .async{fill:var(--async)}
.event-graph .queued{fill:var(--queued)}.event-graph .local{fill:var(--local)}
.event-graph .durable,.event-graph .before_commit{fill:var(--durable)}
.event-graph .edge,.event-graph .root{fill:none;stroke:var(--edge);stroke-width:1.25}
.event-graph .tip{fill:var(--edge)}
.event-graph .cycle{stroke:var(--cycle);stroke-width:2}.event-graph .tip.cycle{fill:var(--cycle);stroke:none}
.event-graph .edge:hover{stroke-width:3}
";

/// A page that a drawing is a part of.
pub(crate) struct Page<'a> {
    /// Returns what a box is in the page, if there is more about it.
    pub(crate) link: &'a dyn Fn(&Node) -> Option<PageLink>,
}

/// What a box is in a page.
pub(crate) struct PageLink {
    /// Where more about it is; a row with a number is `#handler-NUMBER` there.
    pub(crate) href: String,
    /// What the box is called in the page.
    pub(crate) id: String,
}

pub(super) fn write(graph: &Graph, page: Option<&Page<'_>>) -> String {
    let sizes: Vec<Size> = graph.nodes.iter().map(size).collect();
    let links: Vec<Link> = graph.edges.iter().map(link).collect();
    let layout = layout(&sizes, &links);
    let legend = Legend::of(graph);
    let width = layout.size.width.max(legend.width()) + 2.0 * MARGIN;
    let height = layout.size.height + 2.0 * MARGIN + legend.height();

    // What has links in it is no image.
    let role = if page.is_some() { "group" } else { "img" };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"event-graph\" role=\"{role}\" width=\"{0}\" \
         height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n<title>{2}</title>\n",
        number(width),
        number(height),
        title(graph)
    );
    if page.is_none() {
        let _ = writeln!(out, "<style>\n{PALETTE}{RULES}</style>");
    }
    out.push_str("<defs>\n");
    marker(&mut out, "event-graph-tip", "tip");
    marker(&mut out, "event-graph-cycle", "tip cycle");
    out.push_str("</defs>\n");
    let _ = writeln!(
        out,
        "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>"
    );
    let _ = writeln!(out, "<g transform=\"translate({0} {0})\">", number(MARGIN));
    for (edge, route) in graph.edges.iter().zip(&layout.routes) {
        write_edge(&mut out, graph, edge, route);
    }
    for ((node, corner), size) in graph.nodes.iter().zip(&layout.corners).zip(&sizes) {
        let link = page.and_then(|page| (page.link)(node));
        write_node(&mut out, node, *corner, *size, link.as_ref());
    }
    out.push_str("</g>\n");
    legend.write(&mut out, height - MARGIN);
    out.push_str("</svg>\n");
    out
}

fn title(graph: &Graph) -> String {
    let count = |kinds: &[NodeKind]| {
        let nodes = graph.nodes.iter();
        nodes.filter(|node| kinds.contains(&node.kind)).count()
    };
    let events = count(&[NodeKind::Root, NodeKind::Caused]);
    match count(&[NodeKind::Crate]) {
        0 => format!("{events} events and their handlers"),
        crates => format!("{crates} crates, and the events that they handle"),
    }
}

fn size(node: &Node) -> Size {
    let title = width(&shortened(&node.title, LONGEST), HEADER_FONT);
    let header = 2.0 * PADDING + title + behind(&node.note);
    let rows = node.rows.iter().map(|row| {
        let label = width(&shortened(&row.label, LONGEST), ROW_FONT);
        label_start(row) + label + behind(&row.tag) + PADDING
    });
    let foot = if node.rows.is_empty() { 0.0 } else { FOOT };
    Size {
        width: rows.fold(header, f64::max).ceil(),
        height: row_top(node.rows.len()) + foot,
    }
}

/// Returns how much a text takes that stands behind another.
fn behind(text: &str) -> f64 {
    if text.is_empty() {
        return 0.0;
    }
    GAP + width(text, ROW_FONT)
}

/// Returns how far below the top of its box a row begins.
fn row_top(row: usize) -> f64 {
    let row = u32::try_from(row).unwrap_or(u32::MAX);
    HEADER + ROW * f64::from(row)
}

fn label_start(row: &Row) -> f64 {
    if row.order.is_some() {
        NUMBERED
    } else {
        PADDING
    }
}

fn link(edge: &Edge) -> Link {
    let row = |row| row_top(row) + ROW / 2.0;
    Link {
        from: edge.from,
        from_port: row(edge.row),
        to: edge.to,
        to_port: edge.to_row.map_or(HEADER / 2.0, row),
    }
}

fn marker(out: &mut String, id: &str, class: &str) {
    let _ = writeln!(
        out,
        "<marker id=\"{id}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"{class}\" d=\"M0 0 8 4 0 8z\"/></marker>"
    );
}

fn write_edge(out: &mut String, graph: &Graph, edge: &Edge, route: &Route) {
    let (class, tip) = if edge.is_cyclic {
        ("edge cycle", "event-graph-cycle")
    } else {
        ("edge", "event-graph-tip")
    };
    let (from, to) = (&graph.nodes[edge.from], &graph.nodes[edge.to]);
    let target = match edge.to_row {
        Some(row) => format!("{} of {}", to.rows[row].label, to.title),
        None => to.title.clone(),
    };
    let text = format!("{} may cause {target}", from.rows[edge.row].label);
    let _ = writeln!(
        out,
        "<path class=\"{class}\" marker-end=\"url(#{tip})\" d=\"{}\"><title>{}</title></path>",
        path(route),
        escaped(&text)
    );
}

fn path(route: &Route) -> String {
    let mut path = format!("M{} {}", number(route.start.x), number(route.start.y));
    let mut at = route.start;
    for step in &route.steps {
        let end = step.end();
        let (x, y) = (number(end.x), number(end.y));
        let _ = match step {
            Step::Line(_) if (end.x - at.x).abs() < 0.5 => Ok(()),
            Step::Line(_) => write!(path, "L{x} {y}"),
            Step::Curve(_) => {
                let middle = number(f64::midpoint(at.x, end.x));
                write!(path, "C{middle} {} {middle} {y} {x} {y}", number(at.y))
            }
            Step::Loop(_) => {
                let far = number(at.x + LOOP_WIDTH);
                write!(path, "C{far} {} {far} {y} {x} {y}", number(at.y))
            }
        };
        at = end;
    }
    path
}

fn write_node(out: &mut String, node: &Node, corner: Point, size: Size, link: Option<&PageLink>) {
    let kind = match node.kind {
        NodeKind::Root | NodeKind::Caused => "event",
        NodeKind::Pattern => "pattern",
        NodeKind::Crate => "crate",
    };
    let focus = if node.is_focus { " focus" } else { "" };
    let id = link.map_or_else(String::new, |link| format!(" id=\"{}\"", escaped(&link.id)));
    let _ = writeln!(
        out,
        "<g{id} class=\"{kind}{focus}\" transform=\"translate({} {})\">",
        number(corner.x),
        number(corner.y)
    );
    if node.kind == NodeKind::Root {
        let y = number(HEADER / 2.0);
        let _ = writeln!(out, "<path class=\"root\" d=\"M-12 {y}H0\"/>");
        let _ = writeln!(
            out,
            "<circle class=\"tip\" cx=\"-14\" cy=\"{y}\" r=\"3.5\"/>"
        );
    }
    let (width, height) = (number(size.width), number(size.height));
    let _ = writeln!(
        out,
        "<rect class=\"box\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>"
    );
    let inner = number(size.width - 1.0);
    // Its lower corners are square where there are rows.
    let round = if node.rows.is_empty() {
        format!(
            "a5.5 5.5 0 0 1 -5.5 5.5h-{}a5.5 5.5 0 0 1 -5.5 -5.5z",
            number(size.width - 12.0)
        )
    } else {
        format!("v5.5h-{inner}v-5.5z")
    };
    let baseline = 18.5;
    let (start, end) = element(link, None);
    let _ = writeln!(
        out,
        "{start}<title>{}</title>",
        escaped(&format!("{}\n{}", node.title, node.details))
    );
    let _ = writeln!(
        out,
        "<path class=\"head\" d=\"M.5 6a5.5 5.5 0 0 1 5.5 -5.5h{}a5.5 5.5 0 0 1 5.5 5.5v{}{round}\"/>",
        number(size.width - 12.0),
        number(HEADER - 12.0)
    );
    let _ = writeln!(
        out,
        "<text class=\"title\" x=\"{}\" y=\"{baseline}\">{}</text>",
        number(PADDING),
        escaped(&shortened(&node.title, LONGEST))
    );
    if !node.note.is_empty() {
        let _ = writeln!(
            out,
            "<text class=\"dim\" text-anchor=\"end\" x=\"{}\" y=\"{baseline}\">{}</text>",
            number(size.width - PADDING),
            escaped(&node.note)
        );
    }
    let _ = writeln!(out, "{end}");
    for (at, row) in node.rows.iter().enumerate() {
        write_row(out, row, row_top(at) + 14.5, size, link);
    }
    out.push_str("</g>\n");
}

/// Returns the start and the end of what a text with a title is in: a link, if there is more about it.
fn element(link: Option<&PageLink>, order: Option<usize>) -> (String, &'static str) {
    let Some(PageLink { href, .. }) = link else {
        return ("<g>".to_owned(), "</g>");
    };
    let href = match order {
        Some(order) => format!("{href}#handler-{order}"),
        None => href.clone(),
    };
    (format!("<a href=\"{}\">", escaped(&href)), "</a>")
}

fn write_row(out: &mut String, row: &Row, baseline: f64, size: Size, link: Option<&PageLink>) {
    let y = number(baseline);
    let (start, end) = element(link.filter(|_| row.order.is_some()), row.order);
    let _ = write!(
        out,
        "{start}<title>{}</title>",
        escaped(&format!("{}\n{}", row.label, row.details))
    );
    if link.is_some() {
        let (top, width) = (number(baseline - 14.5), number(size.width - 2.0));
        let _ = write!(
            out,
            "<rect class=\"hit\" x=\"1\" y=\"{top}\" width=\"{width}\" height=\"{}\"/>",
            number(ROW)
        );
    }
    if let Some(order) = row.order {
        let _ = write!(
            out,
            "<text class=\"dim\" text-anchor=\"end\" x=\"{}\" y=\"{y}\">{order}</text>",
            number(NUMBERED - 8.0)
        );
    }
    let _ = write!(
        out,
        "<text x=\"{}\" y=\"{y}\">{}</text>",
        number(label_start(row)),
        escaped(&shortened(&row.label, LONGEST))
    );
    if !row.tag.is_empty() {
        let class = row.delivery.map_or("dim", Delivery::as_str);
        let _ = write!(
            out,
            "<text class=\"{class}\" text-anchor=\"end\" x=\"{}\" y=\"{y}\">{}</text>",
            number(size.width - PADDING),
            escaped(&row.tag)
        );
    }
    let _ = writeln!(out, "{end}");
}

/// Writes a number with one digit behind the point, if that is not 0.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}
