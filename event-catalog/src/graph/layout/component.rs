//! Lays out boxes that are connected with each other.

use std::collections::HashMap;

use super::layers::Layers;
use super::{LOOP_WIDTH, Link, Point, Route, Size, Step, order, place, ranks};

/// Boxes that are connected, and their links, by their indices.
#[derive(Debug, Default)]
pub(super) struct Component {
    boxes: Vec<usize>,
    links: Vec<usize>,
}

/// The layout of a component.
#[derive(Debug, Default)]
pub(super) struct LaidOut {
    pub(super) boxes: Vec<(usize, Point)>,
    pub(super) routes: Vec<(usize, Route)>,
    pub(super) size: Size,
}

/// Returns the components: the larger ones first, those of one size in the order of their boxes.
pub(super) fn components(count: usize, links: &[Link]) -> Vec<Component> {
    let mut parents: Vec<usize> = (0..count).collect();
    for link in links {
        let (one, other) = (root(&mut parents, link.from), root(&mut parents, link.to));
        parents[one.max(other)] = one.min(other);
    }
    let mut components: HashMap<usize, Component> = HashMap::new();
    for at in 0..count {
        let root = root(&mut parents, at);
        components.entry(root).or_default().boxes.push(at);
    }
    for (at, link) in links.iter().enumerate() {
        let root = root(&mut parents, link.from);
        components.entry(root).or_default().links.push(at);
    }
    let mut components: Vec<_> = components.into_values().collect();
    components.sort_by_key(|component| (usize::MAX - component.boxes.len(), component.boxes[0]));
    components
}

fn root(parents: &mut [usize], mut at: usize) -> usize {
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}

pub(super) fn lay_out(component: &Component, boxes: &[Size], links: &[Link]) -> LaidOut {
    let local: HashMap<usize, usize> = (component.boxes.iter().copied()).zip(0..).collect();
    let sizes: Vec<Size> = component.boxes.iter().map(|at| boxes[*at]).collect();
    let links: Vec<Link> = component
        .links
        .iter()
        .map(|at| Link {
            from: local[&links[*at].from],
            to: local[&links[*at].to],
            ..links[*at]
        })
        .collect();

    let pairs: Vec<_> = links.iter().map(|link| (link.from, link.to)).collect();
    let backward = ranks::backward(sizes.len(), &pairs);
    // What leads back is laid out in the other direction.
    let forward: Vec<Link> = links
        .iter()
        .zip(&backward)
        .filter(|(link, _)| link.from != link.to)
        .map(|(link, is_backward)| if *is_backward { turned(link) } else { *link })
        .collect();
    let pairs: Vec<_> = forward.iter().map(|link| (link.from, link.to)).collect();
    let ranks = ranks::ranks(sizes.len(), &pairs);
    let heights: Vec<f64> = sizes.iter().map(|size| size.height + 20.0).collect();
    let ranks = ranks::spread(ranks, &pairs, &heights, highest(&sizes));
    let mut layers = Layers::new(&sizes, &forward, &ranks);
    order::order(&mut layers);
    let tops = place::place(&layers);
    let columns = columns(&layers, &sizes);

    let corner = |at: usize| Point {
        x: columns[layers.vertices[at].rank].0,
        y: tops[at],
    };
    let mut ways = forward.iter().zip(&layers.ways);
    let mut routes = Vec::with_capacity(links.len());
    for (link, is_backward) in links.iter().zip(backward) {
        if link.from == link.to {
            routes.push(looped(link, corner(link.from), sizes[link.from]));
            continue;
        }
        let Some((link, way)) = ways.next() else {
            unreachable!("every link between two boxes has a way")
        };
        let route = route(link, way, &layers, &tops, &columns, &sizes);
        routes.push(if is_backward { route.reversed() } else { route });
    }
    let bottoms = (0..layers.vertices.len()).map(|at| tops[at] + layers.vertices[at].height);
    let right = columns.last().map_or(0.0, |(x, width)| x + width);
    let is_looped = links.iter().any(|link| link.from == link.to);
    LaidOut {
        boxes: component
            .boxes
            .iter()
            .copied()
            .zip((0..).map(corner))
            .collect(),
        routes: component.links.iter().copied().zip(routes).collect(),
        size: Size {
            width: right + if is_looped { LOOP_WIDTH } else { 0.0 },
            height: bottoms.fold(0.0, f64::max),
        },
    }
}

/// Returns how high a column may be: so high that the component has about the shape of a screen.
fn highest(sizes: &[Size]) -> f64 {
    let areas = sizes
        .iter()
        .map(|size| (size.width + 120.0) * (size.height + 20.0));
    let area: f64 = areas.sum();
    (area / 1.5).sqrt().max(1600.0)
}

fn turned(link: &Link) -> Link {
    Link {
        from: link.to,
        from_port: link.to_port,
        to: link.from,
        to_port: link.from_port,
    }
}

/// Returns the left side and the width of each column. The more edges lead from one to the next, the farther
/// apart they are, so that edges are not too steep.
fn columns(layers: &Layers, sizes: &[Size]) -> Vec<(f64, f64)> {
    let mut columns = Vec::with_capacity(layers.columns.len());
    let mut x = 0.0;
    for (column, segments) in layers.columns.iter().zip(&layers.segments) {
        let boxes = column.iter().filter_map(|at| sizes.get(*at));
        let width = boxes.map(|size| size.width).fold(0.0, f64::max);
        columns.push((x, width));
        #[allow(
            clippy::cast_precision_loss,
            reason = "there are fewer than 2^52 edges"
        )]
        let edges = segments.len() as f64;
        x += width + (56.0 + 2.0 * edges).min(240.0).round();
    }
    columns
}

/// Returns the route of a link to a later column.
fn route(
    link: &Link,
    way: &[usize],
    layers: &Layers,
    tops: &[f64],
    columns: &[(f64, f64)],
    sizes: &[Size],
) -> Route {
    let column = |at: usize| columns[layers.vertices[at].rank];
    let (x, width) = column(link.from);
    let y = tops[link.from] + link.from_port;
    let start = Point {
        x: x + sizes[link.from].width,
        y,
    };
    let mut steps = vec![Step::Line(Point { x: x + width, y })];
    for at in &way[1..] {
        let (x, width) = column(*at);
        let is_last = *at == link.to;
        let port = if is_last {
            link.to_port
        } else {
            layers.vertices[*at].height / 2.0
        };
        let y = tops[*at] + port;
        steps.push(Step::Curve(Point { x, y }));
        if !is_last {
            steps.push(Step::Line(Point { x: x + width, y }));
        }
    }
    Route { start, steps }
}

/// Returns the route of a link from a box to itself.
fn looped(link: &Link, corner: Point, size: Size) -> Route {
    let (mut from, mut to) = (link.from_port, link.to_port);
    if (from - to).abs() < 1.0 {
        from -= 4.0;
        to += 4.0;
    }
    let end = |port| Point {
        x: corner.x + size.width,
        y: corner.y + port,
    };
    Route {
        start: end(from),
        steps: vec![Step::Loop(end(to))],
    }
}
