//! The line below a drawing that says what its marks mean.

use std::fmt::Write as _;

use super::text::width;
use super::{GAP, MARGIN, ROW_FONT, number};
use crate::graph::{Graph, Node, NodeKind};

/// The marks that a drawing has.
pub(super) struct Legend(Vec<Mark>);

#[derive(Clone, Copy)]
enum Mark {
    Root,
    Edge,
    Cycle,
}

/// How wide a mark is, with the blank behind it.
const MARK: f64 = 36.0;

const HEIGHT: f64 = 28.0;

impl Legend {
    pub(super) fn of(graph: &Graph) -> Self {
        let mut marks = Vec::new();
        let is_root = |node: &Node| node.kind == NodeKind::Root;
        if graph.nodes.iter().any(is_root) {
            marks.push(Mark::Root);
        }
        if graph.edges.iter().any(|edge| !edge.is_cyclic) {
            marks.push(Mark::Edge);
        }
        if graph.has_cycle() {
            marks.push(Mark::Cycle);
        }
        Self(marks)
    }

    pub(super) fn width(&self) -> f64 {
        self.0.iter().map(|mark| mark.width()).sum()
    }

    pub(super) fn height(&self) -> f64 {
        if self.0.is_empty() { 0.0 } else { HEIGHT }
    }

    pub(super) fn write(&self, out: &mut String, baseline: f64) {
        let mut x = MARGIN;
        for mark in &self.0 {
            mark.write(out, x, baseline);
            x += mark.width();
        }
    }
}

impl Mark {
    fn text(self) -> &'static str {
        match self {
            Self::Root => "emitted outside of handlers",
            Self::Edge => "may cause",
            Self::Cycle => "in a cycle",
        }
    }

    fn width(self) -> f64 {
        MARK + width(self.text(), ROW_FONT) + 2.0 * GAP
    }

    fn write(self, out: &mut String, x: f64, baseline: f64) {
        let (start, end) = (number(x), number(x + 26.0));
        let y = number(baseline - 4.0);
        let _ = match self {
            Self::Root => writeln!(
                out,
                "<path class=\"root\" d=\"M{start} {y}H{end}\"/><circle class=\"tip\" cx=\"{start}\" \
                 cy=\"{y}\" r=\"3.5\"/>"
            ),
            Self::Edge => writeln!(
                out,
                "<path class=\"edge\" marker-end=\"url(#event-graph-tip)\" d=\"M{start} {y}H{end}\"/>"
            ),
            Self::Cycle => writeln!(
                out,
                "<path class=\"edge cycle\" marker-end=\"url(#event-graph-cycle)\" d=\"M{start} {y}H{end}\"/>"
            ),
        };
        let _ = writeln!(
            out,
            "<text class=\"dim\" x=\"{}\" y=\"{}\">{}</text>",
            number(x + MARK),
            number(baseline),
            self.text()
        );
    }
}
