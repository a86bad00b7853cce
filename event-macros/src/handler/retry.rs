//! The key `retry`: its own keys, the rules of which handlers may have it, and the policy that it becomes.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote_spanned;

use super::delivery;
use super::parse::Keys;
use super::signature::Handler;
use crate::diagnostics::Diagnostics;
use crate::keys::{Entry, Form, Key};
use crate::text::compact;

static RETRY: Form = Form {
    attribute: "retry(...)",
    place: "",
    example: "attempts = 5",
    keys: &[
        Key {
            name: "attempts",
            example: "attempts = 5",
        },
        Key {
            name: "backoff",
            example: "backoff = \"100ms..30s\"",
        },
        Key {
            name: "ordered",
            example: "ordered",
        },
        Key {
            name: "when",
            example: "when = is_temporary",
        },
    ],
    misplaced: &[
        ("max_attempts", "write `attempts = {value}`"),
        ("tries", "write `attempts = {value}`"),
        ("max_tries", "write `attempts = {value}`"),
        ("retries", RETRIES),
        ("max_retries", RETRIES),
        ("delay", BACKOFF),
        ("interval", BACKOFF),
        ("wait", BACKOFF),
        ("min", BACKOFF),
        ("max", BACKOFF),
        (
            "factor",
            "remove it: the bound of `backoff` doubles with each attempt",
        ),
        (
            "jitter",
            "remove it: each wait is random, up to the bound of `backoff`",
        ),
        ("filter", "write `when = {value}`"),
        ("on", "write `when = {value}`"),
        ("retry_if", "write `when = {value}`"),
        ("retry_on", "write `when = {value}`"),
        ("concurrency", "write `concurrency` beside `retry(...)`"),
        ("queue", "write `queue` beside `retry(...)`"),
        (
            "timeout",
            "write `timeout` beside `retry(...)`: it limits each attempt",
        ),
    ],
};

const RETRIES: &str = "write `attempts = {value + 1}`: the first call is an attempt, too";

const BACKOFF: &str = "write `backoff = \"100ms..30s\"`: the bounds of the waits between attempts";

/// The keys in `retry(...)`, each well formed by itself.
pub(crate) struct Retry {
    pub(crate) when: Option<TokenStream>,
    attempts: Option<u32>,
    /// The value of `attempts` if it is 1, which only a durable handler has a use for: others have no retry by default.
    one_attempt: Option<TokenStream>,
    /// The first bound and the last, in milliseconds.
    backoff: Option<(u64, u64)>,
    ordered: Option<Ident>,
}

impl Retry {
    pub(super) fn read(entry: &Entry, diagnostics: &mut Diagnostics) -> Self {
        const CONDITION: &str = "the name of a `fn(&YourError) -> bool`";
        let mut entries = Vec::new();
        RETRY.read(entry.value.clone(), &mut entries, diagnostics);
        let mut retry = Self {
            when: None,
            attempts: None,
            one_attempt: None,
            backoff: None,
            ordered: None,
        };
        for entry in entries {
            match entry.key.to_string().as_str() {
                "attempts" => {
                    retry.attempts = attempts(&entry, diagnostics);
                    retry.one_attempt = (retry.attempts == Some(1)).then_some(entry.value);
                }
                "backoff" => retry.backoff = entry.duration_range(diagnostics),
                "ordered" => retry.ordered = Some(entry.key),
                "when" => retry.when = entry.path(CONDITION, diagnostics),
                other => unreachable!("`{other}` is in the form and not read"),
            }
        }
        retry
    }

    pub(super) fn ordered(&self) -> Option<&Ident> {
        self.ordered.as_ref()
    }

    /// Generates the policy:
    ///
    /// ```text
    /// P::RetryPolicy::new().with_attempts(5).with_backoff_millis(100, 30000).ordered()
    /// ```
    ///
    /// A durable handler's begins with `P::RetryPolicy::durable()`.
    pub(super) fn policy(&self, is_durable: bool, private: &TokenStream) -> TokenStream {
        let mut policy = if is_durable {
            durable_policy(private)
        } else {
            quote_spanned!(Span::mixed_site()=> #private::RetryPolicy::new())
        };
        if let Some(attempts) = self.attempts {
            let attempts = Literal::u32_unsuffixed(attempts);
            policy.extend(quote_spanned!(Span::mixed_site()=> .with_attempts(#attempts)));
        }
        if let Some((first, last)) = self.backoff {
            let first = Literal::u64_unsuffixed(first);
            let last = Literal::u64_unsuffixed(last);
            policy.extend(quote_spanned!(Span::mixed_site()=> .with_backoff_millis(#first, #last)));
        }
        if self.ordered.is_some() {
            policy.extend(quote_spanned!(Span::mixed_site()=> .ordered()));
        }
        policy
    }
}

/// Generates the policy of a durable handler without `retry`.
pub(super) fn durable_policy(private: &TokenStream) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> #private::RetryPolicy::durable())
}

fn attempts(entry: &Entry, diagnostics: &mut Diagnostics) -> Option<u32> {
    const KIND: &str = "a positive `u32`";
    let attempts = entry.integer(KIND, diagnostics)?;
    if attempts == 0 {
        entry.expected(KIND, diagnostics);
        return None;
    }
    Some(attempts)
}

/// Refuses `retry` on a handler that has no time at which another attempt could run.
pub(super) fn check(keys: &Keys, handler: &Handler<'_>, diagnostics: &mut Diagnostics) {
    // `transaction` has the rules of deliveries that an outbox makes.
    let Some(retry) = keys.retry.as_ref().filter(|_| keys.transaction().is_none()) else {
        return;
    };
    if let Some(value) = &retry.value.one_attempt {
        diagnostics.error(
            value,
            "one attempt is no retry",
            "leave `retry` out, or write `attempts = 2` for one more attempt after the first",
        );
    }
    let name = handler.name();
    if !handler.is_async() && !keys.means_queue {
        diagnostics.error(
            &retry.key,
            format!(
                "`retry` on handler `{name}`, which runs inline: on the emitter's stack, nothing can \
                 wait for another attempt"
            ),
            format!(
                "write `{}`, or add `queue = MAIL` of a `static MAIL: Queue`",
                delivery::asynchronous(handler)
            ),
        );
        return;
    }
    if let (false, Some(lent)) = (handler.is_async(), handler.lent().next()) {
        let ty = compact(&lent.ty);
        diagnostics.error(
            &retry.key,
            format!(
                "`retry` on handler `{name}`, which is lent a `&mut {ty}`: its queue calls it inside of \
                 `pump` alone, and nothing runs there when the next attempt is due"
            ),
            "remove `retry`, and return an event that a handler with `retry` handles",
        );
    }
    if let (Some(ordered), false) = (&retry.value.ordered, keys.means_queue) {
        diagnostics.error(
            ordered,
            format!(
                "`ordered` on handler `{name}`, which has no `queue`: only a queue keeps the order of \
                 the events of one `key`"
            ),
            "remove `ordered`, or add `queue = MAIL` of a `static MAIL: Queue`",
        );
    }
}
