//! The queues of a program: one for each that a handler names, and none that waits for itself.

use std::collections::HashMap;
use std::sync::Arc;

use super::problem::{Problem, ProblemKind};
use crate::dispatcher::seat::Places;
use crate::event::EventInfo;
use crate::handler::registered::Registered;
use crate::queue::line::{Line, Serves};
use crate::queue::{Declared, Overflow, Settings};

/// That a handler of one event can cause another.
pub(super) struct Hop {
    pub(super) from: &'static EventInfo,
    pub(super) handler: &'static dyn Registered,
    pub(super) to: &'static EventInfo,
}

/// Makes the queues, in the order of their indices.
pub(super) fn lines(
    places: &Places,
    handlers: &[&'static dyn Registered],
    settings: &[(&'static Declared, Settings)],
    problems: &mut Vec<Problem>,
) -> Vec<Arc<Line>> {
    let mut by_name: HashMap<&str, &Declared> = HashMap::new();
    let mut lines = Vec::new();
    for queue in places.queues() {
        let declared = queue.declared();
        if let Some(other) = by_name.insert(declared.name, declared) {
            problems.push(
                Problem::new(
                    ProblemKind::QueueNameTwice,
                    format!("two queues are named `{}`", declared.name),
                )
                .at(other.at.file(), other.at.line())
                .at(declared.at.file(), declared.at.line())
                .help("give one of them another name, or let all handlers name one `static`"),
            );
        }
        let id = declared.id();
        let is_async = |handler: &&&dyn Registered| handler.spec().asynchronous;
        let mut of_queue = handlers.iter().filter(|handler| {
            let queue = handler.spec().queue;
            queue.is_some_and(|queue| queue().declared().id() == id)
        });
        let serves = if declared.local {
            Serves::Pump
        } else if of_queue.all(|handler| is_async(&handler)) {
            Serves::Tasks
        } else {
            Serves::Threads
        };
        let chosen = settings.iter().rfind(|(of, _)| of.id() == id);
        let settings = chosen.map_or(declared.settings, |(_, settings)| *settings);
        lines.push(Line::new(declared.name, settings, serves));
    }
    lines
}

/// Refuses a cycle of events whose queues all let emitters wait: with all of them full, each
/// consumer would wait for room that only a consumer can make.
pub(super) fn deadlocks(hops: &[Hop], lines: &[Arc<Line>], problems: &mut Vec<Problem>) {
    // A hop through a queue that never waits breaks the chain; so does one that is inline or a
    // task of its own, but for the queues that its events then meet.
    let waits = |hop: &Hop| match hop.handler.spec().queue {
        None => true,
        Some(queue) => {
            let name = queue().declared().name;
            let line = lines.iter().find(|line| line.name == name);
            line.is_some_and(|line| line.settings.overflow == Overflow::Wait)
        }
    };
    let waiting: Vec<&Hop> = hops.iter().filter(|hop| waits(hop)).collect();
    let is_queued = |hop: &Hop| hop.handler.spec().queue.is_some();
    let mut found: Vec<Vec<usize>> = Vec::new();
    for (start, hop) in waiting.iter().enumerate() {
        if !is_queued(hop) {
            continue;
        }
        let Some(cycle) = cycle_from(&waiting, start) else {
            continue;
        };
        let mut members = cycle.clone();
        members.sort_unstable();
        if found.contains(&members) {
            continue;
        }
        problems.push(deadlock(&waiting, &cycle));
        found.push(members);
    }
}

/// The shortest way from the event that a hop leads to, back to the event it starts at.
fn cycle_from(hops: &[&Hop], start: usize) -> Option<Vec<usize>> {
    let home = hops[start].from.type_id();
    let mut ways = vec![vec![start]];
    let mut seen = vec![start];
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let at = hops[way[way.len() - 1]].to.type_id();
            if at == home {
                return Some(way);
            }
            for (next, hop) in hops.iter().enumerate() {
                if hop.from.type_id() == at && !seen.contains(&next) {
                    seen.push(next);
                    let mut way = way.clone();
                    way.push(next);
                    longer.push(way);
                }
            }
        }
        ways = longer;
    }
    None
}

fn deadlock(hops: &[&Hop], cycle: &[usize]) -> Problem {
    let step = |at: &usize| {
        let hop = hops[*at];
        let queue = hop.handler.spec().queue;
        let through = queue.map_or_else(String::new, |queue| {
            format!(", through queue `{}`", queue().declared().name)
        });
        let (from, handler) = (hop.from.name(), hop.handler.name());
        format!("`{from}` → `{handler}`{through} → ")
    };
    let way: String = cycle.iter().map(step).collect();
    let home = hops[cycle[0]].from.name();
    let mut problem = Problem::new(
        ProblemKind::Deadlock,
        format!("events cause each other through queues that wait for room: {way}`{home}`"),
    );
    for at in cycle {
        let spec = hops[*at].handler.spec();
        problem = problem.at(spec.file, spec.line);
    }
    problem.help(
        "with all of them full, each consumer would wait for room that only a consumer makes; give \
         one of the queues `.overflow(Overflow::Reject)`, `DropOldest` or `DropNewest`",
    )
}
