//! Rules of `&mut S`: which queue lends it, to which handlers, and its position.

use super::parse::Keys;
use super::signature::{Argument, Handler, Lent};
use crate::diagnostics::Diagnostics;
use crate::text::compact;

/// Reports one error for each `&mut`, the first that applies, since its fix may remove the cause of the
/// next one.
pub(super) fn check(keys: &Keys, handler: &Handler<'_>, diagnostics: &mut Diagnostics) {
    for (index, lent) in handler.lent().enumerate() {
        if keys.transaction().is_some() {
            if index == 0 {
                too_late(lent, handler, "its transaction", diagnostics);
            }
        } else if handler.is_async() {
            to_async(lent, keys, handler, diagnostics);
        } else if !keys.means_queue {
            by_nobody(lent, handler, diagnostics);
        } else if index > 0 {
            twice(lent, handler, diagnostics);
        } else {
            too_late(lent, handler, "what its queue lends", diagnostics);
        }
    }
}

fn to_async(lent: &Lent, keys: &Keys, handler: &Handler<'_>, diagnostics: &mut Diagnostics) {
    let (name, ty) = (handler.name(), compact(&lent.ty));
    let queue = match keys.queue {
        Some(_) => String::new(),
        None => format!(" and {}", add_a_queue(&ty)),
    };
    diagnostics.error(
        lent.mutable,
        format!(
            "handler `{name}` is `async`, and would keep `&mut {ty}` while its owner does \
             something else"
        ),
        format!("remove `async`{queue}; or {}", shared(lent)),
    );
}

fn by_nobody(lent: &Lent, handler: &Handler<'_>, diagnostics: &mut Diagnostics) {
    let (name, ty) = (handler.name(), compact(&lent.ty));
    let place = if is_second(lent, handler) {
        ""
    } else {
        "make it the second parameter, and "
    };
    diagnostics.error(
        lent.mutable,
        format!(
            "handler `{name}` takes `&mut {ty}`, but handlers share their dependencies, and it has \
             no `queue` that lends one"
        ),
        format!("{}; or {place}{}", shared(lent), add_a_queue(&ty)),
    );
}

fn twice(lent: &Lent, handler: &Handler<'_>, diagnostics: &mut Diagnostics) {
    let types: Vec<String> = handler
        .lent()
        .map(|it| format!("`{}`", compact(&it.ty)))
        .collect();
    diagnostics.error(
        lent.mutable,
        format!(
            "handler `{}` takes a second `&mut`, but a queue lends one thing",
            handler.name()
        ),
        format!(
            "put {} into one struct, and take `&mut` of that",
            types.join(" and ")
        ),
    );
}

fn too_late(lent: &Lent, handler: &Handler<'_>, what: &str, diagnostics: &mut Diagnostics) {
    if is_second(lent, handler) {
        return;
    }
    let (name, ty) = (handler.name(), compact(&lent.ty));
    let asynchronous = if handler.is_async() { "async " } else { "" };
    let inputs = handler.function.signature.inputs.iter().map(compact);
    let mut inputs: Vec<String> = inputs.filter(|input| *input != lent.input).collect();
    inputs.insert(1 + usize::from(handler.is_method()), lent.input.clone());
    diagnostics.error(
        lent.mutable,
        format!("handler `{name}` takes `&mut {ty}` too late: {what} comes right after the event"),
        format!("write `{asynchronous}fn {name}({})`", inputs.join(", ")),
    );
}

/// Whether the parameter is right after the event.
fn is_second(lent: &Lent, handler: &Handler<'_>) -> bool {
    let mut pairs = handler
        .arguments
        .iter()
        .zip(handler.arguments.iter().skip(1));
    pairs.any(|pair| {
        matches!(pair, (Argument::Event, Argument::Lent(second)) if std::ptr::eq(second, lent))
    })
}

fn add_a_queue(ty: &str) -> String {
    format!("add `queue = UI` of a `static UI: LocalQueue<{ty}>`")
}

fn shared(lent: &Lent) -> String {
    let ty = compact(&lent.ty);
    format!(
        "write `{}: &{ty}`, with a `Mutex` or an atomic inside `{ty}`",
        lent.variable
    )
}
