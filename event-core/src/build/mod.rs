//! Wires a program: chooses the handlers, checks them, orders them, and binds them.
//!
//! All problems are reported together, so that a user fixes them in one build and not in five.

pub(crate) mod checks;
pub(crate) mod delays;
pub(crate) mod linked;
pub(crate) mod module;
pub(crate) mod order;
pub(crate) mod queues;
pub(crate) mod registry;
pub(crate) mod selection;
pub(crate) mod transactions;
pub(crate) mod versions;

use std::any::TypeId;
use std::sync::Arc;

use crate::build::queues::{CausalEdge, QueueChoices};
use crate::build::registry::EventEntry;
use crate::build::selection::Selection;
use crate::build::transactions::Lends;
use crate::engine::plan::bound::{CatchAll, HandlerList};
use crate::engine::plan::executor::Executors;
use crate::engine::plan::handlers::{EventKind, TableEntry};
use crate::engine::plan::pattern::sees;
use crate::engine::plan::planned::PlannedHandler;
use crate::engine::plan::provided::Provided;
use crate::engine::queue::live::LiveQueue;
use crate::handler::registered::Registered;
use crate::handler::resolver::Resolver;
use crate::handler_info::spec::ExecutorKind;
use crate::log;
use crate::prehashed::ByType;
use crate::problem::{BuildError, Problem, ProblemKind};
use crate::runtime::Runtime;

