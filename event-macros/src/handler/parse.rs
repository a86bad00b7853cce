//! Reads the keys of `#[handler(...)]`, and checks each key alone.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::{Attribute, LitStr, Meta, Path};

use super::retry::Retry;
use crate::diagnostics::Diagnostics;
use crate::keys::{Entry, Form, Key, Keyed};
use crate::names;

pub(crate) static HANDLER: Form = Form {
    attribute: "#[handler(...)]",
    place: "",
    example: "priority = -10",
    keys: &[
        Key {
            name: "after",
            example: "after = other_handler",
        },
        Key {
            name: "alias",
            example: "alias = \"billing.take_payment\"",
        },
        Key {
            name: "before",
            example: "before = other_handler",
        },
        Key {
            name: "before_commit",
            example: "before_commit",
        },
        Key {
            name: "concurrency",
            example: "concurrency = 16",
        },
        Key {
            name: "crate",
            example: "crate = my_facade::event_core",
        },
        Key {
            name: "durable",
            example: "durable",
        },
        Key {
            name: "events",
            example: "events = \"shop.*\"",
        },
        Key {
            name: "filter",
            example: "filter = is_large",
        },
        Key {
            name: "id",
            example: "id = \"billing.charge\"",
        },
        Key {
            name: "priority",
            example: "priority = -10",
        },
        Key {
            name: "queue",
            example: "queue = MAIL",
        },
        Key {
            name: "retry",
            example: "retry(attempts = 5)",
        },
        Key {
            name: "timeout",
            example: "timeout = \"5s\"",
        },
    ],
    misplaced: &[
        ("async", "remove it, and write `async fn`"),
        (
            "capacity",
            "write `.capacity(1024)` on the queue that `queue = ...` names",
        ),
        (
            "consumers",
            "write `.consumers(4)` on the queue that `queue = ...` names",
        ),
        (
            "overflow",
            "write `.overflow(...)` on the queue that `queue = ...` names",
        ),
        (
            "event",
            "remove it; a handler's event is the type of its first parameter: `event: &OrderPlaced`",
        ),
        (
            "name",
            "a handler has no name of its own; `name` is a key of `#[event(...)]`",
        ),
        (
            "stoppable",
            "`stoppable` is a key of `#[event(...)]`, above the event",
        ),
        (
            "wire",
            "`wire` is a key of `#[event(...)]`, above the event",
        ),
        ("attempts", "write `retry(attempts = {value})`"),
        ("max_attempts", "write `retry(attempts = {value})`"),
        ("tries", "write `retry(attempts = {value})`"),
        ("max_tries", "write `retry(attempts = {value})`"),
        ("retries", RETRIES),
        ("max_retries", RETRIES),
        ("backoff", "write `retry(backoff = {value})`"),
        ("when", "write `retry(when = {value})`"),
        ("ordered", "write `retry(ordered)`"),
        (
            "handlers",
            "`handlers` is a key of `#[event(...)]` and of `module!(...)`",
        ),
    ],
};

const RETRIES: &str = "write `retry(attempts = {value + 1})`: the first call is an attempt, too";

pub(crate) static HANDLERS: Form = Form {
    attribute: "#[handlers(...)]",
    place: "",
    example: "crate = my_facade::event_core",
    keys: &[Key {
        name: "crate",
        example: "crate = my_facade::event_core",
    }],
    misplaced: &[
        ("after", "write `#[handler(after = ...)]` above the method"),
        (
            "before",
            "write `#[handler(before = ...)]` above the method",
        ),
        (
            "concurrency",
            "write `#[handler(concurrency = ...)]` above the method",
        ),
        (
            "events",
            "write `#[handler(events = ...)]` above the method",
        ),
        (
            "filter",
            "write `#[handler(filter = ...)]` above the method",
        ),
        (
            "priority",
            "write `#[handler(priority = ...)]` above the method",
        ),
        ("queue", "write `#[handler(queue = ...)]` above the method"),
        (
            "durable",
            "write `#[handler(durable, id = ...)]` above the method",
        ),
        (
            "before_commit",
            "write `#[handler(before_commit)]` above the method",
        ),
        ("retry", "write `#[handler(retry(...))]` above the method"),
        (
            "timeout",
            "write `#[handler(timeout = ...)]` above the method",
        ),
    ],
};

/// The keys of one handler, each well formed by itself.
#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) after: Option<Keyed<Functions>>,
    /// Earlier ids of a durable handler.
    pub(crate) alias: Option<Keyed<Vec<LitStr>>>,
    pub(crate) before: Option<Keyed<Functions>>,
    pub(crate) before_commit: Option<Ident>,
    pub(crate) concurrency: Option<Keyed<u32>>,
    pub(crate) durable: Option<Ident>,
    pub(crate) events: Option<Keyed<LitStr>>,
    pub(crate) filter: Option<TokenStream>,
    pub(crate) id: Option<Keyed<LitStr>>,
    pub(crate) priority: Option<i32>,
    pub(crate) priority_key: Option<Ident>,
    pub(crate) queue: Option<Keyed<TokenStream>>,
    pub(crate) retry: Option<Keyed<Retry>>,
    pub(crate) root: Option<Path>,
    /// In milliseconds.
    pub(crate) timeout: Option<Keyed<u64>>,
    /// Whether `queue` was written, even if misspelt or ill-formed.
    pub(crate) means_queue: bool,
    /// Whether no key was unknown or ill-formed, so that a missing key is missing on purpose.
    pub(crate) is_complete: bool,
}

