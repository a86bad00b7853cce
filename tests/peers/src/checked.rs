//! The outcome of checks, and whether they are all that the page needs.

use std::collections::BTreeSet;
use std::process::Command;

use crate::page::Section;

/// What a program or a test has checked.
#[derive(Debug, Default)]
pub struct Checked {
    version: String,
    words: BTreeSet<String>,
    failures: Vec<String>,
}

impl Checked {
    /// Nothing yet, of this version.
    #[must_use]
    pub fn new(version: impl Into<String>) -> Self {
        Self {
            version: version.into(),
            ..Self::default()
        }
    }

    /// Adds a check with what is wrong, if it failed.
    ///
    /// # Panics
    ///
    /// Panics if there is one with these words.
    pub fn add(&mut self, words: &str, outcome: Result<(), String>) {
        let is_new = self.words.insert(words.to_owned());
        assert!(is_new, "there are two checks of this: {words}");
        if let Err(why) = outcome {
            self.failures.push(format!("{words}\n    {why}"));
        }
    }

    /// Runs a program that checks, and prints a line for its version and for each check: `version`,
    /// `ok` or `failed`, with tabs before what follows.
    ///
    /// # Panics
    ///
    /// Panics if the program cannot be run, ends with an error, or prints something else.
    #[must_use]
    pub fn by(program: &mut Command) -> Self {
        let output = program
            .output()
            .unwrap_or_else(|error| panic!("cannot run {program:?}: {error}"));
        let (stdout, stderr) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        let status = output.status;
        assert!(status.success(), "{program:?}: {status}\n{stdout}{stderr}");
        let mut checked = Self::default();
        for line in stdout.lines() {
            match line.split('\t').collect::<Vec<_>>()[..] {
                ["version", version] => version.clone_into(&mut checked.version),
                ["ok", words] => checked.add(words, Ok(())),
                ["failed", words, why] => checked.add(words, Err(why.replace("\\n", "\n    "))),
                _ => panic!("not the outcome of a check: {line}\n{stderr}"),
            }
        }
        checked
    }
}

/// Holds a section against what was checked: the version, the sample, and each row.
///
/// # Panics
///
/// Panics if something of it was not checked, was not true, or is not said.
pub fn assert_section(section: &Section, checked: &Checked) {
    let name = section.name();
    let mut said: BTreeSet<_> = section.claims.iter().map(String::as_str).collect();
    assert_eq!(said.len(), section.claims.len(), "a row stands there twice");
    said.insert("the sample");
    let words: BTreeSet<_> = checked.words.iter().map(String::as_str).collect();
    let mut wrong = Vec::new();
    let version = format!("{name} {}", checked.version);
    if section.version != version {
        wrong.push(format!("it names {}, and {version} runs", section.version));
    }
    let unchecked = said.difference(&words);
    wrong.extend(unchecked.map(|claim| format!("no check has these words: {claim}")));
    let unsaid = words.difference(&said);
    wrong.extend(unsaid.map(|claim| format!("no row has these words: {claim}")));
    let untrue = checked.failures.iter();
    wrong.extend(untrue.map(|failure| format!("this is not so: {failure}")));
    assert!(
        wrong.is_empty(),
        "docs/coming_from.md, {name}:\n\n{}\n",
        wrong.join("\n\n")
    );
}
