//! The checks of handlers whose deliveries an outbox makes.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::plan::transactional::TransactionalHandler;
use crate::handler::registered::Registered;
use crate::handler_info::spec::InTransaction;
use crate::problem::{Problem, ProblemKind};
use crate::type_name::short;

/// What an outbox lends to handlers: the type, and its name.
pub(crate) type Lends = (TypeId, &'static str);

/// Checks that durable handlers have an outbox, and ids of their own.
pub(crate) fn check(
    handlers: &[&'static dyn Registered],
    lends: Option<Lends>,
    problems: &mut Vec<Problem>,
) {
    ids(handlers, problems);
    if lends.is_none() {
        outbox(handlers, problems);
    }
}

/// Refuses durable handlers without an outbox. All of them are one problem, since one fix serves all.
fn outbox(handlers: &[&'static dyn Registered], problems: &mut Vec<Problem>) {
    let needing = handlers
        .iter()
        .filter(|handler| handler.spec().is_transactional());
    let mut needing = needing.peekable();
    if needing.peek().is_none() {
        return;
    }
    let problem = Problem::new(
        ProblemKind::MissingOutbox,
        "handlers that are `durable` or `before_commit` need an outbox, and there is none".to_owned(),
    )
    .help(
        "add `.outbox(&outbox)` to the builder, with \
         `let outbox = event_outbox::sqlite::Outbox::open(\"app.db\").await?`; a dispatcher that does not \
         need the handlers leaves them out with `.without(…)`",
    );
    problems.push(needing.fold(problem, |problem, handler| {
        let spec = handler.spec();
        problem.at_named(spec.file, spec.line, handler.name())
    }));
}

/// Makes the problem of an outbox that another dispatcher has.
pub(crate) fn taken() -> Problem {
    Problem::new(
        ProblemKind::OutboxTaken,
        "the outbox belongs to another dispatcher".to_owned(),
    )
    .help("open an outbox for each dispatcher; clones of a dispatcher share one")
}

/// Checks that each id belongs to one durable handler, and each alias, too.
fn ids(handlers: &[&'static dyn Registered], problems: &mut Vec<Problem>) {
    let mut by_id: BTreeMap<&str, Vec<&'static dyn Registered>> = BTreeMap::new();
    for handler in handlers {
        let Some(InTransaction::Durable { id, aliases }) = handler.spec().transaction else {
            continue;
        };
        for id in [id].iter().chain(aliases) {
            by_id.entry(id).or_default().push(*handler);
        }
    }
    for (id, handlers) in by_id {
        if handlers.len() < 2 {
            continue;
        }
        let problem = Problem::new(
            ProblemKind::HandlerIdTwice,
            format!("several durable handlers have the id, or the alias, `{id}`"),
        )
        .help("give each an `id` of its own; stored deliveries are found by it");
        problems.push(handlers.iter().fold(problem, |problem, handler| {
            let spec = handler.spec();
            problem.at_named(spec.file, spec.line, handler.name())
        }));
    }
}

/// Checks that handlers take as `&mut` what the outbox lends.
pub(crate) fn lent(
    handlers: &[Arc<TransactionalHandler>],
    lends: Option<Lends>,
    problems: &mut Vec<Problem>,
) {
    let Some((lent, lends)) = lends else { return };
    for handler in handlers {
        let Some((_, taken)) = handler.lent().filter(|(taken, _)| *taken != lent) else {
            continue;
        };
        let handler = handler.handler;
        let (taken, lends) = (short(taken), short(lends));
        let what = format!(
            "handler `{}` takes `&mut {taken}`, and the outbox lends a `{lends}`",
            handler.name()
        );
        problems.push(
            Problem::new(ProblemKind::OtherTransaction, what)
                .at(handler.file(), handler.line())
                .help(format!(
                    "take `&mut {lends}`, or give the builder the outbox that lends a `{taken}`"
                )),
        );
    }
}
