//! `events lock` and `events check`.

use std::fs;
use std::panic;
use std::path::Path;

use clap::Parser;
use event_catalog::{Catalog, EventsArgs, Reply, Terminal};
use expect_test::expect_file;
use serde_json::Value;

use crate::events::catalog;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    events: EventsArgs,
}

fn reply(catalog: &Catalog, file: &Path, words: &str) -> Reply {
    let words = words.split(' ').map(str::to_owned);
    let file = [format!("--lock={}", file.display())];
    let words = ["events".to_owned()].into_iter().chain(words).chain(file);
    let arguments = Arguments::try_parse_from(words).unwrap_or_else(|error| panic!("{error}"));
    arguments.events.command.reply(catalog, &Terminal::plain())
}

fn locked(side: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("events.lock");
    let reply = reply(&catalog(side), &file, "lock");
    assert_eq!((reply.status, &*reply.error), (0, ""));
    assert!(
        reply.output.contains(" events, of which "),
        "{}",
        reply.output
    );
    (folder, file)
}

#[test]
fn the_exit_status_says_whether_it_is_compatible() {
    let (folder, file) = locked("before");
    let status = |side: &str, words: &str| reply(&catalog(side), &file, words).status;
    assert_eq!(status("before", "check"), 0);
    assert_eq!(status("before", "check --locked"), 0);
    assert_eq!(
        status("before", "check --strict"),
        1,
        "an event has no schema"
    );
    assert_eq!(status("after", "check"), 1);
    let missing = folder.path().join("none.lock");
    let missing = reply(&catalog("after"), &missing, "check");
    assert_eq!(missing.status, 2);
    assert!(
        missing.error.contains("there is no such file; `"),
        "{}",
        missing.error
    );
    assert!(
        missing.error.contains("events lock` writes it"),
        "{}",
        missing.error
    );
    fs::write(&file, "{\"format\": 7}").expect("it is written");
    for command in ["check", "lock", "lock --accept-breaking"] {
        let newer = reply(&catalog("after"), &file, command);
        assert_eq!(newer.status, 2);
        assert!(
            newer.error.contains("it has the format 7"),
            "{}",
            newer.error
        );
    }
    fs::write(&file, "<<<<<<<").expect("it is written");
    let corrupted = reply(&catalog("after"), &file, "lock --accept-breaking");
    assert_eq!(corrupted.status, 2);
    assert!(
        corrupted.error.contains("it is not a lock: "),
        "{}",
        corrupted.error
    );
    let left = fs::read_to_string(&file).expect("it is there");
    assert_eq!(left, "<<<<<<<", "what cannot be read is not replaced");
}

#[test]
fn a_lock_is_not_replaced_by_what_breaks_readers_unless_that_is_accepted() {
    let (_folder, file) = locked("before");
    let before = fs::read_to_string(&file).expect("it is there");
    let refused = reply(&catalog("after"), &file, "lock");
    assert_eq!(refused.status, 1);
    assert!(
        refused
            .output
            .contains("error: EVENT_REMOVED in `shop.mail_sent v1`"),
        "{}",
        refused.output
    );
    assert!(
        refused.output.contains("events.lock:"),
        "the line of what is gone: {}",
        refused.output
    );
    assert!(
        refused.error.contains("is left as it is"),
        "{}",
        refused.error
    );
    assert_eq!(fs::read_to_string(&file).expect("it is there"), before);

    let accepted = reply(&catalog("after"), &file, "lock --accept-breaking");
    assert_eq!((accepted.status, &*accepted.error), (0, ""));
    assert_ne!(fs::read_to_string(&file).expect("it is there"), before);
    assert_eq!(reply(&catalog("after"), &file, "check --locked").status, 0);
    let again = reply(&catalog("after"), &file, "lock");
    assert!(again.output.contains("is up to date"), "{}", again.output);
}

