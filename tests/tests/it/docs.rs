//! The pages that people read: what they link to exists, and proves what they say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A link `[text](target)` of a page.
struct Link<'p> {
    text: &'p str,
    target: &'p str,
}

/// The links of a page, but for those in its code.
fn links(page: &str) -> Vec<Link<'_>> {
    let prose = page.split("\n```").step_by(2);
    let ends = prose.flat_map(|part| part.match_indices("](").map(move |(at, _)| (part, at)));
    ends.filter_map(|(part, at)| {
        let text = part[..at].rsplit_once('[')?.1;
        let target = part[at + 2..].split_once(')')?.0;
        Some(Link { text, target })
    })
    .collect()
}

impl Link<'_> {
    /// The file that it leads to from a page in `folder`; `None` if it leaves the repository or stays
    /// on the page.
    fn file(&self, folder: &Path) -> Option<PathBuf> {
        let path = self.target.split('#').next()?;
        (!path.is_empty() && !path.contains("://")).then(|| folder.join(path))
    }

    /// The name that it promises, where it leads to a Rust file: `` [`name`](file.rs) ``.
    fn name(&self) -> Option<&str> {
        let name = self.text.strip_prefix('`')?.strip_suffix('`')?;
        let is_name = name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
        let is_source = Path::new(self.target)
            .extension()
            .is_some_and(|is| is == "rs");
        (is_name && is_source).then_some(name)
    }
}

/// Why a link to a test does not lead to one, if it does not.
fn missing_test(link: &Link<'_>, folder: &Path) -> Option<String> {
    let (name, file) = (link.name()?, link.file(folder)?);
    if file.components().any(|part| part.as_os_str() == "ui") {
        // A program that must not compile proves what its file's name says.
        let is_case = file.with_extension("stderr").exists() && file.file_stem()? == name;
        return (!is_case).then(|| format!("{} is not the case `{name}`", file.display()));
    }
    let source = read(&file);
    let Some((before, _)) = source.split_once(&format!("fn {name}(")) else {
        return Some(format!("{} has no `{name}`", file.display()));
    };
    let attributes = before[..before.rfind('\n').unwrap_or(0)].lines().rev();
    let is_test = attributes
        .map(str::trim)
        .take_while(|line| line.starts_with("#["))
        .any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"));
    (!is_test).then(|| format!("`{name}` in {} is not a test", file.display()))
}

/// The tests that a page names; all of them exist.
fn tests_named_in(page: &str) -> BTreeSet<String> {
    let page = root().join(page);
    let (text, folder) = (read(&page), page.parent().expect("it is in a folder"));
    let missing: Vec<_> = links(&text)
        .iter()
        .filter_map(|link| missing_test(link, folder))
        .collect();
    assert!(missing.is_empty(), "{}: {missing:#?}", page.display());
    let named = links(&text)
        .into_iter()
        .filter_map(|link| link.name().map(str::to_owned));
    named.collect()
}

#[test]
fn every_guarantee_is_proved_by_a_test_that_exists() {
    let tests = tests_named_in("docs/guarantees.md");
    assert!(tests.contains("every_guarantee_is_proved_by_a_test_that_exists"));
    let page = read(&root().join("docs/guarantees.md"));
    let chapters: Vec<_> = page.split("\n## ").skip(1).collect();
    let sections = |chapter: &str| chapter.split("\n### ").skip(1).map(str::to_owned).collect();
    assert!(
        chapters[0].starts_with("Each in a line\n"),
        "{}",
        chapters[0]
    );
    let [rules, pitfalls]: [Vec<String>; 2] = [sections(chapters[1]), sections(chapters[2])];
    assert_eq!((rules.len(), pitfalls.len()), (7, 8));
    for section in rules.iter().chain(&pitfalls) {
        assert!(
            links(section).iter().any(|link| link.name().is_some()),
            "nothing proves this: {section}"
        );
    }
}

#[test]
fn each_of_the_five_defects_is_proved_impossible_by_a_test_that_exists() {
    assert!(tests_named_in("examples/greeter/five_defects.md").len() >= 5);
}

