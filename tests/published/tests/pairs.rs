//! What is said of two versions of a published schema, judged by a validator of others.

use std::path::Path;
use std::sync::LazyLock;

use event_catalog::compat::{self, Contract, Direction, Rule};
use event_published::Packages;
use jsonschema::Validator;
use serde_json::Value;

/// Two versions of a schema, and what breaks from one to the next.
struct Pair {
    name: &'static str,
    old: Value,
    new: Value,
    /// The direction, the rule, the place, and how often.
    expected: &'static [(&'static str, usize)],
}

/// The pairs, with the reason for each verdict. Those of GitHub's webhooks refuse fields that they do not know, so
/// that each new field breaks forward.
fn pairs(packages: &Packages) -> Vec<Pair> {
    let webhook = |name: &'static str, [old, new]: [&str; 2], expected| {
        let event = name.split(' ').next().expect("a name");
        let (old, new) = (packages.webhook(old, event), packages.webhook(new, event));
        Pair {
            name,
            old,
            new,
            expected,
        }
    };
    let notebook = |name, [old, new]: [&str; 2], expected| {
        let (old, new) = (packages.notebook(old), packages.notebook(new));
        Pair {
            name,
            old,
            new,
            expected,
        }
    };
    let npm = |name, [old, new]: [&str; 2], expected| {
        let (old, new) = (packages.npm(old), packages.npm(new));
        Pair {
            name,
            old,
            new,
            expected,
        }
    };
    vec![
        // Nothing of it changed with this major version.
        webhook("star$created 3 to 4", ["3", "4"], &[]),
        // `base_ref` was always null, and may be the name of a branch.
        webhook(
            "push$event 3 to 4",
            ["3", "4"],
            &[("forward TYPE_CHANGED /base_ref", 1)],
        ),
        // A discussion may be `converting`.
        webhook(
            "discussion$created 3 to 4",
            ["3", "4"],
            &[("forward ENUM_VALUE_ADDED /discussion/state", 1)],
        ),
        // A new release has a body, which was null at times, and a name, which was always null. The label of an asset
        // may be null.
        webhook(
            "release$created 3 to 4",
            ["3", "4"],
            &[
                ("backward OPTIONAL_TO_REQUIRED /release/body", 1),
                ("backward OPTIONAL_TO_REQUIRED /release/name", 1),
                ("forward REQUIRED_TO_OPTIONAL /release/assets/*/label", 1),
                ("forward TYPE_CHANGED /release/name", 1),
            ],
        ),
        // The vector of a score may be null.
        webhook(
            "security_advisory$published 3 to 4",
            ["3", "4"],
            &[(
                "forward REQUIRED_TO_OPTIONAL /security_advisory/cvss/vector_string",
                1,
            )],
        ),
        // Any text became one of a list, and a hook may have an `app_id`.
        webhook(
            "ping$event 3 to 4",
            ["3", "4"],
            &[
                ("backward CONSTRAINT_TIGHTENED /hook/config/content_type", 1),
                ("backward CONSTRAINT_TIGHTENED /hook/events/*", 1),
                ("forward FIELD_ADDED /hook", 1),
            ],
        ),
        // A repository has three new fields always, and three more at times.
        webhook(
            "deploy_key$created 4 to 5",
            ["4", "5"],
            &[
                ("backward FIELD_ADDED_REQUIRED /repository", 3),
                ("forward FIELD_ADDED /repository", 6),
            ],
        ),
        // An advisory has a `cve_id` always, and its times have a format.
        webhook(
            "security_advisory$published 5 to 6",
            ["5", "6"],
            &[
                ("backward FIELD_ADDED_REQUIRED /security_advisory", 1),
                ("backward FORMAT_CHANGED /security_advisory/published_at", 1),
                ("backward FORMAT_CHANGED /security_advisory/updated_at", 1),
                ("backward FORMAT_CHANGED /security_advisory/withdrawn_at", 1),
                ("forward FIELD_ADDED /security_advisory", 1),
            ],
        ),
        // A repository has `custom_properties` always, and `has_discussions` at times.
        webhook(
            "star$created 6 to 7",
            ["6", "7"],
            &[
                ("backward FIELD_ADDED_REQUIRED /repository", 1),
                ("forward FIELD_ADDED /repository", 2),
            ],
        ),
        // The same, and a category has a `node_id`.
        webhook(
            "discussion$created 6 to 7",
            ["6", "7"],
            &[
                ("backward FIELD_ADDED_REQUIRED /discussion/category", 1),
                ("backward FIELD_ADDED_REQUIRED /repository", 1),
                ("forward FIELD_ADDED /discussion/category", 1),
                ("forward FIELD_ADDED /repository", 2),
            ],
        ),
        // A job has three new fields always, may wait, and its steps may be queued or cancelled.
        webhook(
            "workflow_job$queued 6 to 7",
            ["6", "7"],
            &[
                ("backward FIELD_ADDED_REQUIRED /repository", 1),
                ("backward FIELD_ADDED_REQUIRED /workflow_job", 3),
                ("forward FIELD_ADDED /repository", 2),
                ("forward ENUM_VALUE_ADDED /workflow_job/status", 1),
                ("forward VARIANT_ADDED /workflow_job/steps/*", 1),
                (
                    "forward ENUM_VALUE_ADDED /workflow_job/steps/*/conclusion",
                    1,
                ),
                ("forward FIELD_ADDED /workflow_job", 3),
                ("forward FIELD_ADDED ", 1),
            ],
        ),
        // The minor version has a new least value; a title is a text, and authors are a list, which might be anything.
        notebook(
            "notebook 4.1 to 4.2",
            ["4.1", "4.2"],
            &[
                ("backward TYPE_CHANGED /metadata/authors", 1),
                ("backward TYPE_CHANGED /metadata/title", 1),
                ("backward INT_NARROWED /nbformat_minor", 1),
            ],
        ),
        // The metadata `jupyter` of each of three kinds of cells is an object, and might be anything.
        notebook(
            "notebook 4.2 to 4.3",
            ["4.2", "4.3"],
            &[
                ("backward TYPE_CHANGED /cells/*/metadata/jupyter", 3),
                ("backward INT_NARROWED /nbformat_minor", 1),
            ],
        ),
        // Each of three kinds of cells has an `id`. Whether the old schema reads cells with a pattern is not told.
        notebook(
            "notebook 4.4 to 4.5",
            ["4.4", "4.5"],
            &[
                ("backward FIELD_ADDED_REQUIRED /cells/*", 3),
                ("backward INT_NARROWED /nbformat_minor", 1),
                ("forward UNANALYSABLE /cells/*", 1),
            ],
        ),
        // A replacement is optional, and a mutant may be ignored. Positions refer to a definition by its `$id`, which is not
        // analysed, so that there is no example.
        npm(
            "report of mutations 1.0 to 1.7",
            [
                "mutation-1/dist/src/mutation-testing-report-schema.json",
                "mutation-1-7/dist/src/mutation-testing-report-schema.json",
            ],
            &[
                ("backward UNANALYSABLE /files/*/mutants/*/location/end", 1),
                ("backward UNANALYSABLE /files/*/mutants/*/location/start", 1),
                ("forward UNANALYSABLE /files/*/mutants/*/location/end", 1),
                ("forward UNANALYSABLE /files/*/mutants/*/location/start", 1),
                ("forward REQUIRED_TO_OPTIONAL /files/*/mutants/*", 1),
                ("forward ENUM_VALUE_ADDED /files/*/mutants/*/status", 1),
            ],
        ),
        // The major version is that of its code.
        npm(
            "report of mutations 2 to 3",
            [
                "mutation-2/dist/src/mutation-testing-report-schema.json",
                "mutation-3/src/mutation-testing-report-schema.json",
            ],
            &[],
        ),
        // There are new settings, and a list of languages may stand for one. What is in a union of objects that may read one
        // value together is not told.
        npm(
            "settings of cspell 5 to 6",
            ["cspell-5/cspell.schema.json", "cspell-6/cspell.schema.json"],
            &[
                ("backward UNANALYSABLE /reporters/*", 1),
                ("forward FIELD_ADDED /cache", 1),
                ("forward UNANALYSABLE /dictionaryDefinitions/*", 1),
                ("forward ARRAY_SCALAR /languageId", 1),
                (
                    "forward UNANALYSABLE /languageSettings/*/dictionaryDefinitions/*",
                    1,
                ),
                ("forward UNANALYSABLE /languageSettings/*/languageId", 1),
                ("forward FIELD_ADDED /languageSettings/*", 1),
                (
                    "forward UNANALYSABLE /overrides/*/dictionaryDefinitions/*",
                    1,
                ),
                ("forward ARRAY_SCALAR /overrides/*/languageId", 1),
                (
                    "forward UNANALYSABLE /overrides/*/languageSettings/*/dictionaryDefinitions/*",
                    1,
                ),
                (
                    "forward UNANALYSABLE /overrides/*/languageSettings/*/languageId",
                    1,
                ),
                ("forward FIELD_ADDED /overrides/*/languageSettings/*", 1),
                ("forward FIELD_ADDED /overrides/*", 1),
                ("forward FIELD_ADDED ", 2),
            ],
        ),
    ]
}