#[test]
fn a_compatible_change_is_said_with_the_command_that_locks_it() {
    let (_folder, file) = locked("before");
    let mut changed = catalog("after");
    changed
        .events
        .retain(|event| event.name == "shop.light_switched" || event.name == "shop.bell_rung");
    let mut events = catalog("before").events;
    events.retain(|event| event.name != "shop.light_switched");
    changed.events.extend(events);
    changed
        .events
        .sort_by(|one, other| one.name.cmp(&other.name));

    let check = reply(&changed, &file, "check");
    assert_eq!((check.status, &*check.error), (0, ""));
    assert!(
        check
            .output
            .contains("note: EVENT_CHANGED in `shop.light_switched v1`"),
        "{}",
        check.output
    );
    assert!(
        check
            .output
            .contains("note: EVENT_ADDED in `shop.bell_rung v1`"),
        "{}",
        check.output
    );
    assert!(
        check.output.contains("help: the lock is not up to date: `"),
        "{}",
        check.output
    );
    let pedantic = reply(&changed, &file, "check --locked");
    assert_eq!(pedantic.status, 1);
    assert!(
        pedantic.error.contains("is not up to date"),
        "{}",
        pedantic.error
    );
    assert_eq!(reply(&changed, &file, "lock").status, 0);
    assert_eq!(reply(&changed, &file, "check --locked").status, 0);
}

#[test]
fn the_direction_of_a_lock_is_kept_until_another_is_given() {
    let (_folder, file) = locked("before");
    let direction = || {
        let text = fs::read_to_string(&file).expect("it is there");
        let lock: Value = serde_json::from_str(&text).expect("JSON");
        lock["direction"]
            .as_str()
            .map(str::to_owned)
            .expect("it is there")
    };
    assert_eq!(direction(), "both");
    assert_eq!(
        reply(&catalog("before"), &file, "lock --direction backward").status,
        0
    );
    assert_eq!(direction(), "backward");
    assert_eq!(
        reply(&catalog("after"), &file, "lock --accept-breaking").status,
        0
    );
    assert_eq!(direction(), "backward");
    let check = reply(&catalog("before"), &file, "check --json");
    let check: Value = serde_json::from_str(&check.output).expect("JSON");
    assert_eq!(check["direction"], "backward");
}

/// Replaces the folder, which is another one each time.
fn stable(output: &str, file: &Path) -> String {
    let folder = file.parent().expect("it has one").display().to_string();
    output
        .replace('\\', "/")
        .replace(&folder.replace('\\', "/"), "FOLDER")
}

#[test]
fn every_format_has_what_tools_read() {
    let (_folder, file) = locked("before");
    let output = |words: &str| {
        let reply = reply(&catalog("after"), &file, words);
        assert_eq!(reply.status, 1);
        reply.output
    };
    expect_file!["snapshots/check.github.txt"]
        .assert_eq(&stable(&output("check --format github"), &file));

    let check: Value = serde_json::from_str(&output("check --json")).expect("JSON");
    assert_eq!(
        serde_json::from_str::<Value>(&output("check --format json")).expect("JSON"),
        check
    );
    assert_eq!(
        (&check["is_compatible"], &check["is_current"]),
        (&false.into(), &false.into())
    );
    let changes = check["changes"].as_array().expect("a list");
    let narrowed = changes
        .iter()
        .find(|change| change["rule"] == "INT_NARROWED");
    let narrowed = narrowed.expect("it is among them");
    assert_eq!(narrowed["direction"], "backward");
    assert_eq!(narrowed["severity"], "error");
    assert_eq!(narrowed["event"]["name"], "shop.order_placed");
    assert_eq!(narrowed["pointer"], "/order_id");
    assert_eq!(narrowed["witness"]["order_id"], u64::from(u32::MAX) + 1);
    let file_of_place = narrowed["place"]["file"]
        .as_str()
        .expect("a text")
        .replace('\\', "/");
    assert_eq!(file_of_place, "event-catalog/tests/lock/events.rs");

    let issues: Value = serde_json::from_str(&output("check --format gitlab")).expect("JSON");
    let issues = issues.as_array().expect("a list");
    assert_eq!(issues.len(), changes.len());
    let prints: std::collections::HashSet<_> = issues
        .iter()
        .map(|it| it["fingerprint"].to_string())
        .collect();
    assert_eq!(prints.len(), issues.len(), "each has its own");
    for issue in issues {
        assert!(
            issue["location"]["lines"]["begin"]
                .as_u64()
                .is_some_and(|line| line > 0),
            "{issue}"
        );
        assert!(
            ["info", "minor", "major"].contains(&issue["severity"].as_str().unwrap_or_default()),
            "{issue}"
        );
    }
}