/// The functions that `after` or `before` names.
pub(crate) type Functions = Vec<TokenStream>;

impl Keys {
    /// Reads the keys in the parentheses of an attribute.
    pub(crate) fn read(
        form: &'static Form,
        tokens: TokenStream,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let earlier = diagnostics.count();
        let mut entries = Vec::new();
        form.read(tokens.clone(), &mut entries, diagnostics);
        let keys = Self::new(entries, diagnostics);
        Self {
            means_queue: form.means("queue", tokens),
            is_complete: diagnostics.count() == earlier,
            ..keys
        }
    }

    /// Reads the keys of the `#[handler]` above a method.
    pub(crate) fn read_attribute(attribute: &Attribute, diagnostics: &mut Diagnostics) -> Self {
        if let Meta::List(list) = &attribute.meta {
            return Self::read(&HANDLER, list.tokens.clone(), diagnostics);
        }
        let mut entries = Vec::new();
        HANDLER.read_attribute(attribute, &mut entries, diagnostics);
        Self::new(entries, diagnostics)
    }

    fn new(entries: Vec<Entry>, diagnostics: &mut Diagnostics) -> Self {
        let mut keys = Self::default();
        for entry in entries {
            match entry.key.to_string().as_str() {
                "after" => keys.after = Some(functions(entry, diagnostics)),
                "alias" => keys.alias = Keyed::new(entry, diagnostics, handler_aliases),
                "before" => keys.before = Some(functions(entry, diagnostics)),
                "before_commit" => keys.before_commit = Some(entry.key),
                "concurrency" => keys.concurrency = Keyed::new(entry, diagnostics, concurrency),
                "crate" => keys.root = entry.module(diagnostics),
                "durable" => keys.durable = Some(entry.key),
                "events" => keys.events = Keyed::new(entry, diagnostics, pattern),
                "filter" => keys.filter = entry.path(PREDICATE, diagnostics),
                "id" => keys.id = Keyed::new(entry, diagnostics, handler_id),
                "priority" => {
                    keys.priority = entry.integer("an `i32`", diagnostics);
                    keys.priority_key = Some(entry.key);
                }
                "queue" => keys.queue = Keyed::new(entry, diagnostics, queue),
                "retry" => {
                    keys.retry = Keyed::new(entry, diagnostics, |entry, diagnostics| {
                        Some(Retry::read(entry, diagnostics))
                    });
                }
                "timeout" => keys.timeout = Keyed::new(entry, diagnostics, Entry::duration),
                other => unreachable!("`{other}` is in the form and not read"),
            }
        }
        keys
    }

    pub(crate) fn after(&self) -> &[TokenStream] {
        self.after.as_ref().map_or(&[], |after| &after.value)
    }

    pub(crate) fn before(&self) -> &[TokenStream] {
        self.before.as_ref().map_or(&[], |before| &before.value)
    }
}

const PREDICATE: &str = "the name of a `fn(&YourEvent) -> bool`";

fn functions(entry: Entry, diagnostics: &mut Diagnostics) -> Keyed<Functions> {
    Keyed {
        value: entry.functions(diagnostics),
        key: entry.key,
    }
}

fn concurrency(entry: &Entry, diagnostics: &mut Diagnostics) -> Option<u32> {
    const KIND: &str = "a `u32` from 1 on";
    let concurrency = entry.integer(KIND, diagnostics)?;
    if concurrency == 0 {
        entry.expected(KIND, diagnostics);
    }
    Some(concurrency)
}

fn pattern(entry: &Entry, diagnostics: &mut Diagnostics) -> Option<LitStr> {
    let pattern = entry.string(diagnostics)?;
    names::check_pattern(&pattern, diagnostics);
    Some(pattern)
}

fn handler_id(entry: &Entry, diagnostics: &mut Diagnostics) -> Option<LitStr> {
    let id = entry.string(diagnostics)?;
    names::check_handler_id(&entry.key, &id, diagnostics);
    Some(id)
}

fn handler_aliases(entry: &Entry, diagnostics: &mut Diagnostics) -> Option<Vec<LitStr>> {
    let aliases = entry.strings(diagnostics)?;
    for alias in &aliases {
        names::check_handler_id(&entry.key, alias, diagnostics);
    }
    Some(aliases)
}

fn queue(entry: &Entry, diagnostics: &mut Diagnostics) -> Option<TokenStream> {
    const KIND: &str = "the name of a `static` queue";
    let is_call = |token| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Parenthesis,
        _ => false,
    };
    if entry.value.clone().into_iter().any(is_call) {
        let help = "declare `static MAIL: Queue = Queue::new(\"mail\");`, and write `queue = MAIL`";
        diagnostics.error(&entry.value, format!("expected {KIND} for `queue`"), help);
        return None;
    }
    entry.path(KIND, diagnostics)
}