/// The wired program, from which the dispatcher is made.
pub(crate) struct Wired {
    pub(crate) table: Vec<Option<TableEntry>>,
    pub(crate) generic: ByType<TableEntry>,
    pub(crate) catch_alls: Vec<(&'static PlannedHandler, CatchAll)>,
    pub(crate) queues: Vec<Arc<LiveQueue>>,
    pub(crate) executors: Executors,
    /// The number of handlers, and that of linked handlers that the selection leaves out.
    pub(crate) handlers: usize,
    pub(crate) left_out: usize,
    /// Whether a handler asks for the identity of emissions.
    pub(crate) needs_meta: bool,
}

/// One event type and its handlers while the program is wired.
struct HandlersOfEvent {
    kind: EventKind,
    handlers: Vec<&'static dyn Registered>,
}

/// Wires the linked program as `selection` restricts it. `lends` is what its outbox lends to handlers, if it has
/// an outbox.
///
/// # Errors
///
/// Every problem there is.
#[allow(
    clippy::too_many_arguments,
    reason = "they are the parts of a builder, which is above this layer"
)]
pub(crate) fn wire(
    name: Option<&str>,
    selection: &Selection,
    provided: &Provided,
    runtime: Option<&Runtime>,
    choices: &QueueChoices,
    lends: Option<Lends>,
    mut problems: Vec<Problem>,
    watch: u8,
) -> Result<Wired, BuildError> {
    let linked = selection.linked();
    let events: Vec<_> = registry::events().collect();
    checks::events(&events, &mut problems);
    versions::check(&events, &mut problems);
    selection.check(&linked, &mut problems);
    if selection.checks_cardinality() {
        checks::cardinality(&events, &linked, selection, &mut problems);
    }

    let chosen: Vec<_> = linked
        .iter()
        .copied()
        .filter(|handler| selection.chooses(*handler))
        .collect();

    let lines = lines(&events, &linked, &chosen, selection, &mut problems);
    let infos: Vec<_> = lines.values().map(|line| line.kind.info()).collect();
    checks::order_names(&linked, &infos, &mut problems);

    if runtime.is_none() {
        checks::runtime(&chosen, choices, &mut problems);
    }
    delays::check(&chosen, &infos, choices, runtime, &mut problems);
    checks::rungs(&chosen, &mut problems);
    transactions::check(&chosen, lends, &mut problems);

    let event_types: Vec<TypeId> = lines.keys().copied().collect();
    let is_event = |id| event_types.contains(&id);
    let mut resolver = Resolver::new(provided, &is_event);
    let catch_alls: Vec<(&'static dyn Registered, CatchAll)> = chosen
        .iter()
        .filter(|handler| handler.event().is_none())
        .filter_map(|handler| {
            resolver.start(*handler);
            Some((*handler, handler.bind_catch_all(&mut resolver)?))
        })
        .collect();
    let has_scheduler = runtime.is_some_and(Runtime::has_scheduler);
    let mut executors = Executors::default();
    let mut hops = Vec::new();

    let mut table = Vec::new();
    let mut generic = ByType::default();
    for line in lines.into_values() {
        let kind = line.kind;
        let (list, handlers) = bind(
            line,
            selection,
            &catch_alls,
            &mut resolver,
            &mut hops,
            &mut problems,
        );
        let list = if has_scheduler {
            list.without_ports()
        } else {
            list
        };
        let is_handled = !handlers.is_empty() || selection.fakes(kind.info());
        if !is_handled && !kind.info().is_superseded() {
            let event = kind.info();
            let (file, line) = (event.file(), event.line());
            log::unhandled(name, event.name(), event.type_name(), file, line);
        }
        let entry = TableEntry::new(kind, list, handlers, &mut executors, watch);
        transactions::lent(&entry.transactional, lends, &mut problems);
        place(kind, entry, &mut table, &mut generic);
    }
    for handler in chosen.iter().filter_map(|handler| handler.spec().queue) {
        executors.index(handler());
    }
    for (queue, _) in &choices.named {
        executors.index(*queue);
    }
    let queues = queues::lines(
        &mut executors,
        &chosen,
        choices,
        has_scheduler,
        &mut problems,
    );
    queues::deadlocks(&hops, &queues, &mut problems);
    let needs_meta = resolver.makes_meta();
    problems.extend(resolver.into_problems());
    if let Some(error) = BuildError::of(problems) {
        return Err(error);
    }
    provided
        .untaken()
        .for_each(|dependency| log::untaken(name, dependency));
    let catch_alls = in_order(catch_alls);
    Ok(Wired {
        table,
        generic,
        catch_alls,
        queues,
        executors,
        handlers: chosen.len(),
        left_out: linked.len() - chosen.len(),
        needs_meta,
    })
}

/// Returns a line for each event type: those of the registry, and those that only a handler or the builder names,
/// which are generic or were lost by the linker.
fn lines(
    events: &[&'static EventEntry],
    linked: &[&'static dyn Registered],
    chosen: &[&'static dyn Registered],
    selection: &Selection,
    problems: &mut Vec<Problem>,
) -> ByType<HandlersOfEvent> {
    let average = chosen.len() / events.len().max(1) + 1;
    let mut lines: ByType<HandlersOfEvent> = ByType::with_capacity_and_hasher(
        events.len() + chosen.len() / 8,
        std::hash::BuildHasherDefault::default(),
    );
    for kind in events
        .iter()
        .map(|event| event.kind)
        .chain(linked.iter().filter_map(|handler| handler.kind()))
        .chain(selection.fakes.iter().copied())
    {
        lines
            .entry(kind.info().type_id())
            .or_insert_with(|| HandlersOfEvent {
                kind,
                handlers: Vec::with_capacity(average),
            });
    }
    for handler in chosen {
        match handler.event() {
            Some(info) => {
                if let Some(line) = lines.get_mut(&info.type_id()) {
                    line.handlers.push(*handler);
                }
            }
            None => join_catch_all(*handler, &mut lines, problems),
        }
    }
    for fake in &selection.fakes {
        if let Some(line) = lines.get_mut(&fake.info().type_id()) {
            line.handlers.clear();
        }
    }
    lines
}

/// Sorts the catch-alls as they run.
fn in_order(
    mut catch_alls: Vec<(&'static dyn Registered, CatchAll)>,
) -> Vec<(&'static PlannedHandler, CatchAll)> {
    let mut sorted: Vec<_> = catch_alls.iter().map(|(handler, _)| *handler).collect();
    order::sort(&mut sorted);
    // There is no cycle: the handlers of each event were constrained before.
    let _ = order::constrain(&mut sorted);
    catch_alls.sort_by_key(|(handler, _)| sorted.iter().position(|s| s.id() == handler.id()));
    catch_alls
        .into_iter()
        .map(|(handler, catch_all)| (handler.planned(), catch_all))
        .collect()
}

/// Adds a catch-all to the lines of the events it sees.
fn join_catch_all(
    handler: &'static dyn Registered,
    lines: &mut ByType<HandlersOfEvent>,
    problems: &mut Vec<Problem>,
) {
    let mut seen = false;
    for line in lines.values_mut() {
        if sees(handler.pattern(), line.kind.info()) {
            line.handlers.push(handler);
            seen = true;
        }
    }
    if let (false, Some(pattern)) = (seen, handler.pattern()) {
        problems.push(checks::pattern_without_match(
            handler,
            pattern,
            lines
                .values()
                .filter_map(|line| line.kind.info().declared_name()),
        ));
    }
}

/// Orders and binds the handlers of one event.
fn bind(
    line: HandlersOfEvent,
    selection: &Selection,
    catch_alls: &[(&'static dyn Registered, CatchAll)],
    resolver: &mut Resolver<'_>,
    hops: &mut Vec<CausalEdge>,
    problems: &mut Vec<Problem>,
) -> (HandlerList, Vec<&'static PlannedHandler>) {
    let HandlersOfEvent { kind, mut handlers } = line;
    order::sort(&mut handlers);
    checks::handler_twice(&handlers, problems);
    if let Err(cycle) = order::constrain(&mut handlers) {
        problems.push(checks::order_cycle(kind.info(), &cycle));
    }
    let inline = handlers
        .iter()
        .filter(|handler| handler.spec().executor_kind() == ExecutorKind::Inline);
    let mut list = kind.new_list(inline.count());
    for handler in &handlers {
        if handler.spec().queue.is_some() {
            hops.push(CausalEdge {
                from: kind.info(),
                handler: *handler,
                to: None,
            });
        }
        if handler.event().is_some() {
            resolver.start(*handler);
            match selection.replacement(*handler) {
                None => handler.bind(resolver, &mut list),
                Some(replacement) => {
                    let spec = &handler.planned().declaration.spec;
                    replacement.bind(spec, resolver, &mut list);
                }
            }
            let caused = std::mem::take(resolver.caused());
            hops.extend(caused.0.into_iter().map(|to| CausalEdge {
                from: kind.info(),
                handler: *handler,
                to: Some(to),
            }));
        } else if let Some((_, catch_all)) = catch_alls
            .iter()
            .find(|(other, _)| other.id() == handler.id())
        {
            list.push_catch_all(catch_all.clone());
        }
    }
    let planned = handlers.iter().map(|handler| handler.planned());
    (list, planned.collect())
}

/// Puts an event's entry where an emit looks for it.
fn place(
    kind: EventKind,
    entry: TableEntry,
    table: &mut Vec<Option<TableEntry>>,
    generic: &mut ByType<TableEntry>,
) {
    match kind.slot() {
        Some(slot) => {
            let index = slot.assign();
            if table.len() <= index {
                table.resize_with(index + 1, || None);
            }
            table[index] = Some(entry);
        }
        None => {
            generic.insert(kind.info().type_id(), entry);
        }
    }
}

/// Makes a problem that is located at a handler.
fn at_handler(kind: ProblemKind, handler: &dyn Registered, what: &str) -> Problem {
    let spec = handler.spec();
    Problem::new(kind, format!("handler `{}` {what}", handler.name())).at(spec.file, spec.line)
}