/// The handlers of the shop's packages are not linked into this binary.
#[test]
fn a_package_that_is_not_linked_is_a_warning_and_strictly_an_error() {
    let (_folder, file) = locked("before");
    let mut described = catalog("before");
    described.events.retain(|event| event.has_schema);
    assert_eq!(reply(&described, &file, "lock --accept-breaking").status, 0);
    let check = |words: &str| reply(&described, &file, words);
    assert_eq!(check("check --strict").status, 0);

    // The shop's own lines move when its text does.
    let without_lines = |output: &str| -> String {
        let lines = stable(output, &file);
        let lines = lines.lines().map(|line| match line.split_once(".rs:") {
            Some((place, _)) => format!("{place}.rs\n"),
            None => format!("{line}\n"),
        });
        lines.collect()
    };
    let lenient = check("check --package shop");
    assert_eq!((lenient.status, &*lenient.error), (0, ""));
    expect_file!["snapshots/not_linked.txt"].assert_eq(&without_lines(&lenient.output));
    let count = lenient.output.matches("warning: ").count();
    let strict = check("check --strict --package shop");
    assert_eq!(strict.status, 1);
    assert_eq!(strict.output.matches("error: ").count(), count);
    let summary = format!("{count} errors, 0 warnings, 0 notes; ");
    assert!(strict.output.contains(&summary), "{}", strict.output);
    assert!(
        !strict.output.contains("--accept-breaking"),
        "no lock says what is linked"
    );

    let json = check("check --json --package shop").output;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["is_compatible"], true);
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(count));
    let first = &json["findings"][0];
    let kind = (&first["kind"], &first["severity"]);
    assert_eq!(kind, (&"not_linked".into(), &"warning".into()));
    let github = check("check --format github --package shop").output;
    let annotation = format!(
        "::warning file=examples/shop/audit/src/lib.rs,line={},title=NOT_LINKED::the program depends on `shop-audit`",
        first["places"][0]["line"]
    );
    assert!(github.contains(&annotation), "{github}");
    let gitlab = check("check --format gitlab --package shop").output;
    let gitlab: Value = serde_json::from_str(&gitlab).expect("JSON");
    assert_eq!(gitlab.as_array().map(Vec::len), Some(count));
    let first = &gitlab[0];
    let kind = (&first["check_name"], &first["severity"]);
    assert_eq!(kind, (&"NOT_LINKED".into(), &"minor".into()));
    assert_ne!(first["fingerprint"], gitlab[1]["fingerprint"]);

    let unknown = check("check --package shoop");
    assert_eq!((unknown.status, &*unknown.output), (2, ""));
    assert_eq!(unknown.error, "the workspace has no package `shoop`");
}

#[test]
fn a_test_fails_with_the_text_of_the_check() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let file = folder.path().join("events.lock");
    let path = file.display().to_string();
    // The events of this binary are as they were, but for the numbers of one.
    let lock = Catalog::linked().lock().to_string();
    let wider = lock.replace("\"format\": \"uint32\"", "\"format\": \"uint64\"");
    assert_ne!(wider, lock);
    fs::write(&file, &wider).expect("it is written");
    let failure = panic::catch_unwind(|| event_catalog::assert_compatible!(&path));
    let failure = failure.expect_err("a number is narrower");
    let text = failure.downcast_ref::<String>().expect("a text");
    expect_file!["snapshots/assertion.txt"].assert_eq(&stable(text, &file));

    Catalog::linked()
        .lock()
        .write(&file)
        .expect("it is written");
    event_catalog::assert_compatible!(&path);
    let strict = panic::catch_unwind(|| event_catalog::assert_compatible!(&path, strict));
    assert!(strict.is_err(), "some have no schema");
    let missing = panic::catch_unwind(|| event_catalog::assert_compatible!("no/such.lock"));
    let missing = missing.expect_err("there is none");
    let missing = missing.downcast_ref::<String>().expect("a text");
    assert_eq!(
        missing,
        "the lock `no/such.lock` cannot be used: there is no such file; `cargo run -p event-catalog -- events lock` \
         writes it"
    );
}
