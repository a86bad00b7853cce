//! What must be true when a simulation has ended.

use std::collections::{BTreeMap, BTreeSet};

use event_outbox::OutboxCounts;

use super::process::World;

/// Returns what is not as it must be.
pub(super) fn check(world: &World, counts: &[(bool, OutboxCounts)]) -> Vec<String> {
    let mut wrong = Vec::new();
    let rows = world.rows();
    let runs = world.runs.lock().unwrap();

    let mut handled = BTreeSet::new();
    handled.extend(
        runs.iter()
            .filter(|run| run.is_success)
            .map(|run| &run.target),
    );
    for target in rows.committed.keys() {
        let is_ended = handled.contains(target)
            || rows.letters.contains(target)
            || rows.cancelled.contains(target);
        if !is_ended {
            wrong.push(format!("{target:?} was committed, and never handled"));
        }
    }

    let mut effects = BTreeMap::new();
    for effect in &rows.effects {
        *effects.entry(&effect.target).or_insert(0) += 1;
    }
    for target in rows
        .committed
        .keys()
        .filter(|target| target.1 == "sim.book")
    {
        let expected = u32::from(!rows.letters.contains(target));
        let found = effects.get(target).copied().unwrap_or(0);
        if found != expected {
            wrong.push(format!("{target:?} has {found} effects, not {expected}"));
        }
    }

    let booked = rows
        .effects
        .iter()
        .map(|effect| (effect.customer, &effect.target));
    wrong.extend(is_ordered(&rows.committed, booked));
    let mut shipped: Vec<_> = runs
        .iter()
        .filter(|run| run.is_success && run.target.1 == "sim.ship")
        .collect();
    shipped.sort_by_key(|run| run.ended);
    let mut first = BTreeSet::new();
    // A process that was late can still succeed with what has become a dead letter, behind which others went on.
    shipped.retain(|run| first.insert(&run.target) && !rows.letters.contains(&run.target));
    let shipped = shipped
        .iter()
        .filter_map(|run| Some((run.customer?, &run.target)));
    wrong.extend(is_ordered(&rows.committed, shipped));

    // A reply that is lost hides a completion from the counts, which so are a lower bound.
    let done: u64 = counts.iter().map(|(_, counts)| counts.done).sum();
    let dead: u64 = counts.iter().map(|(_, counts)| counts.dead).sum();
    if done > rows.completions || dead > rows.letters.len() as u64 {
        let (completions, letters) = (rows.completions, rows.letters.len());
        wrong.push(format!(
            "{done} of {completions} completions and {dead} of {letters} dead letters are counted"
        ));
    }
    wrong
}

/// Each customer's first successes come in the order of the commits.
fn is_ordered<'a>(
    committed: &BTreeMap<super::rows::Target, i64>,
    successes: impl Iterator<Item = (u32, &'a super::rows::Target)>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut last = BTreeMap::new();
    for (customer, target) in successes {
        let seq = committed.get(target).copied().unwrap_or_default();
        let before = last.insert(customer, seq).unwrap_or_default();
        if before >= seq {
            wrong.push(format!(
                "customer {customer}: {target:?} comes after number {before}"
            ));
        }
    }
    wrong
}
