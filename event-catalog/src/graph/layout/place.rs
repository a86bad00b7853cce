//! Moves the vertices of each column up and down, in their order, so that edges are straight.

use super::layers::{Layers, Segment};

/// How often the columns are moved, forth and back.
const SWEEPS: usize = 6;

/// Where a vertex would be if it had its column for itself.
#[derive(Clone, Copy, Debug, Default)]
struct Wish {
    sum: f64,
    weight: f64,
}

/// Returns the upper side of each vertex; the highest is at 0.
pub(super) fn place(layers: &Layers) -> Vec<f64> {
    let mut tops = vec![0.0; layers.vertices.len()];
    for column in &layers.columns {
        let wishes = vec![Wish::default(); column.len()];
        settle(layers, column, &wishes, &mut tops);
    }
    let last = layers.columns.len().saturating_sub(1);
    for sweep in 0..SWEEPS {
        for rank in 1..=last {
            move_column(layers, rank, true, sweep + 1 == SWEEPS, &mut tops);
        }
        for rank in (0..last).rev() {
            move_column(layers, rank, sweep + 1 == SWEEPS, true, &mut tops);
        }
    }
    let highest = tops.iter().copied().fold(f64::INFINITY, f64::min);
    tops.into_iter()
        .map(|top| (top - highest).round())
        .collect()
}

/// Moves a column towards the one before it, the one behind it, or both.
fn move_column(layers: &Layers, rank: usize, before: bool, behind: bool, tops: &mut [f64]) {
    let column = &layers.columns[rank];
    let mut wishes = vec![Wish::default(); layers.vertices.len()];
    let mut wish = |at: usize, top: f64, other: usize| {
        // An edge that passes through both columns is kept straight before all.
        let passes = !layers.vertices[at].is_box && !layers.vertices[other].is_box;
        let weight = if passes { 8.0 } else { 1.0 };
        wishes[at].sum += weight * top;
        wishes[at].weight += weight;
    };
    let top_of_to =
        |segment: &Segment, tops: &[f64]| tops[segment.from] + segment.from_port - segment.to_port;
    if before && rank > 0 {
        for segment in &layers.segments[rank - 1] {
            wish(segment.to, top_of_to(segment, tops), segment.from);
        }
    }
    if behind {
        for segment in &layers.segments[rank] {
            let top = tops[segment.to] + segment.to_port - segment.from_port;
            wish(segment.from, top, segment.to);
        }
    }
    let wishes: Vec<_> = column.iter().map(|at| wishes[*at]).collect();
    settle(layers, column, &wishes, tops);
}

/// Places a column as near to the wishes as its order allows: the sum of the squares of all distances is the
/// least. This is isotonic regression, by pooling neighbours that would overlap.
fn settle(layers: &Layers, column: &[usize], wishes: &[Wish], tops: &mut [f64]) {
    /// Vertices that touch each other, and are moved together.
    struct Pool {
        sum: f64,
        weight: f64,
        count: usize,
    }
    let mut offsets = Vec::with_capacity(column.len());
    let mut offset = 0.0;
    for (position, at) in column.iter().enumerate() {
        offsets.push(offset);
        let below = column.get(position + 1);
        offset += layers.vertices[*at].height + below.map_or(0.0, |it| layers.gap(*at, *it));
    }
    let mut pools: Vec<Pool> = Vec::with_capacity(column.len());
    for ((at, wish), offset) in column.iter().zip(wishes).zip(&offsets) {
        // What is connected to nothing stays where it is, unless others need the place.
        let (sum, weight) = if wish.weight > 0.0 {
            (wish.sum, wish.weight)
        } else {
            (tops[*at] * 0.01, 0.01)
        };
        pools.push(Pool {
            sum: sum - weight * offset,
            weight,
            count: 1,
        });
        while let [.., above, below] = pools.as_slice()
            && above.sum / above.weight > below.sum / below.weight
        {
            let below = Pool { ..*below };
            pools.pop();
            if let Some(above) = pools.last_mut() {
                above.sum += below.sum;
                above.weight += below.weight;
                above.count += below.count;
            }
        }
    }
    let mut position = 0;
    for pool in pools {
        for _ in 0..pool.count {
            tops[column[position]] = pool.sum / pool.weight + offsets[position];
            position += 1;
        }
    }
}
