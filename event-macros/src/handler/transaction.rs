//! Rules of handlers whose deliveries an outbox makes: `durable`, with its `id` and `alias`, and `before_commit`.

use proc_macro2::Ident;
use quote::ToTokens;

use super::delivery;
use super::parse::Keys;
use super::signature::{Event, Handler};
use crate::diagnostics::Diagnostics;
use crate::text::compact;

impl Keys {
    /// The key that says that an outbox makes the deliveries.
    pub(super) fn transaction(&self) -> Option<&Ident> {
        self.durable.as_ref().or(self.before_commit.as_ref())
    }
}

pub(super) fn check(keys: &Keys, handler: &Handler<'_>, diagnostics: &mut Diagnostics) {
    let name = handler.name();
    if keys.durable.is_none() {
        for (key, found) in [
            ("id", keys.id.as_ref().map(|it| &it.key)),
            ("alias", keys.alias.as_ref().map(|it| &it.key)),
        ] {
            let Some(found) = found else { continue };
            diagnostics.error(
                found,
                format!(
                    "`{key}` on handler `{name}`, which is not `durable`: nothing of it is stored under an id"
                ),
                format!("add `durable`, or remove `{key}`"),
            );
        }
    }
    let Some(key) = keys.transaction() else {
        return;
    };
    if let (Some(_), Some(before_commit)) = (&keys.durable, &keys.before_commit) {
        diagnostics.error(
            before_commit,
            format!(
                "handler `{name}` is both `durable`, which is after the commit, and `before_commit`"
            ),
            "keep one of the two, or write two handlers",
        );
    }
    if let (Some(durable), None, true) = (&keys.durable, &keys.id, keys.is_complete) {
        diagnostics.error(
            durable,
            format!("handler `{name}` is `durable`, and has no id to store its deliveries under"),
            format!(
                "add `id = \"my_app.{name}\"`, which stays as it is when the function is renamed or moved"
            ),
        );
    }
    if let Event::Any = handler.event {
        diagnostics.error(
            key,
            format!("catch-all handler `{name}` is `{key}`"),
            "write one handler for each event, as in `event: &OrderPlaced`",
        );
    }
    without_order(key, keys, handler, diagnostics);
    lent(key, handler, diagnostics);
}

/// Refuses keys that a delivery from an outbox has no use for.
fn without_order(key: &Ident, keys: &Keys, handler: &Handler<'_>, diagnostics: &mut Diagnostics) {
    let name = handler.name();
    let ordered = keys.retry.as_ref().and_then(|retry| retry.value.ordered());
    let is_durable = keys.durable.is_some();
    let refused = [
        (
            keys.queue.as_ref().map(|it| &it.key),
            "the outbox is its queue",
            "remove `queue`, or `durable`; `concurrency` limits how many deliveries run at once",
        ),
        (
            keys.after.as_ref().map(|it| &it.key),
            "its deliveries wait for no other handler",
            "let the other handler return an event, and handle that one",
        ),
        (
            keys.before.as_ref().map(|it| &it.key),
            "no other handler waits for its deliveries",
            "return an event, and let the other handler handle that one",
        ),
        (
            keys.priority_key.as_ref().filter(|_| is_durable),
            "its deliveries are made in the order in which they are due",
            "remove `priority`",
        ),
        (
            ordered.filter(|_| is_durable),
            "deliveries of one `key` keep their order in any case",
            "remove `ordered`",
        ),
        (
            keys.concurrency
                .as_ref()
                .map(|it| &it.key)
                .filter(|_| !is_durable),
            "it is called by the one who commits",
            "remove `concurrency`",
        ),
        (
            keys.retry
                .as_ref()
                .map(|it| &it.key)
                .filter(|_| !is_durable),
            "its failure makes the commit fail, and the emitter decides what follows",
            "remove `retry`, and try the whole transaction again",
        ),
    ];
    for (found, why, help) in refused {
        let Some(found) = found else { continue };
        diagnostics.error(
            found,
            format!("`{found}` on handler `{name}`, which is `{key}`: {why}"),
            help,
        );
    }
}

/// Refuses a plain `fn` that is lent the transaction, whose statements are awaited.
fn lent(key: &Ident, handler: &Handler<'_>, diagnostics: &mut Diagnostics) {
    let name = handler.name();
    if let Some(second) = handler.lent().nth(1) {
        diagnostics.error(
            second.mutable,
            format!("handler `{name}` takes a second `&mut`, but it is lent its transaction alone"),
            format!("remove `{}`", second.input),
        );
        return;
    }
    let Some(lent) = handler.lent().next().filter(|_| !handler.is_async()) else {
        return;
    };
    let ty = compact(lent.ty.to_token_stream());
    diagnostics.error(
        lent.mutable,
        format!(
            "handler `{name}` is `{key}` and takes `&mut {ty}`, and is not `async`: the statements of a \
             transaction are awaited"
        ),
        format!("write `{}`", delivery::asynchronous(handler)),
    );
}
