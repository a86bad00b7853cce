//! Makes the queues of a program, one for each that a handler names, and refuses those that can wait for
//! themselves.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;

use crate::engine::plan::executor::Executors;
use crate::engine::queue::live::{LiveQueue, ServedBy};
use crate::event::info::EventInfo;
use crate::handler::registered::Registered;
use crate::handler_info::spec::ExecutorKind;
use crate::problem::{Problem, ProblemKind};
use crate::queue::{AnyQueue, Declared, Overflow, QueueSettings};

/// A handler of one event can cause another event, or has a queue.
pub(crate) struct CausalEdge {
    pub(crate) from: &'static EventInfo,
    pub(crate) handler: &'static dyn Registered,
    pub(crate) to: Option<&'static EventInfo>,
}

/// What the builder says about queues.
#[derive(Default)]
pub(crate) struct QueueChoices {
    /// The settings that the builder changes; the last of a queue hold.
    pub(crate) settings: Vec<(&'static Declared, QueueSettings)>,
    /// The queues that subscriptions may use, each with its place in the source.
    pub(crate) named: Vec<(&'static dyn AnyQueue, &'static Location<'static>)>,
}

impl QueueChoices {
    /// Returns the settings of a queue.
    pub(crate) fn settings(&self, declared: &'static Declared) -> QueueSettings {
        let id = declared.id();
        let chosen = self.settings.iter().rfind(|(of, _)| of.id() == id);
        chosen.map_or(declared.settings, |(_, settings)| *settings)
    }

    /// Whether the builder names a queue.
    pub(crate) fn names(&self, declared: &'static Declared) -> bool {
        let mut named = self.named.iter();
        named.any(|(queue, _)| queue.declared().id() == declared.id())
    }
}

/// Makes the queues, in the order of their indices.
pub(crate) fn lines(
    executors: &mut Executors,
    handlers: &[&'static dyn Registered],
    choices: &QueueChoices,
    has_scheduler: bool,
    problems: &mut Vec<Problem>,
) -> Vec<Arc<LiveQueue>> {
    let mut by_name: HashMap<&str, &Declared> = HashMap::new();
    let mut lines = Vec::new();
    for (index, queue) in executors.queues().to_vec().into_iter().enumerate() {
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
        let is_async = |handler: &&'static dyn Registered| handler.spec().asynchronous;
        let of_queue = handlers.iter().filter(|handler| {
            let queue = handler.spec().queue;
            queue.is_some_and(|queue| queue().declared().id() == id)
        });
        let is_ordered = of_queue.clone().any(|handler| {
            let retry = handler.spec().retry;
            retry.is_some_and(|policy| policy.is_ordered())
        });
        let serves = if declared.local {
            ServedBy::Pump
        } else if has_scheduler || (!choices.names(declared) && of_queue.clone().all(is_async)) {
            ServedBy::Tasks
        } else {
            ServedBy::Threads
        };
        let settings = choices.settings(declared);
        let ports = executors.take_ports(index);
        let queue = LiveQueue::new(declared.name, settings, serves, ports, is_ordered);
        lines.push(queue);
    }
    lines
}

/// Refuses queues that wait for capacity in themselves: if all of them are full, each consumer would wait
/// for capacity that only a consumer frees.
///
/// A queue waits for another if one of its handlers causes, itself or through inline handlers, an event
/// with a handler in that other one. A queue that never lets emitters wait breaks the chain; so does a
/// task, since the consumer does not wait for it.
pub(crate) fn deadlocks(
    hops: &[CausalEdge],
    lines: &[Arc<LiveQueue>],
    problems: &mut Vec<Problem>,
) {
    let waits = |hop: &CausalEdge| {
        let name = name_of_queue(hop);
        let line = name.and_then(|name| lines.iter().find(|line| line.name == name));
        line.is_some_and(|line| line.settings.overflow == Overflow::Wait)
    };
    let is_inline = |hop: &CausalEdge| hop.handler.spec().executor_kind() == ExecutorKind::Inline;
    let mut hops: Vec<&CausalEdge> = hops
        .iter()
        .filter(|hop| waits(hop) || is_inline(hop))
        .collect();
    // Which cycle is found first must not depend on the order in which events were wired.
    hops.sort_by_key(|hop| {
        let spec = hop.handler.spec();
        let names = [Some(hop.from), hop.to].map(|event| event.map(EventInfo::name));
        (spec.file, spec.line, names)
    });
    let mut found: Vec<Vec<&str>> = Vec::new();
    for (start, hop) in hops.iter().enumerate() {
        if is_inline(hop) || hop.to.is_none() {
            continue;
        }
        let Some(cycle) = cycle_from(&hops, start) else {
            continue;
        };
        let mut queues: Vec<_> = cycle
            .iter()
            .filter_map(|at| name_of_queue(hops[*at]))
            .collect();
        queues.sort_unstable();
        queues.dedup();
        if found.contains(&queues) {
            continue;
        }
        problems.push(deadlock(&hops, &cycle, &queues));
        found.push(queues);
    }
}

fn name_of_queue(hop: &CausalEdge) -> Option<&'static str> {
    let queue = hop.handler.spec().queue?;
    Some(queue().declared().name)
}

/// Finds the shortest way from a queue, along an edge of one of its handlers, back into the queue. The
/// way leads from event to event, and within a queue from each of its handlers to all others.
fn cycle_from(hops: &[&CausalEdge], start: usize) -> Option<Vec<usize>> {
    let home = name_of_queue(hops[start]);
    let mut ways = vec![vec![start]];
    let mut seen = vec![start];
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let Some(to) = hops[way[way.len() - 1]].to else {
                continue;
            };
            for next in 0..hops.len() {
                if hops[next].from.type_id() != to.type_id() {
                    continue;
                }
                let queue = name_of_queue(hops[next]);
                if queue.is_some() && queue == home {
                    let mut way = way.clone();
                    way.push(next);
                    return Some(way);
                }
                // A delivery that waits for a queue waits for what any of the queue's handlers causes.
                let is_on = |other: &usize| {
                    let is_beside = queue.is_some() && name_of_queue(hops[*other]) == queue;
                    hops[*other].to.is_some() && (*other == next || is_beside)
                };
                for on in (0..hops.len()).filter(is_on) {
                    if seen.contains(&on) {
                        continue;
                    }
                    seen.push(on);
                    let mut way = way.clone();
                    if hops[on].handler.id() != hops[next].handler.id() {
                        way.push(next);
                    }
                    way.push(on);
                    longer.push(way);
                }
            }
        }
        ways = longer;
    }
    None
}

