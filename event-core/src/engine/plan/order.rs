//! Finds which handlers of one event wait for others.

use crate::engine::plan::planned::PlannedHandler;

/// Returns, for each handler, the indices of those that must run before it. A handler that is not in the
/// list (since the builder left it out) satisfies every constraint.
pub(crate) fn waits_for(handlers: &[&'static PlannedHandler]) -> Vec<Vec<usize>> {
    let position = |id| handlers.iter().position(|handler| handler.id() == id);
    let mut waits_for = vec![Vec::new(); handlers.len()];
    for (index, handler) in handlers.iter().enumerate() {
        for named in handler.spec().after {
            if let Some(before) = position(named.id) {
                waits_for[index].push(before);
            }
        }
        for named in handler.spec().before {
            if let Some(after) = position(named.id) {
                waits_for[after].push(index);
            }
        }
    }
    for causes in &mut waits_for {
        causes.sort_unstable();
        causes.dedup();
    }
    waits_for
}