/// What is said of a pair, with each thing that is said more than once counted.
fn verdict(pair: &Pair) -> Vec<(String, usize)> {
    let contract = |schema| Contract {
        writer: schema,
        reader: schema,
    };
    let mut said: Vec<(String, usize)> = Vec::new();
    for found in compat::compare(contract(&pair.old), contract(&pair.new)) {
        let direction = match found.direction() {
            Direction::Backward => "backward",
            Direction::Forward => "forward",
        };
        let one = format!("{direction} {} {}", found.rule(), found.pointer());
        match said.iter_mut().find(|(other, _)| *other == one) {
            Some((_, count)) => *count += 1,
            None => said.push((one, 1)),
        }
    }
    said
}

/// The packages of all tests: two that install into one folder would read what the other has written half.
static PACKAGES: LazyLock<Packages> =
    LazyLock::new(|| Packages::new(Path::new(env!("CARGO_TARGET_TMPDIR"))));

fn validator(schema: &Value) -> Validator {
    let options = jsonschema::options().should_validate_formats(true);
    options.build(schema).expect("it is a schema")
}

#[test]
fn what_breaks_is_what_the_projects_changed() {
    for pair in pairs(&PACKAGES) {
        let said = verdict(&pair);
        let said: Vec<_> = said.iter().map(|(one, count)| (&**one, *count)).collect();
        assert_eq!(said, pair.expected, "{}", pair.name);
    }
}

#[test]
fn each_example_is_valid_in_one_version_and_invalid_in_the_other() {
    let (mut judged, mut without) = (0, 0);
    for pair in pairs(&PACKAGES) {
        let contract = |schema| Contract {
            writer: schema,
            reader: schema,
        };
        let (old, new) = (validator(&pair.old), validator(&pair.new));
        for found in compat::compare(contract(&pair.old), contract(&pair.new)) {
            let Some(witness) = found.witness() else {
                without += usize::from(found.rule() != Rule::Unanalysable);
                continue;
            };
            let (writes, reads) = match found.direction() {
                Direction::Backward => (&old, &new),
                Direction::Forward => (&new, &old),
            };
            let verdict = (writes.is_valid(witness), reads.is_valid(witness));
            assert_eq!(verdict, (true, false), "{}: {found}", pair.name);
            judged += 1;
        }
    }
    assert!(
        judged > 50 && without * 20 < judged,
        "{judged} examples, {without} breaks without one"
    );
}
