//! Reads the keys of `#[handler(...)]`, and checks what one key alone can get wrong.

use proc_macro2::{Ident, TokenStream};
use syn::{LitStr, Path};

use crate::diagnostics::Diagnostics;
use crate::keys::{Entry, Form, Key};
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
            name: "before",
            example: "before = other_handler",
        },
        Key {
            name: "crate",
            example: "crate = my_facade::event_core",
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
            name: "priority",
            example: "priority = -10",
        },
    ],
    misplaced: &[
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
        (
            "handlers",
            "`handlers` is a key of `#[event(...)]` and of `module!(...)`",
        ),
    ],
};

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
    ],
};

/// The keys of one handler, each well formed by itself.
#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) after: Named,
    pub(crate) before: Named,
    pub(crate) events: Option<(Ident, LitStr)>,
    pub(crate) filter: Option<TokenStream>,
    pub(crate) priority: Option<i32>,
    pub(crate) root: Option<Path>,
}

/// The functions that `after` or `before` names.
pub(crate) type Named = Vec<TokenStream>;

impl Keys {
    pub(crate) fn new(entries: Vec<Entry>, diagnostics: &mut Diagnostics) -> Self {
        let mut keys = Self::default();
        for entry in entries {
            match entry.key.to_string().as_str() {
                "after" => keys.after = entry.functions(diagnostics),
                "before" => keys.before = entry.functions(diagnostics),
                "crate" => keys.root = entry.module(diagnostics),
                "events" => keys.events = pattern(entry, diagnostics),
                "filter" => keys.filter = entry.function(PREDICATE, diagnostics),
                "priority" => keys.priority = entry.integer("an `i32`", diagnostics),
                other => unreachable!("`{other}` is in the form and not read"),
            }
        }
        keys
    }
}

const PREDICATE: &str = "the name of a `fn(&YourEvent) -> bool`";

fn pattern(entry: Entry, diagnostics: &mut Diagnostics) -> Option<(Ident, LitStr)> {
    let pattern = entry.string(diagnostics)?;
    names::check_pattern(&pattern, diagnostics);
    Some((entry.key, pattern))
}
