//! Allows lints that the user cannot follow, since they are about the form of a handler.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use super::signature::{Argument, Event, Handler};
use super::types::outermost;

/// Types that clippy would have taken by another reference, by lint; the dispatcher provides exactly
/// these types.
const DEPENDENCIES: [(&str, &[&str]); 4] = [
    ("borrowed_box", &["Box"]),
    ("implicit_hasher", &["HashMap", "HashSet"]),
    (
        "ptr_arg",
        &["CString", "Cow", "OsString", "PathBuf", "String", "Vec"],
    ),
    ("ref_option", &["Option"]),
];

/// Generates an attribute for the function:
///
/// ```text
/// #[allow(clippy::needless_pass_by_value, clippy::trivially_copy_pass_by_ref, reason = "...")]
/// ```
///
/// It allows lints that would have the user take by reference a value that each delivery makes (an
/// `Emitter`), take by value a value that handlers share (the event, a dependency), take a dependency as
/// another type than the one provided, or remove the `async` that chooses how the handler runs.
pub(super) fn allowed(handler: &Handler<'_>) -> Option<TokenStream> {
    let mut lints = Vec::new();
    for (lint, types) in DEPENDENCIES {
        let mut arguments = handler.arguments.iter();
        if arguments.any(|argument| refers_to(argument, types)) {
            lints.push(lint);
        }
    }
    let has = |is: fn(&Argument) -> bool| handler.arguments.iter().any(is);
    if has(|argument| matches!(argument, Argument::Context(_))) {
        lints.push("needless_pass_by_value");
    }
    let is_typed = matches!(handler.event, Event::Typed(_));
    if is_typed || has(|argument| matches!(argument, Argument::Dependency(_))) {
        lints.push("trivially_copy_pass_by_ref");
    }
    if handler.is_async() {
        lints.push("unused_async");
    }
    let lints: Vec<Ident> = lints
        .into_iter()
        .map(|lint| Ident::new(lint, Span::mixed_site()))
        .collect();
    (!lints.is_empty()).then(|| {
        quote_spanned! {Span::mixed_site()=>
            #[allow(#(clippy::#lints,)* reason = "the form of a `#[handler]`")]
        }
    })
}

/// Whether an argument is a reference to one of these types.
fn refers_to(argument: &Argument, types: &[&str]) -> bool {
    let ty = match argument {
        Argument::Dependency(dependency) => &dependency.ty,
        Argument::Lent(lent) => &lent.ty,
        _ => return false,
    };
    outermost(ty).is_some_and(|name| types.iter().any(|it| name == it))
}
