//! Rules of delivery: what `async` and `queue` allow, and what only an inline handler may do.

use proc_macro2::{Ident, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

use super::lent;
use super::parse::Keys;
use super::retry;
use super::signature::Handler;
use super::transaction;
use crate::diagnostics::Diagnostics;
use crate::text::compact;

/// The most parameters beside its event that an `async` handler may have.
const MOST_SLOTS: usize = 8;

pub(crate) fn check(keys: &Keys, handler: &Handler<'_>, diagnostics: &mut Diagnostics) {
    timeout(keys, handler, diagnostics);
    concurrency(keys, handler, diagnostics);
    retry::check(keys, handler, diagnostics);
    order(keys, handler, diagnostics);
    lent::check(keys, handler, diagnostics);
    transaction::check(keys, handler, diagnostics);
    control_flow(keys, handler, diagnostics);
    slots(handler, diagnostics);
}

fn timeout(keys: &Keys, handler: &Handler<'_>, diagnostics: &mut Diagnostics) {
    let Some(timeout) = &keys.timeout else { return };
    if !handler.is_async() {
        let name = handler.name();
        diagnostics.error(
            &timeout.key,
            format!(
                "`timeout` on handler `{name}`, which is not `async`: a plain `fn` cannot be \
                 interrupted"
            ),
            format!("write `{}`, or remove `timeout`", asynchronous(handler)),
        );
    }
}

fn concurrency(keys: &Keys, handler: &Handler<'_>, diagnostics: &mut Diagnostics) {
    let Some(concurrency) = &keys.concurrency else {
        return;
    };
    if keys.transaction().is_some() {
        return;
    }
    let name = handler.name();
    if let Some(queue) = &keys.queue {
        let queue = compact(&queue.value);
        let help = if handler.lent().next().is_some() {
            format!("remove `concurrency`: `{queue}` lends to one delivery after another")
        } else {
            let consumers = concurrency.value;
            format!("remove `concurrency`, and write `.consumers({consumers})` on `{queue}`")
        };
        diagnostics.error(
            &concurrency.key,
            format!(
                "`concurrency` on handler `{name}`, which has a `queue`: that bounds how many \
                 deliveries run at once"
            ),
            help,
        );
    } else if !handler.is_async() && !keys.means_queue {
        diagnostics.error(
            &concurrency.key,
            format!(
                "`concurrency` on handler `{name}`, which is not `async`: it runs on the \
                 emitter's stack"
            ),
            format!("write `{}`, or remove `concurrency`", asynchronous(handler)),
        );
    }
}

/// Returns `async fn notify(event: &OrderPlaced) -> Result<(), HttpError>`.
pub(super) fn asynchronous(handler: &Handler<'_>) -> String {
    let signature = &handler.function.signature;
    let (name, inputs) = (&signature.ident, compact(&signature.inputs));
    let (generics, output) = (compact(&signature.generics), compact(&signature.output));
    format!("async fn {name}{generics}({inputs}){output}")
}

fn order(keys: &Keys, handler: &Handler<'_>, diagnostics: &mut Diagnostics) {
    if keys.queue.is_none() || keys.transaction().is_some() {
        return;
    }
    let name = handler.name();
    let mut refuse = |key: &Ident, help: String| {
        diagnostics.error(
            key,
            format!(
                "`{key}` on handler `{name}`, which has a `queue`: a queue keeps order only \
                 between events of one `key`"
            ),
            help,
        );
    };
    if let Some(after) = keys.after.as_ref().filter(|it| !it.value.is_empty()) {
        let other = list(&after.value);
        refuse(
            &after.key,
            format!(
                "remove `after`, let {other} return an event, and handle that event in `{name}`"
            ),
        );
    }
    if let Some(before) = keys.before.as_ref().filter(|it| !it.value.is_empty()) {
        let other = list(&before.value);
        refuse(
            &before.key,
            format!(
                "remove `before`, let `{name}` return an event, and handle that event in {other}"
            ),
        );
    }
}

fn list(functions: &[TokenStream]) -> String {
    let names: Vec<String> = functions
        .iter()
        .map(|it| format!("`{}`", compact(it)))
        .collect();
    names.join(" and ")
}

/// Refuses `ControlFlow` of a handler that runs after the emission, which it cannot stop any more.
fn control_flow(keys: &Keys, handler: &Handler<'_>, diagnostics: &mut Diagnostics) {
    let queue = keys.queue.as_ref().map(|queue| compact(&queue.value));
    let transaction = keys.transaction().map(Ident::to_string);
    let (is, remove) = match (handler.is_async(), queue) {
        (false, None) if transaction.is_none() => return,
        (_, None) if transaction.is_some() => {
            let key = transaction.unwrap_or_default();
            ("runs in or after a transaction", format!("`{key}`"))
        }
        (false, None) => return,
        (true, None) => ("is `async`", "`async`".to_owned()),
        (false, Some(queue)) => ("has a `queue`", format!("`queue = {queue}`")),
        (true, Some(queue)) => (
            "is `async` and has a `queue`",
            format!("`async` and `queue = {queue}`"),
        ),
    };
    let name = handler.name();
    if let Some(control_flow) = find_control_flow(handler.output.to_token_stream()) {
        diagnostics.error(
            control_flow,
            format!("handler `{name}` {is}, and only an inline handler can stop an emission"),
            format!("remove {remove}, or write a return type without `ControlFlow`"),
        );
    }
}

/// Finds `ControlFlow<...>`, however deep.
fn find_control_flow(tokens: TokenStream) -> Option<Ident> {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => {
                if let Some(found) = find_control_flow(group.stream()) {
                    return Some(found);
                }
            }
            TokenTree::Ident(word) if word == "ControlFlow" => {
                let generic = |next: &TokenTree| match next {
                    TokenTree::Punct(next) => {
                        next.as_char() == '<'
                            || (next.as_char() == ':' && next.spacing() == Spacing::Joint)
                    }
                    _ => false,
                };
                if tokens.peek().is_some_and(generic) {
                    return Some(word);
                }
            }
            _ => {}
        }
    }
    None
}

fn slots(handler: &Handler<'_>, diagnostics: &mut Diagnostics) {
    let inputs = &handler.function.signature.inputs;
    // The event is one of the inputs, too.
    let first_too_many = inputs.iter().nth(MOST_SLOTS + 1);
    if let Some(first_too_many) = first_too_many.filter(|_| handler.is_async()) {
        diagnostics.error(
            first_too_many,
            format!(
                "handler `{}` is `async`, and takes {} parameters beside its event; {MOST_SLOTS} \
                 is the most",
                handler.name(),
                inputs.len() - 1
            ),
            "put some of them into one struct, and take that by reference",
        );
    }
}