#[test]
fn each_system_that_people_come_from_has_its_line_ours_and_the_difference() {
    let page = read(&root().join("docs/coming_from.md"));
    let (page, durable) = page
        .split_once("\n## Durable crates for Rust\n")
        .expect("the durable crates come last");
    assert_eq!(durable.matches("\n## ").count(), 0);
    for row in durable
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(2)
    {
        let ours = row.rsplit(" | ").next().unwrap_or_default();
        assert!(
            links(ours).iter().any(|link| link.name().is_some()),
            "nothing proves our cell: {row}"
        );
    }
    tests_named_in("docs/coming_from.md");
    let systems: Vec<_> = page.split("\n## ").skip(1).collect();
    let names = "Django Laravel Symfony Spring MediatR Boost Node bevy".split(' ');
    assert_eq!(systems.len(), names.clone().count());
    for (name, system) in names.zip(systems) {
        assert!(
            system.starts_with(name),
            "{name} is not where it was: {system}"
        );
        let fences: Vec<_> = system.split("\n```").skip(1).step_by(2).collect();
        let [theirs, ours] = fences[..] else {
            panic!("{name} has {} samples", fences.len())
        };
        assert!(!theirs.starts_with("rust") && ours.starts_with("rust,standalone_crate\n"));
        assert!(
            system.contains("| here |\n| ---"),
            "{name} says no difference"
        );
        // `tests/peers` holds what is marked against the real one.
        let (mark, _) = theirs.split_once('\n').expect("the sample has lines");
        let is_run = system.contains(", [run](../tests/peers/");
        assert_eq!(mark.ends_with(" runs"), is_run, "{name}");
        assert_ne!(is_run, system.contains("; not run here.\n"), "{name}");
    }
}

#[test]
fn every_link_inside_of_the_repository_leads_to_a_file() {
    let pages = fs::read_dir(root().join("docs")).expect("the folder is there");
    let pages = pages.map(|page| page.expect("it can be read").path());
    let others = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "examples/README.md",
    ];
    let others = others.map(|page| root().join(page));
    let mut dead = Vec::new();
    for page in pages.chain(others) {
        let (text, folder) = (read(&page), page.parent().expect("it is in a folder"));
        for link in links(&text) {
            if link.file(folder).is_some_and(|file| !file.exists()) {
                dead.push(format!("{}: {}", page.display(), link.target));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

/// The systems that the introduction builds, in its order, and a server.
const SYSTEMS: [&str; 10] = [
    "doorbell",
    "greeter",
    "ready_flag",
    "async_signup",
    "order_queue",
    "window",
    "echo_server",
    "signals_orm",
    "async_signup", // how to test: spies, paused time, and handlers as functions
    "web_signup",
];

#[test]
fn the_page_of_examples_has_a_row_for_each_system_and_a_package_that_is_it() {
    let page = read(&root().join("examples/README.md"));
    let (_, section) = page
        .split_once("\n## Systems\n")
        .expect("the page has the section");
    let rows: Vec<_> = section
        .lines()
        .filter(|line| line.starts_with('|'))
        .collect();
    // Below the head and the line under it.
    let packages: Vec<_> = rows[2..].iter().map(|row| package_of(row)).collect();
    assert_eq!(packages, SYSTEMS);

    let members = read(&root().join("Cargo.toml"));
    for package in packages {
        let manifest = read(&root().join("examples").join(package).join("Cargo.toml"));
        assert!(
            manifest.contains(&format!("\nname = \"{package}\"\n")),
            "{package}"
        );
        assert!(
            members.contains(&format!("\"examples/{package}\"")),
            "{package}"
        );
    }
}

/// The package of the first example that a row links.
fn package_of(row: &str) -> &str {
    let first = links(row).into_iter().next();
    let path = first.unwrap_or_else(|| panic!("no example in this row: {row}"));
    path.target.split('/').next().unwrap_or(path.target)
}

/// The README is compiled without axum and sqlx, so its service is an example that is tested.
#[test]
fn the_service_of_the_readme_is_the_example_but_for_its_layout() {
    let readme = read(&root().join("README.md"));
    let (_, sample) = readme
        .split_once("\n```rs\n")
        .expect("the README has the service");
    let sample = sample.split("\n```").next().unwrap_or_default();
    let example = read(&root().join("examples/order_service/src/main.rs"));
    let example = example.split("\n#[cfg(test)]").next().unwrap_or_default();
    let example: Vec<_> = example
        .lines()
        .filter(|line| !line.starts_with("//!"))
        .collect();
    // What rustfmt changes: white space, and commas at the ends of lines.
    let bare = |text: &str| text.replace(|c: char| c.is_whitespace() || c == ',', "");
    assert_eq!(bare(sample), bare(&example.join("\n")));
}