fn deadlock(hops: &[&CausalEdge], cycle: &[usize], queues: &[&str]) -> Problem {
    let what = match queues {
        [queue] => format!("queue `{queue}` can wait for capacity in itself"),
        queues => format!(
            "queues `{}` can wait for capacity in each other",
            queues.join("` and `")
        ),
    };
    let mut steps: Vec<String> = Vec::new();
    let mut executors = Vec::new();
    let mut came = None;
    for at in cycle {
        let hop = hops[*at];
        let (from, handler) = (hop.from.name(), hop.handler.name());
        let through = name_of_queue(hop).map_or_else(String::new, |name| format!(" (`{name}`)"));
        match came {
            // The handler of another event in the same queue, which delays this one.
            Some(event) if event != from => steps.push(format!("behind it `{from}`")),
            _ => steps.push(format!("`{from}`")),
        }
        steps.push(format!("`{handler}`{through}"));
        came = hop.to.map(EventInfo::name).or(Some(from));
        executors.push((hop.handler.spec().file, hop.handler.spec().line));
    }
    executors.sort_unstable();
    executors.dedup();
    let problem = Problem::new(
        ProblemKind::Deadlock,
        format!("{what}: {}", steps.join(" → ")),
    );
    let at = |problem: Problem, (file, line)| problem.at(file, line);
    executors.into_iter().fold(problem, at).help(
        "when full, consumers wait for capacity that only they free; add \
         `.overflow(Overflow::Reject)`, `DropOldest` or `DropNewest` to the declaration of one of \
         the queues, or give the last handler a queue of its own",
    )
}
