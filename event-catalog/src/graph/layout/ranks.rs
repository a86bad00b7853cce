//! Gives each box of a component a column.

/// Which of the pairs lead against the others, so that there is no cycle if they are turned around. A pair of
/// a box with itself is none of them.
pub(super) fn backward(count: usize, pairs: &[(usize, usize)]) -> Vec<bool> {
    let mut leaving = vec![Vec::new(); count];
    let mut is_target = vec![false; count];
    for (at, (from, to)) in pairs.iter().enumerate() {
        if from != to {
            leaving[*from].push(at);
            is_target[*to] = true;
        }
    }
    let mut backward = vec![false; pairs.len()];
    let mut is_open = vec![false; count];
    let mut is_done = vec![false; count];
    let sources = (0..count).filter(|at| !is_target[*at]);
    // A depth-first search, without recursion: what leads to a box that is open closes a cycle.
    for root in sources.chain(0..count) {
        if is_done[root] {
            continue;
        }
        let mut calls = vec![(root, 0)];
        is_open[root] = true;
        while let Some((at, next)) = calls.pop() {
            let Some(pair) = leaving[at].get(next).copied() else {
                is_open[at] = false;
                is_done[at] = true;
                continue;
            };
            calls.push((at, next + 1));
            let to = pairs[pair].1;
            if is_open[to] {
                backward[pair] = true;
            } else if !is_done[to] {
                is_open[to] = true;
                calls.push((to, 0));
            }
        }
    }
    backward
}

/// Returns the column of each box, by the longest way that leads to it. A box to which nothing leads stands
/// right before the first one that it leads to. The pairs have no cycle.
pub(super) fn ranks(count: usize, pairs: &[(usize, usize)]) -> Vec<usize> {
    let mut leaving = vec![Vec::new(); count];
    let mut missing = vec![0_usize; count];
    for (from, to) in pairs {
        leaving[*from].push(*to);
        missing[*to] += 1;
    }
    let is_source: Vec<bool> = missing.iter().map(|missing| *missing == 0).collect();
    let mut ready: Vec<usize> = (0..count).filter(|at| is_source[*at]).collect();
    let mut ranks = vec![0; count];
    while let Some(at) = ready.pop() {
        for to in &leaving[at] {
            ranks[*to] = ranks[*to].max(ranks[at] + 1);
            missing[*to] -= 1;
            if missing[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    for at in (0..count).filter(|at| is_source[*at]) {
        if let Some(first) = leaving[at].iter().map(|to| ranks[*to]).min() {
            ranks[at] = first - 1;
        }
    }
    let first = ranks.iter().copied().min().unwrap_or(0);
    ranks.into_iter().map(|rank| rank - first).collect()
}

/// Spreads columns that are higher than `limit` over several ones, so that a large component is not a tower.
/// Each pair still leads to a later column.
pub(super) fn spread(
    ranks: Vec<usize>,
    pairs: &[(usize, usize)],
    heights: &[f64],
    limit: f64,
) -> Vec<usize> {
    let mut totals: Vec<f64> = Vec::new();
    for (rank, height) in ranks.iter().zip(heights) {
        add(&mut totals, *rank, *height);
    }
    if totals.iter().all(|total| *total <= limit) {
        return ranks;
    }
    totals.clear();
    let mut arriving = vec![Vec::new(); ranks.len()];
    let mut leaving = vec![Vec::new(); ranks.len()];
    for (from, to) in pairs {
        arriving[*to].push(*from);
        leaving[*from].push(*to);
    }
    let mut order: Vec<usize> = (0..ranks.len()).collect();
    order.sort_by_key(|at| (ranks[*at], *at));
    let (sources, others): (Vec<usize>, Vec<usize>) =
        order.into_iter().partition(|at| arriving[*at].is_empty());
    let mut columns = vec![0; ranks.len()];
    let is_free = |totals: &[f64], column: usize, height: f64| {
        let total = totals.get(column).copied().unwrap_or(0.0);
        total == 0.0 || total + height <= limit
    };
    for at in others {
        // What leads to it is placed already, but for the sources, which go before it.
        let before = arriving[at].iter().map(|from| columns[*from]).max();
        let mut column = before.unwrap_or(0) + 1;
        while !is_free(&totals, column, heights[at]) {
            column += 1;
        }
        add(&mut totals, column, heights[at]);
        columns[at] = column;
    }
    for at in sources {
        let first = leaving[at].iter().map(|to| columns[*to]).min().unwrap_or(1);
        let near = (0..first)
            .rev()
            .find(|it| is_free(&totals, *it, heights[at]));
        let column = near.unwrap_or(first - 1);
        add(&mut totals, column, heights[at]);
        columns[at] = column;
    }
    let mut used: Vec<usize> = columns.clone();
    used.sort_unstable();
    used.dedup();
    columns
        .into_iter()
        .map(|column| used.partition_point(|other| *other < column))
        .collect()
}

fn add(totals: &mut Vec<f64>, column: usize, height: f64) {
    if totals.len() <= column {
        totals.resize(column + 1, 0.0);
    }
    totals[column] += height;
}

#[cfg(test)]
mod tests {
    use super::{backward, ranks, spread};

    #[test]
    fn a_cycle_is_broken_at_the_pair_that_closes_it() {
        let pairs = [(0, 1), (1, 2), (2, 0), (2, 2)];
        assert_eq!(backward(3, &pairs), [false, false, true, false]);
    }

    #[test]
    fn a_cycle_behind_a_source_is_broken_as_seen_from_the_source() {
        let pairs = [(0, 1), (1, 0), (2, 1)];
        assert_eq!(backward(3, &pairs), [true, false, false]);
    }

    #[test]
    fn a_column_is_the_longest_way_and_a_source_stands_near() {
        let pairs = [(0, 1), (1, 2), (0, 2), (3, 2)];
        assert_eq!(ranks(4, &pairs), [0, 1, 2, 1]);
    }

    #[test]
    fn a_column_that_is_too_high_is_spread_and_pairs_still_lead_on() {
        let pairs = [(0, 1), (0, 2), (0, 3), (0, 4), (4, 5), (6, 5)];
        let is_low = spread(ranks(7, &pairs), &pairs, &[10.0; 7], 50.0);
        assert_eq!(is_low, ranks(7, &pairs));
        let columns = spread(ranks(7, &pairs), &pairs, &[10.0; 7], 20.0);
        assert_eq!(columns, [0, 1, 1, 2, 2, 3, 0]);
    }
}
