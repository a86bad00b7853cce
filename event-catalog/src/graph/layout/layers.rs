//! The columns of a component: boxes, and the places where edges pass.

use super::{Link, Size};

/// What stands in a column: a box, or an edge that passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Vertex {
    pub(super) rank: usize,
    pub(super) height: f64,
    pub(super) is_box: bool,
}

/// A part of an edge, from one column to the next. Its ends are so far below the upper sides of the vertices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Segment {
    pub(super) from: usize,
    pub(super) from_port: f64,
    pub(super) to: usize,
    pub(super) to_port: f64,
}

/// The columns of a component.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// The boxes, in their order, and behind them the passages.
    pub(super) vertices: Vec<Vertex>,
    /// The vertices of each column, from above.
    pub(super) columns: Vec<Vec<usize>>,
    /// The segments that leave each column.
    pub(super) segments: Vec<Vec<Segment>>,
    /// The vertices on the way of each link.
    pub(super) ways: Vec<Vec<usize>>,
}

/// The height of a passage.
const PASSAGE: f64 = 8.0;

impl Layers {
    /// Puts boxes into columns. Each link leads to a later column.
    pub(super) fn new(boxes: &[Size], links: &[Link], ranks: &[usize]) -> Self {
        let count = ranks.iter().max().map_or(0, |last| last + 1);
        let vertices = boxes.iter().zip(ranks).map(|(size, rank)| Vertex {
            rank: *rank,
            height: size.height,
            is_box: true,
        });
        let mut layers = Self {
            vertices: vertices.collect(),
            columns: vec![Vec::new(); count],
            segments: vec![Vec::new(); count],
            ways: Vec::with_capacity(links.len()),
        };
        for (at, rank) in ranks.iter().enumerate() {
            layers.columns[*rank].push(at);
        }
        for link in links {
            layers.add(link, ranks);
        }
        layers
    }

    fn add(&mut self, link: &Link, ranks: &[usize]) {
        let mut way = vec![link.from];
        let mut port = link.from_port;
        for rank in ranks[link.from] + 1..=ranks[link.to] {
            let (to, to_port) = if rank == ranks[link.to] {
                (link.to, link.to_port)
            } else {
                (self.passage(rank), PASSAGE / 2.0)
            };
            self.segments[rank - 1].push(Segment {
                from: way[way.len() - 1],
                from_port: port,
                to,
                to_port,
            });
            way.push(to);
            port = to_port;
        }
        self.ways.push(way);
    }

    fn passage(&mut self, rank: usize) -> usize {
        let at = self.vertices.len();
        self.vertices.push(Vertex {
            rank,
            height: PASSAGE,
            is_box: false,
        });
        self.columns[rank].push(at);
        at
    }

    /// Returns how much is free between a vertex and the one below it.
    pub(super) fn gap(&self, above: usize, below: usize) -> f64 {
        let is_box = |at: usize| self.vertices[at].is_box;
        match (is_box(above), is_box(below)) {
            (true, true) => 20.0,
            (false, false) => 4.0,
            _ => 12.0,
        }
    }
}
