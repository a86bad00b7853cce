//! Orders the columns of a component so that few edges cross: each vertex near the middle of those to which
//! it is connected, column by column, back and forth.

use super::layers::{Layers, Segment};

/// How often the columns are ordered, forth and back.
const SWEEPS: usize = 12;

pub(super) fn order(layers: &mut Layers) {
    let mut positions = positions(layers);
    let mut best = (crossings(layers, &positions), layers.columns.clone());
    for _ in 0..SWEEPS {
        if best.0 == 0 {
            break;
        }
        for rank in 1..layers.columns.len() {
            sort(layers, rank, &mut positions, Side::Before);
        }
        for rank in (0..layers.columns.len().saturating_sub(1)).rev() {
            sort(layers, rank, &mut positions, Side::Behind);
        }
        let crossings = crossings(layers, &positions);
        if crossings < best.0 {
            best = (crossings, layers.columns.clone());
        }
    }
    layers.columns = best.1;
}

/// The column by which another one is ordered.
#[derive(Clone, Copy)]
enum Side {
    Before,
    Behind,
}

/// Returns the position of each vertex in its column.
fn positions(layers: &Layers) -> Vec<usize> {
    let mut positions = vec![0; layers.vertices.len()];
    for column in &layers.columns {
        for (position, at) in column.iter().enumerate() {
            positions[*at] = position;
        }
    }
    positions
}

/// Returns the position of an end of a segment: the vertex, and how far down its side.
fn end(layers: &Layers, positions: &[usize], at: usize, port: f64) -> f64 {
    let height = layers.vertices[at].height.max(1.0);
    #[allow(
        clippy::cast_precision_loss,
        reason = "a column has fewer than 2^52 vertices"
    )]
    let position = positions[at] as f64;
    position + (port / height).clamp(0.0, 0.99)
}

fn sort(layers: &mut Layers, rank: usize, positions: &mut [usize], side: Side) {
    let segments = match side {
        Side::Before => &layers.segments[rank - 1],
        Side::Behind => &layers.segments[rank],
    };
    let mut sums = vec![(0.0, 0.0); layers.columns[rank].len()];
    for segment in segments {
        let Segment { from, to, .. } = *segment;
        let (own, other, port) = match side {
            Side::Before => (to, from, segment.from_port),
            Side::Behind => (from, to, segment.to_port),
        };
        let (sum, count) = &mut sums[positions[own]];
        *sum += end(layers, positions, other, port);
        *count += 1.0;
    }
    let column = std::mem::take(&mut layers.columns[rank]);
    let mut middles: Vec<(f64, usize)> = Vec::with_capacity(column.len());
    for (at, (sum, count)) in column.into_iter().zip(sums) {
        // What is not connected stays behind its neighbour.
        let last = middles.last().map_or(0.0, |(middle, _)| *middle);
        middles.push((if count > 0.0 { sum / count } else { last }, at));
    }
    middles.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    layers.columns[rank] = middles.into_iter().map(|(_, at)| at).collect();
    for (position, at) in layers.columns[rank].iter().enumerate() {
        positions[*at] = position;
    }
}

/// Returns how many pairs of segments cross.
fn crossings(layers: &Layers, positions: &[usize]) -> usize {
    let between = layers.segments.iter();
    between
        .map(|segments| crossings_between(layers, segments, positions))
        .sum()
}

fn crossings_between(layers: &Layers, segments: &[Segment], positions: &[usize]) -> usize {
    let mut ends: Vec<(f64, f64)> = segments
        .iter()
        .map(|it| {
            (
                end(layers, positions, it.from, it.from_port),
                end(layers, positions, it.to, it.to_port),
            )
        })
        .collect();
    ends.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let mut targets: Vec<f64> = ends.iter().map(|(_, to)| *to).collect();
    targets.sort_by(f64::total_cmp);
    // A Fenwick tree counts, for each segment, the earlier ones that end below it.
    let mut tree = vec![0_usize; targets.len() + 1];
    let mut crossings = 0;
    for (earlier, (_, to)) in ends.iter().enumerate() {
        let place = targets.partition_point(|target| target <= to);
        let (mut at, mut not_below) = (place, 0);
        while at > 0 {
            not_below += tree[at];
            at &= at - 1;
        }
        crossings += earlier - not_below;
        let mut at = targets.partition_point(|target| target < to) + 1;
        while at < tree.len() {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    crossings
}
