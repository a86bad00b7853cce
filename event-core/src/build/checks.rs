//! The checks that need the whole program.

use std::collections::HashMap;

use crate::build::at_handler;
use crate::build::queues::QueueChoices;
use crate::build::registry::EventEntry;
use crate::build::selection::Selection;
use crate::counted::Counted;
use crate::engine::plan::pattern::sees;
use crate::event::cardinality::Cardinality;
use crate::event::info::EventInfo;
use crate::handler::registered::Registered;
use crate::handler_info::spec::{ExecutorKind, FunctionId};
use crate::prehashed::ByType;
use crate::problem::{Problem, ProblemKind};

/// Checks that each event name belongs to one type and its older versions. The name of an event that
/// declares none is the path of its type, which two copies of a crate share.
pub(crate) fn events(events: &[&'static EventEntry], problems: &mut Vec<Problem>) {
    let newest = events.iter().map(|event| event.info);
    let mut infos: Vec<_> = newest.filter(|info| !info.is_superseded()).collect();
    infos.sort_by_key(|info| (info.file(), info.line()));
    let mut by_name: HashMap<&'static str, &'static EventInfo> =
        HashMap::with_capacity(infos.len());
    for second in infos {
        let name = second.name();
        let Some(first) = by_name.insert(name, second) else {
            continue;
        };
        // Two types in two blocks of one function share a path, which is allowed.
        if second.declared_name().is_none() && first.file() == second.file() {
            continue;
        }
        problems.push(
            Problem::new(
                ProblemKind::EventNameTwice,
                format!(
                    "two event types are named `{name}`: `{}` and `{}`",
                    first.type_name(),
                    second.type_name()
                ),
            )
            .at(first.file(), first.line())
            .at(second.file(), second.line())
            .help(
                "give one of them another `name`; if both are one type, two versions of its \
                   crate are linked: `cargo tree --duplicates` shows who needs which",
            ),
        );
    }
}

/// Checks that each handler of an event has a path of its own; the handlers of two copies of a crate
/// share theirs. `handlers` must be sorted, so that two handlers with one path are neighbours.
pub(crate) fn handler_twice(handlers: &[&'static dyn Registered], problems: &mut Vec<Problem>) {
    for pair in handlers.windows(2) {
        let (other, handler) = (pair[0], pair[1]);
        if other.name() != handler.name() {
            continue;
        }
        let (first, second) = (other.spec(), handler.spec());
        let copies =
            first.package == second.package && first.package_version != second.package_version;
        let help = if copies {
            let version = |version: Option<&str>| version.unwrap_or("?").to_owned();
            let mut versions = [
                version(first.package_version),
                version(second.package_version),
            ];
            versions.sort();
            format!(
                "`{}` is linked twice, in versions {} and {}, and each copy would handle every \
                 event; make all crates depend on one version (`cargo tree --duplicates`)",
                first.package.unwrap_or("the crate"),
                versions[0],
                versions[1],
            )
        } else {
            "rename one of them; if they are one function, its crate is linked twice: `cargo \
             tree --duplicates` shows who needs which"
                .to_owned()
        };
        let mut executors = [(first.file, first.line), (second.file, second.line)];
        executors.sort_unstable();
        problems.push(
            Problem::new(
                ProblemKind::HandlerTwice,
                format!("two handlers are `{}`", handler.name()),
            )
            .at(executors[0].0, executors[0].1)
            .at(executors[1].0, executors[1].1)
            .help(help),
        );
    }
}

/// Checks that each event has as many handlers in the program as it declares. Catch-alls do not count, nor do
/// handlers of opt-in modules that the builder does not name.
pub(crate) fn cardinality(
    events: &[&'static EventEntry],
    linked: &[&'static dyn Registered],
    selection: &Selection,
    problems: &mut Vec<Problem>,
) {
    let free = Cardinality { min: 0, max: None };
    if events.iter().all(|event| event.info.handlers() == free) {
        return;
    }
    let mut handlers: ByType<Vec<&'static dyn Registered>> = ByType::default();
    for handler in linked {
        if let Some(info) = handler.event()
            && selection.has(*handler)
        {
            handlers.entry(info.type_id()).or_default().push(*handler);
        }
    }
    for info in events.iter().map(|event| event.info) {
        let Cardinality { min, max } = info.handlers();
        let found = handlers.get(&info.type_id()).map_or(&[][..], Vec::as_slice);
        let help = if found.len() < min {
            if selection.allow_unhandled.contains(&info.type_id()) {
                continue;
            }
            let event = crate::type_name::short(info.type_name());
            format!(
                "write the handler, link its crate by naming its module in the builder \
                 (`.module(its_crate::MODULE)`), or say `.allow_unhandled::<{event}>()`"
            )
        } else if max.is_some_and(|max| found.len() > max) {
            let mut names: Vec<_> = found.iter().map(|handler| handler.name()).collect();
            names.sort_unstable();
            format!(
                "its handlers are `{}`; remove `#[handler]` from one",
                names.join("`, `")
            )
        } else {
            continue;
        };
        problems.push(
            Problem::new(
                ProblemKind::Cardinality,
                format!(
                    "event `{}` has {} and must have {}",
                    info.name(),
                    Counted::new(found.len(), "handler", "handlers"),
                    info.handlers()
                ),
            )
            .at(info.file(), info.line())
            .help(help),
        );
    }
}

/// Checks that each function that `after` or `before` names is a handler that shares an event with the
/// handler that names it.
pub(crate) fn order_names(
    linked: &[&'static dyn Registered],
    events: &[&'static EventInfo],
    problems: &mut Vec<Problem>,
) {
    let handles = |handler: &dyn Registered, event: &EventInfo| match handler.event() {
        Some(info) => info.type_id() == event.type_id(),
        None => sees(handler.pattern(), event),
    };
    let mut check = |handler: &'static dyn Registered, key: &str, named: &FunctionId| {
        let Some(other) = linked.iter().find(|other| other.id() == named.id) else {
            problems.push(
                at_handler(
                    ProblemKind::OrderUnrelated,
                    handler,
                    &format!("says `{key} = {}`, which is no handler", named.name()),
                )
                .help("add `#[handler]` to that function, or name another"),
            );
            return;
        };
        let catch_alls = handler.event().is_none() && other.event().is_none();
        let mut both = events
            .iter()
            .map(|event| handles(handler, event) && handles(*other, event));
        if !both.any(|shared| shared) && !catch_alls {
            let theirs = other.event().map_or("other events", EventInfo::name);
            let ours = handler.event().map_or("other events", EventInfo::name);
            let spec = other.spec();
            problems.push(
                at_handler(
                    ProblemKind::OrderUnrelated,
                    handler,
                    &format!(
                        "says `{key} = {}`, but that one handles `{theirs}` and this one `{ours}`",
                        named.name()
                    ),
                )
                .at(spec.file, spec.line)
                .help(
                    "order is between handlers of one event; to run after the other's event, \
                     return an event from it and handle that",
                ),
            );
        }
    };
    for handler in linked {
        let spec = handler.spec();
        spec.after
            .iter()
            .for_each(|named| check(*handler, "after", named));
        spec.before
            .iter()
            .for_each(|named| check(*handler, "before", named));
    }
}

pub(crate) fn order_cycle(event: &EventInfo, cycle: &[&'static dyn Registered]) -> Problem {
    let names: Vec<_> = cycle.iter().map(|handler| handler.name()).collect();
    let mut problem = Problem::new(
        ProblemKind::OrderCycle,
        format!(
            "the handlers of `{}` wait for each other: `{}` waits for `{}`",
            event.name(),
            names.join("` waits for `"),
            names.first().unwrap_or(&""),
        ),
    );
    for handler in cycle {
        problem = problem.at(handler.spec().file, handler.spec().line);
    }
    problem.help("remove one `after` or `before` among them")
}

pub(crate) fn pattern_without_match(
    handler: &'static dyn Registered,
    pattern: &str,
    names: impl Iterator<Item = &'static str>,
) -> Problem {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    let help = match names.as_slice() {
        [] => "no linked event declares a name; add `#[event(name = \"…\")]` to one".to_owned(),
        names => {
            let shown: Vec<_> = names
                .iter()
                .take(8)
                .map(|name| format!("`{name}`"))
                .collect();
            let more = names.len() - shown.len();
            let tail = if more == 0 {
                String::new()
            } else {
                format!(" and {more} more")
            };
            format!("the declared names are {}{tail}", shown.join(", "))
        }
    };
    at_handler(
        ProblemKind::PatternWithoutMatch,
        handler,
        &format!("says `events = \"{pattern}\"`, which matches no event"),
    )
    .help(help)
}

/// Refuses handlers that need a runtime, when there is none: those that are async or have a queue that is
/// no `LocalQueue`; and such queues that the builder names. All of them are one problem, since one fix
/// serves all.
pub(crate) fn runtime(
    handlers: &[&'static dyn Registered],
    choices: &QueueChoices,
    problems: &mut Vec<Problem>,
) {
    let needs_one = |handler: &&&dyn Registered| match handler.spec().queue {
        Some(queue) => !queue().declared().local,
        None => handler.spec().executor_kind() != ExecutorKind::Inline,
    };
    let needing: Vec<_> = handlers.iter().filter(needs_one).collect();
    let queues = choices.named.iter().map(|(queue, _)| queue.declared());
    let queues: Vec<_> = queues.filter(|queue| !queue.local).collect();
    if needing.is_empty() && queues.is_empty() {
        return;
    }
    let (what, help) = if cfg!(feature = "tokio") {
        (
            "handlers that are `async` or have a queue need a tokio runtime, and there is none",
            "call `.build()` inside of `#[tokio::main]`, or give the builder a runtime: \
             `.runtime(runtime.handle().clone())`",
        )
    } else {
        (
            "handlers that are `async` or have a queue need the feature `tokio` of `event-core`",
            "in Cargo.toml: event-core = { version = \"0.1\", features = [\"tokio\"] }; a \
             `LocalQueue` does without it",
        )
    };
    let problem = Problem::new(ProblemKind::MissingRuntime, what.to_owned()).help(help);
    let problem = queues.into_iter().fold(problem, |problem, queue| {
        problem.at_named(queue.at.file(), queue.at.line(), queue.name)
    });
    problems.push(needing.into_iter().fold(problem, |problem, handler| {
        let spec = handler.spec();
        problem.at_named(spec.file, spec.line, handler.name())
    }));
}

/// Checks that `after` and `before` are between handlers that run in the same way.
pub(crate) fn rungs(handlers: &[&'static dyn Registered], problems: &mut Vec<Problem>) {
    let runs = |executor_kind| match executor_kind {
        ExecutorKind::Inline => "inline",
        ExecutorKind::Async => "as an `async fn`",
        ExecutorKind::Queued => "through a queue",
        ExecutorKind::Durable => "from an outbox",
        ExecutorKind::BeforeCommit => "before a commit",
    };
    let mut check = |handler: &'static dyn Registered, key: &str, named: &FunctionId| {
        let Some(other) = handlers.iter().find(|other| other.id() == named.id) else {
            return;
        };
        let (ours, theirs) = (handler.spec().executor_kind(), other.spec().executor_kind());
        if ours == theirs && ours != ExecutorKind::Queued {
            return;
        }
        problems.push(
            at_handler(
                ProblemKind::OrderAcrossExecutors,
                handler,
                &format!(
                    "says `{key} = {}`, but that one runs {} and this one {}",
                    named.name(),
                    runs(theirs),
                    runs(ours)
                ),
            )
            .at(other.spec().file, other.spec().line)
            .help(
                "return an event from the one that comes first, and let the other handle that; \
                 `priority` orders what is started first",
            ),
        );
    };
    for handler in handlers {
        let spec = handler.spec();
        let mut each = |key, named: &[FunctionId]| {
            for named in named {
                check(*handler, key, named);
            }
        };
        each("after", spec.after);
        each("before", spec.before);
    }
}
