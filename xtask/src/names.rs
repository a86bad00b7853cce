//! `cargo xtask names`: holds the pages about the code to the names that the code has.
//!
//! What stands between backticks in a page, outside of its samples, is looked at. A path must be that of a file or
//! a folder of the repository, or the end of one. A name that is written like a type or has an underscore must stand
//! in the code of a Rust file, be the name of one, or stand in a Rust sample of the page. A name that is linked to a
//! Rust file must stand in that file's code, or be its own.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use crate::workspace::{Result, output, root};

/// The pages, and whether all their names are of this repository. One compares with other systems, whose names
/// it has, too.
const PAGES: [(&str, bool); 9] = [
    ("ARCHITECTURE.md", true),
    ("CONTRIBUTING.md", true),
    ("docs/catalogue.md", true),
    ("docs/changing_an_event.md", true),
    ("docs/coming_from.md", false),
    ("docs/faults.md", true),
    ("docs/guarantees.md", true),
    ("docs/mechanisms.md", true),
    ("docs/tour.md", true),
];

/// Checks every page.
pub(crate) fn run() -> Result<()> {
    let known = Known::read()?;
    let mut problems = String::new();
    for (page, names) in PAGES {
        let text = fs::read_to_string(root().join(page))?;
        let problems_of_page = check(&text, names, &known)
            .into_iter()
            .chain(check_links(page, &text, &known));
        for (line, problem) in problems_of_page {
            writeln!(problems, "{page}:{line}: {problem}")?;
        }
    }
    if problems.is_empty() {
        println!("{} pages, each names only what exists", PAGES.len());
        return Ok(());
    }
    Err(format!("the pages name what does not exist:\n{problems}").into())
}

/// What a page may name.
#[derive(Default)]
struct Known {
    /// The ends of the paths of all files and folders.
    paths: HashSet<String>,
    /// The words of all Rust code.
    words: HashSet<String>,
    /// The words of the code of each Rust file, by its path.
    words_of: HashMap<String, HashSet<String>>,
}

impl Known {
    /// Reads the files of the repository: those that git has or would add.
    fn read() -> Result<Self> {
        let mut git = Command::new("git");
        git.current_dir(root());
        git.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
        let mut known = Self::default();
        for path in output(&mut git)?.lines() {
            let file = root().join(path);
            if !file.exists() {
                continue; // It was removed, and that is not committed yet.
            }
            known.add_path(path);
            if let Some(name) = path.strip_suffix(".rs") {
                known.words.extend(words(name).map(str::to_owned));
                known.add_code(path, &fs::read_to_string(file)?);
            }
        }
        Ok(known)
    }

    fn add_path(&mut self, path: &str) {
        let parts: Vec<_> = path.split('/').collect();
        for end in 1..=parts.len() {
            for start in 0..end {
                self.paths.insert(parts[start..end].join("/"));
            }
        }
    }

    fn add_code(&mut self, path: &str, text: &str) {
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let words: HashSet<_> = code.flat_map(words).map(str::to_owned).collect();
        self.words.extend(words.iter().cloned());
        self.words_of.insert(path.to_owned(), words);
    }
}

/// What a page names that is not known, each with its line.
fn check(page: &str, names: bool, known: &Known) -> Vec<(usize, String)> {
    let samples: HashSet<_> = samples(page).flat_map(words).collect();
    let mut problems = Vec::new();
    for (line, code) in code_spans(page) {
        if is_path(code) {
            if !known.paths.contains(code.trim_end_matches('/')) {
                problems.push((line, format!("no file or folder is `{code}`")));
            }
        } else if names {
            let unknown = names_of(code)
                .filter(|name| !known.words.contains(*name) && !samples.contains(name));
            problems.extend(unknown.map(|name| (line, format!("no Rust file has `{name}`"))));
        }
    }
    problems
}

/// The names that are linked to a Rust file whose code does not have them, each with its line.
fn check_links(page: &str, text: &str, known: &Known) -> Vec<(usize, String)> {
    let mut problems = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for link in line.split("[`").skip(1) {
            let Some((name, rest)) = link.split_once("`](") else {
                continue;
            };
            let target = rest.split(')').next().unwrap_or_default();
            let Some(file) = target.strip_suffix(".rs").filter(|_| !is_path(name)) else {
                continue;
            };
            let path = beside(page, target);
            let is_there = file.ends_with(&format!("/{name}"))
                || known
                    .words_of
                    .get(&path)
                    .is_some_and(|known| words(name).all(|word| known.contains(word)));
            if !is_there {
                problems.push((index + 1, format!("`{path}` has no `{name}`")));
            }
        }
    }
    problems
}

