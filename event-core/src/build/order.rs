//! The order of an event's handlers: the next one is always the one with the lowest (priority, path,
//! line) among those whose `after` are done.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::engine::plan::order::waits_for;
use crate::engine::plan::planned::PlannedHandler;
use crate::handler::registered::Registered;

/// Sorts the handlers of one event by (priority, path, line).
pub(crate) fn sort(handlers: &mut [&'static dyn Registered]) {
    handlers.sort_by_cached_key(|handler| {
        let spec = handler.spec();
        (spec.priority, handler.name(), spec.line)
    });
}

/// Moves sorted handlers behind the handlers that they wait for.
///
/// # Errors
///
/// The handlers of a cycle, each followed by one that it waits for.
pub(crate) fn constrain(
    handlers: &mut Vec<&'static dyn Registered>,
) -> Result<(), Vec<&'static dyn Registered>> {
    if handlers
        .iter()
        .all(|handler| handler.spec().after.is_empty() && handler.spec().before.is_empty())
    {
        return Ok(());
    }
    let planned: Vec<&'static PlannedHandler> =
        handlers.iter().map(|handler| handler.planned()).collect();
    let waits_for = waits_for(&planned);
    let mut left: Vec<usize> = waits_for.iter().map(Vec::len).collect();
    let mut ready: BinaryHeap<Reverse<usize>> = (0..handlers.len())
        .filter(|index| left[*index] == 0)
        .map(Reverse)
        .collect();
    let mut order = Vec::with_capacity(handlers.len());
    while let Some(Reverse(done)) = ready.pop() {
        order.push(done);
        for (index, causes) in waits_for.iter().enumerate() {
            if causes.contains(&done) {
                left[index] -= 1;
                if left[index] == 0 {
                    ready.push(Reverse(index));
                }
            }
        }
    }
    if order.len() < handlers.len() {
        return Err(cycle(&waits_for, &left)
            .into_iter()
            .map(|index| handlers[index])
            .collect());
    }
    *handlers = order.into_iter().map(|index| handlers[index]).collect();
    Ok(())
}

/// Finds one cycle among the handlers that never became ready. Each of them waits for another of them, so
/// a walk from one to the next comes back to a handler that it has visited.
fn cycle(waits_for: &[Vec<usize>], left: &[usize]) -> Vec<usize> {
    let mut path = Vec::new();
    let mut at = left.iter().position(|waits| *waits > 0).unwrap_or(0);
    loop {
        if let Some(start) = path.iter().position(|seen| *seen == at) {
            return path.split_off(start);
        }
        path.push(at);
        match waits_for[at].iter().find(|next| left[**next] > 0) {
            Some(next) => at = *next,
            None => return path,
        }
    }
}
