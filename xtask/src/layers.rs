//! `cargo xtask layers`: holds the modules of `event-core` to their layers.
//!
//! A module names only modules of its own layer and of those below it. A path is read wherever it stands, in
//! an import or in code. What `lib.rs` and `private.rs` re-export for users and for generated code is above
//! all layers. Tests and models may name anything.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace::{Result, root};

/// The layers of `event-core/src`, lowest first: what each is called, and the modules in it.
const LAYERS: &[(&str, &[&str])] = &[
    (
        "base",
        &[
            "box_error",
            "counted",
            "log",
            "nesting_depth",
            "panics",
            "runtime",
            "prehashed",
            "scheduler",
            "type_name",
        ],
    ),
    ("facts", &["event", "meta", "problem"]),
    (
        "reports",
        &[
            "flag",
            "handler_info",
            "nesting",
            "observer",
            "queue",
            "report",
            "retry",
            "spans",
        ],
    ),
    (
        "engine core",
        &[
            "engine::emission",
            "engine::failure_log",
            "engine::observers",
            "engine::plan",
            "engine::queue",
            "engine::shutdown",
            "engine::state",
        ],
    ),
    ("inline deliveries", &["engine::inline"]),
    ("deferred deliveries", &["engine::deferred"]),
    ("emission", &["engine"]),
    ("handlers", &["handler"]),
    ("build", &["build"]),
    ("dispatcher", &["dispatcher", "error"]),
    ("wire", &["wire"]),
];

/// The modules that only re-export, for users and for generated code.
const FACES: [&str; 2] = ["lib", "private"];

/// How long a file may be; its tests stand elsewhere.
const LONGEST: usize = 400;

/// Checks every file of `event-core/src`.
pub(crate) fn run() -> Result<()> {
    let source = root().join("event-core/src");
    let mut files = Vec::new();
    find(&source, &mut files)?;
    files.sort();
    let mut problems = String::new();
    for file in &files {
        let text = fs::read_to_string(file)?;
        let path = file.strip_prefix(root())?;
        let module = module_of(file.strip_prefix(&source)?);
        if is_test(&module) {
            continue;
        }
        let lines = text.lines().count();
        if lines > LONGEST {
            writeln!(
                problems,
                "{}: {lines} lines, {LONGEST} at most; give one of its topics a file of its own",
                path.display()
            )?;
        }
        for problem in check(&module, &text) {
            writeln!(problems, "{}:{problem}", path.display())?;
        }
    }
    if problems.is_empty() {
        println!(
            "{} files, each names only layers below its own",
            files.len()
        );
        return Ok(());
    }
    Err(format!("the layers do not hold:\n{problems}").into())
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|is| is == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// `engine/plan/mod.rs` is the module `engine::plan`.
fn module_of(file: &Path) -> String {
    let path = file.with_extension("");
    let mut names: Vec<_> = path
        .iter()
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    if names.last().is_some_and(|last| last == "mod") {
        names.pop();
    }
    names.join("::")
}

fn is_test(module: &str) -> bool {
    module
        .split("::")
        .any(|name| matches!(name, "tests" | "models"))
}

/// The layer of a module or of what is in it: the one that names the longest part of its path.
fn layer_of(path: &str) -> Option<usize> {
    let is_inside = |of: &str| {
        path.strip_prefix(of)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    LAYERS
        .iter()
        .enumerate()
        .flat_map(|(layer, (_, modules))| modules.iter().map(move |module| (layer, *module)))
        .filter(|(_, module)| is_inside(module))
        .max_by_key(|(_, module)| module.len())
        .map(|(layer, _)| layer)
}

/// What is wrong with the paths of a module, each with its line.
fn check(module: &str, text: &str) -> Vec<String> {
    if FACES.contains(&module) {
        return Vec::new();
    }
    let Some(own) = layer_of(module) else {
        return vec![format!(
            "1: `{module}` is in no layer; add it to `LAYERS` in xtask/src/layers.rs"
        )];
    };
    let mut problems = Vec::new();
    for (line, path) in paths(text) {
        let Some(layer) = layer_of(&path) else {
            continue;
        };
        if layer > own {
            problems.push(format!(
                "{line}: `crate::{path}` is of the layer *{}*, above *{}*; move what both need down, or pass \
                 it in",
                LAYERS[layer].0, LAYERS[own].0
            ));
        }
    }
    for (line, text) in text.lines().enumerate() {
        if text.trim_start().starts_with("use super::") && !text.starts_with("    ") {
            problems.push(format!(
                "{}: write `use crate::…`, with the module that defines the name",
                line + 1
            ));
        }
    }
    problems
}

/// The paths from `crate` in the code of a file, without that word, each with its line. Of
/// `crate::a::{b, c::d}` these are `a::b` and `a::c::d`. What is `pub use`d is for users, and left out.
fn paths(text: &str) -> Vec<(usize, String)> {
    let code = without_comments(text);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        if code[..at].ends_with(|c: char| is_name(c) || c == '$' || c == ':') {
            continue;
        }
        let statement = code[..at].rfind([';', '}', '{']).map_or(0, |end| end + 1);
        if code[statement..at].trim_start().contains("pub use ") {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        expand(&code[at + "crate::".len()..], "", &mut |path| {
            found.push((line, path));
        });
    }
    found
}

/// Calls `add` with each path of the tree that `rest` begins with; returns what is behind the tree.
fn expand<'t>(rest: &'t str, before: &str, add: &mut impl FnMut(String)) -> &'t str {
    let end = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
        .unwrap_or(rest.len());
    let (path, behind) = rest.split_at(end);
    let path = format!("{before}{path}");
    let Some(mut inside) = behind
        .strip_prefix('{')
        .filter(|_| path.is_empty() || path.ends_with("::"))
    else {
        add(path);
        return behind;
    };
    loop {
        inside = inside.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if let Some(behind) = inside.strip_prefix('}') {
            return behind;
        }
        if inside.is_empty() {
            return inside;
        }
        inside = expand(inside, &path, add);
        if let Some(renamed) = inside.trim_start().strip_prefix("as ") {
            inside = renamed.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        }
    }
}

