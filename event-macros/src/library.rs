//! Finds the name that the user's crate has for `event-core`.
//!
//! A dependency can be renamed in many places: in `[dependencies]`, for one target, in the workspace, or
//! by another build tool. The compiler gets all of these in one form, `--extern
//! events=.../libevent_core-1f2e.rmeta`, and a macro runs inside of the compiler. So its arguments are
//! read, and no manifest.

use std::path::Path;
use std::sync::OnceLock;
use std::{env, fs};

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// The name of the library in the files that cargo makes of it, and in code that does not rename it.
const LIBRARY: &str = "event_core";

/// Returns the path with which generated code names the library: `::event_core` or another name of the
/// dependency, unless `crate = path` gives another path.
pub(crate) fn path(given: Option<&syn::Path>) -> TokenStream {
    /// The name is kept, since one process compiles one crate.
    static NAME: OnceLock<String> = OnceLock::new();
    if let Some(path) = given {
        return path.to_token_stream();
    }
    let name = NAME.get_or_init(|| {
        let arguments = env::args_os().map(|argument| argument.to_string_lossy().into_owned());
        name(&expanded(arguments)).unwrap_or_else(|| LIBRARY.to_owned())
    });
    let name = identifier(name);
    quote_spanned!(Span::mixed_site()=> ::#name)
}

/// Returns the tokens with the span `at`.
pub(crate) fn spanned(tokens: TokenStream, at: Span) -> TokenStream {
    let tokens = tokens.into_iter().map(|mut token| {
        token.set_span(at);
        token
    });
    tokens.collect()
}

fn identifier(name: &str) -> Ident {
    let span = Span::mixed_site();
    if syn::parse_str::<Ident>(name).is_ok() {
        Ident::new(name, span)
    } else {
        // The name is a keyword, which a dependency may be named after.
        Ident::new_raw(name, span)
    }
}

/// Returns the arguments, with the content of a file for `@path`, which is used if they are too many.
fn expanded(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut expanded = Vec::new();
    for argument in arguments {
        let file = argument
            .strip_prefix('@')
            .and_then(|path| fs::read_to_string(path).ok());
        match file {
            Some(lines) => expanded.extend(lines.lines().map(str::to_owned)),
            None => expanded.push(argument),
        }
    }
    expanded
}

/// Returns the name of the library in the compiler's arguments; its own name if that is one of several.
fn name(arguments: &[String]) -> Option<String> {
    let mut values = arguments.iter().map(String::as_str);
    let mut found = None;
    while let Some(argument) = values.next() {
        let value = match argument.strip_prefix("--extern") {
            Some("") => values.next(),
            Some(value) => value.strip_prefix('='),
            None => None,
        };
        match value.and_then(named) {
            Some(LIBRARY) => return Some(LIBRARY.to_owned()),
            Some(name) => found = Some(name.to_owned()),
            None => {}
        }
    }
    found
}

/// Returns the `events` of `priv:events=target/debug/deps/libevent_core-1f2e.rmeta`.
fn named(value: &str) -> Option<&str> {
    let (name, file) = value.split_once('=')?;
    let (options, name) = name.rsplit_once(':').unwrap_or(("", name));
    let is_hidden = options.split(',').any(|option| option == "noprelude");
    let stem = Path::new(file).file_stem()?.to_str()?;
    let stem = stem.strip_prefix("lib").unwrap_or(stem);
    let library = stem.split_once('-').map_or(stem, |(library, _)| library);
    (library == LIBRARY && !is_hidden).then_some(name)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{expanded, identifier, name};

    fn of(arguments: &str) -> Option<String> {
        let arguments: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
        name(&arguments)
    }

    #[test]
    fn a_dependency_is_found_under_the_name_that_the_compiler_is_told() {
        let renamed = [
            "rustc --crate-name shop src/lib.rs --extern events=/t/deps/libevent_core-1f2e.rmeta --cfg x",
            "rustc --extern serde=/t/libserde-3.rmeta --extern=events=/t/libevent_core-1f2e.rlib",
            "rustc --extern priv:events=/t/libevent_core-1f2e.rlib",
            "rustc --extern priv,nounused:events=bazel-out/event_core/libevent_core.rlib",
            "rustc --extern event_core=/t/libother-3.rmeta --extern events=/t/libevent_core-1f2e.rmeta",
        ];
        for arguments in renamed {
            assert_eq!(of(arguments).as_deref(), Some("events"), "{arguments}");
        }
        let both =
            "rustc --extern event_core=/t/libevent_core-1.rlib --extern e=/t/libevent_core-2.rlib";
        assert_eq!(of(both).as_deref(), Some("event_core"));
    }

    #[test]
    fn what_is_another_crate_or_no_dependency_is_not_found() {
        let others = [
            "rust-analyzer-proc-macro-srv",
            "rustc --crate-name event_core event-core/src/lib.rs --extern events",
            "rustc --extern events=/t/libevent_core_extras-1.rmeta --extern",
            "rustc --extern noprelude:events=/t/libevent_core-1f2e.rlib",
            "rustc --extern event_macros=/t/event_core/libevent_macros-1.so",
        ];
        for arguments in others {
            assert_eq!(of(arguments), None, "{arguments}");
        }
    }

    #[test]
    fn arguments_are_read_from_the_file_that_holds_them() {
        let file = std::env::temp_dir().join(format!("event-macros-{}.args", std::process::id()));
        fs::write(&file, "--extern\nevents=/t/libevent_core-1f2e.rmeta\n").expect("a file");
        let arguments = ["rustc".to_owned(), format!("@{}", file.display())];
        let found = name(&expanded(arguments.into_iter()));
        fs::remove_file(file).expect("the file goes");
        assert_eq!(found.as_deref(), Some("events"));
    }

    #[test]
    fn a_name_that_is_a_keyword_is_raw() {
        assert_eq!(identifier("events").to_string(), "events");
        assert_eq!(identifier("async").to_string(), "r#async");
    }
}
