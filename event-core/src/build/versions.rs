//! Checks what the whole program can decode: each name and version belongs to one type, and each
//! superseded event has a successor.

use std::collections::HashMap;

use crate::build::registry::EventEntry;
use crate::event::info::EventInfo;
use crate::problem::{Problem, ProblemKind};

pub(crate) fn check(events: &[&'static EventEntry], problems: &mut Vec<Problem>) {
    let mut infos: Vec<_> = events.iter().map(|event| event.info).collect();
    infos.sort_by_key(|info| (info.file(), info.line()));
    accepted(&infos, problems);
    superseded(&infos, problems);
}

fn accepted(infos: &[&'static EventInfo], problems: &mut Vec<Problem>) {
    let mut by_version: HashMap<(&str, u32), &'static EventInfo> = HashMap::new();
    for second in infos {
        for (name, version) in second.accepted() {
            let Some(first) = by_version.insert((name, version), second) else {
                continue;
            };
            // Two types that declare one name are reported by another check.
            if first.declared_name() == second.declared_name() {
                continue;
            }
            let help = if older(first).any(|ours| older(second).any(|theirs| is(ours, theirs))) {
                "both lead back to one type through `previous`: let one of them name another"
                    .to_owned()
            } else {
                format!("remove `{name}` from the `alias` of one of them")
            };
            problems.push(
                Problem::new(
                    ProblemKind::AcceptedTwice,
                    format!(
                        "two event types are decoded from `{name}` of version {version}: `{}` and \
                         `{}`",
                        first.type_name(),
                        second.type_name()
                    ),
                )
                .at(first.file(), first.line())
                .at(second.file(), second.line())
                .help(help),
            );
        }
    }
}

/// Returns the versions before this one, from the newest on.
fn older(info: &'static EventInfo) -> impl Iterator<Item = &'static EventInfo> {
    std::iter::successors(info.previous(), |info| info.previous())
}

fn is(left: &EventInfo, right: &EventInfo) -> bool {
    left.type_id() == right.type_id()
}

fn superseded(infos: &[&'static EventInfo], problems: &mut Vec<Problem>) {
    let successors: Vec<_> = infos.iter().filter_map(|info| info.previous()).collect();
    for info in infos.iter().filter(|info| info.is_superseded()) {
        if successors.iter().any(|it| is(it, info)) {
            continue;
        }
        let event = crate::type_name::short(info.type_name());
        problems.push(
            Problem::new(
                ProblemKind::NothingSupersedes,
                format!(
                    "`{}` is superseded, and no event says `previous = {event}`: what was written \
                     as version {} of `{}` cannot be decoded",
                    info.type_name(),
                    info.version(),
                    info.name(),
                ),
            )
            .at(info.file(), info.line())
            .help(format!(
                "say `version = {}, previous = {event}` on the type that replaces it, or remove \
                 `superseded`",
                info.version().saturating_add(1)
            )),
        );
    }
}