/// The text with its comments blanked, so that lines stay where they are.
fn without_comments(text: &str) -> String {
    text.lines()
        .map(|line| {
            if line.trim_start().starts_with("//") {
                ""
            } else {
                line
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::{LAYERS, check, layer_of, paths};

    #[test]
    fn an_upward_import_is_named_with_its_line_and_both_layers() {
        let text = "use std::fmt;\nuse crate::{\n    event::Event,\n    dispatcher::{Dispatcher, With},\n};\n";
        let problems = check("report::failure", text);
        assert_eq!(problems.len(), 2, "{problems:#?}");
        assert!(
            problems[0]
                .starts_with("2: `crate::dispatcher::Dispatcher` is of the layer *dispatcher*")
        );
        assert!(problems[0].contains("above *reports*"));
    }

    #[test]
    fn a_path_in_code_counts_and_one_in_a_comment_or_for_users_does_not() {
        let text = "/// See [`x`](crate::wire::Codec).\npub use crate::wire::Codec;\nfn f() { crate::wire::f() }\n";
        assert_eq!(paths(text), [(3, "wire::f".to_owned())]);
    }

    #[test]
    fn a_module_of_its_own_layer_and_below_may_be_named() {
        let text = "use crate::engine::plan::Bound;\nuse crate::event::{self, Event as Fact};\n";
        assert_eq!(check("engine::state", text), Vec::<String>::new());
        assert_eq!(check("handler", text), Vec::<String>::new());
    }

    #[test]
    fn the_longest_name_decides() {
        assert_eq!(
            LAYERS[layer_of("engine::inline::call").expect("a layer")].0,
            "inline deliveries"
        );
        assert_eq!(
            LAYERS[layer_of("engine::emit").expect("a layer")].0,
            "emission"
        );
        assert_eq!(layer_of("eventful"), None);
    }

    #[test]
    fn a_new_module_must_be_given_a_layer() {
        assert!(check("novelty", "")[0].contains("`novelty` is in no layer"));
    }

    #[test]
    fn relative_imports_hide_their_layer_and_are_refused() {
        assert!(check("wire", "use super::log;\n")[0].starts_with("1: write `use crate::"));
    }
}