/// Returns the path from the repository's root of what a page links to.
fn beside(page: &str, target: &str) -> String {
    let mut parts: Vec<_> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// What stands between backticks, and in diagrams, each with its line. Samples are left out: they are compiled, or
/// are of another language.
fn code_spans(page: &str) -> Vec<(usize, &str)> {
    let mut spans = Vec::new();
    let mut line = 1;
    for (index, part) in page.split("```").enumerate() {
        let is_prose = index % 2 == 0;
        if is_prose {
            let mut line = line;
            for (index, text) in part.split('`').enumerate() {
                if index % 2 == 1 {
                    spans.push((line, text));
                }
                line += text.matches('\n').count();
            }
        } else if part.starts_with("mermaid") {
            let labels = part.lines().enumerate();
            let labels =
                labels.flat_map(|(index, label)| label.split('"').map(move |text| (index, text)));
            spans.extend(labels.map(|(index, text)| (line + index, text)));
        }
        line += part.matches('\n').count();
    }
    spans
}

/// The Rust samples of a page.
fn samples(page: &str) -> impl Iterator<Item = &str> {
    let fenced = page.split("```").skip(1).step_by(2);
    fenced.filter(|part| part.starts_with("rust"))
}

/// Whether a span is one path.
fn is_path(code: &str) -> bool {
    let is_char = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    let has_ending = code
        .rsplit_once('.')
        .is_some_and(|(name, ending)| !name.is_empty() && ["md", "rs", "toml"].contains(&ending));
    code.chars().all(is_char) && (code.contains('/') || has_ending)
}

/// The names of a span, outside of its strings.
fn names_of(code: &str) -> impl Iterator<Item = &str> {
    let outside = code.split('"').step_by(2);
    outside.flat_map(words).filter(|word| is_name(word))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

/// Whether a word is written like a type, or has an underscore inside; others may be plain words.
fn is_name(word: &str) -> bool {
    let is_type = word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.contains(|c: char| c.is_ascii_lowercase());
    is_type || word[1..].contains('_')
}

#[cfg(test)]
mod tests {
    use super::{Known, check, check_links, code_spans};

    fn known() -> Known {
        let mut known = Known::default();
        known.add_path("event-core/src/engine/emit.rs");
        known.add_code(
            "event-core/src/table.rs",
            "// not ErasedEvent\npub struct TableEntry(Box<u8>);\nfn hand_over() {}\n",
        );
        known
    }

    #[test]
    fn a_name_that_no_code_has_is_named_with_its_line() {
        let page = "The `TableEntry` and\nthe `Box<dyn ErasedEvent>` of `hand_out(…)`, not of `hand_over`.";
        let problems = check(page, true, &known());
        assert_eq!(
            problems,
            [
                (2, "no Rust file has `ErasedEvent`".to_owned()),
                (2, "no Rust file has `hand_out`".to_owned()),
            ]
        );
    }

    #[test]
    fn a_path_is_that_of_a_file_or_a_folder_or_the_end_of_one() {
        let page = "`engine/emit.rs`, `emit.rs`, `event-core/src`, `engine/`, `engine/nesting.rs`, `core/src`";
        let problems = check(page, false, &known());
        assert_eq!(
            problems,
            [
                (1, "no file or folder is `engine/nesting.rs`".to_owned()),
                (1, "no file or folder is `core/src`".to_owned()),
            ]
        );
    }

    #[test]
    fn a_name_is_in_the_file_that_it_is_linked_to() {
        let page = "[`hand_over`](../event-core/src/table.rs)\n[`hand_over`](table.rs), [`emit`](../event-core/src/table.rs), \
                    [`a page`](tour.md), [`own`](../tests/ui/own.rs)";
        let problems = check_links("docs/tour.md", page, &known());
        assert_eq!(
            problems,
            [
                (2, "`docs/table.rs` has no `hand_over`".to_owned()),
                (2, "`event-core/src/table.rs` has no `emit`".to_owned()),
            ]
        );
    }

    #[test]
    fn samples_and_strings_may_name_anything_and_diagrams_may_not() {
        let page = "`OrderPlaced` `\"ItsName\"`\n```rust\nlet OrderPlaced;\n```\n`a`\n```mermaid\nA --> B[\"OrderSent\"]\n```\n";
        assert_eq!(
            check(page, true, &known()),
            [(7, "no Rust file has `OrderSent`".to_owned())]
        );
    }

    #[test]
    fn a_span_over_the_end_of_a_line_counts_for_the_line_it_starts_in() {
        let page = "one `cargo\ntest` two\n`hand_over`";
        assert_eq!(code_spans(page), [(1, "cargo\ntest"), (3, "hand_over")]);
    }
}
