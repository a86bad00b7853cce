//! What the shop says about its own events.

use std::{
    io::Read,
    process::{Command, Output, Stdio},
};

use expect_test::expect_file;

fn shop(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
    command
        .arg("events")
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("COLUMNS")
        .env_remove("NO_COLOR");
    command
}

fn run(command: &mut Command) -> Output {
    command.output().expect("the program starts")
}

fn output(arguments: &[&str]) -> String {
    let output = run(&mut shop(arguments));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*stderr), (Some(0), ""));
    let text = String::from_utf8(output.stdout).expect("the program writes UTF-8");
    // Places have slashes on every platform then.
    text.replace('\\', "/")
}

#[test]
fn the_list_names_who_reacts_to_what_in_run_order() {
    expect_file!["events/list.txt"].assert_eq(&output(&["list"]));
}

#[test]
fn a_purchase_is_explained() {
    let explained = output(&["explain", "shop.purchase_made"]);
    expect_file!["events/explain.txt"].assert_eq(&explained);
}

#[test]
fn the_graph_is_drawn() {
    expect_file!["events/graph.svg"].assert_eq(&output(&["graph", "--format", "svg"]));
    expect_file!["events/crates.mmd"].assert_eq(&output(&["graph", "--by", "crate"]));
}

#[test]
fn the_doctor_finds_nothing_wrong() {
    let found = output(&["doctor", "--strict", "--package", "shop"]);
    expect_file!["events/doctor.txt"].assert_eq(&found);
}

#[test]
fn an_unknown_event_is_an_error_with_the_nearest_name() {
    let output = run(&mut shop(&["explain", "shop.purchase_maid"]));
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        stderr,
        "error: no linked event is named `shop.purchase_maid`; did you mean `shop.purchase_made`?\n"
    );
}

#[test]
fn wrong_usage_is_status_2() {
    let output = run(&mut shop(&["lst"]));
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("'list'"), "{stderr}");
}

#[test]
fn the_help_says_what_the_commands_do() {
    let help = output(&["--help"]);
    let first = "Lists, explains, draws and checks the events of this program";
    assert!(help.starts_with(first), "{help}");
    assert!(
        help.contains("Usage: shop") && help.contains(" events "),
        "{help}"
    );
}

#[test]
fn colours_are_for_terminals_and_for_who_asks() {
    let colored = |command: &mut Command| run(command).stdout.contains(&b'\x1b');
    assert!(!colored(&mut shop(&["list"])), "this is no terminal");
    assert!(colored(&mut shop(&["--color", "always", "list"])));
    assert!(colored(
        shop(&["list", "--color=always"]).env("NO_COLOR", "1")
    ));
    assert!(!colored(&mut shop(&["list", "--color=never"])));
}

#[test]
fn the_width_of_the_terminal_is_that_of_the_environment() {
    let output = run(shop(&["list"]).env("COLUMNS", "70"));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let text = text.replace('\\', "/");
    let place = text.lines().find(|line| line.ends_with("purchase.rs:13"));
    let place = place.expect("the place of the event");
    assert_eq!(place, "    examples/shop/events/src/purchase.rs:13");
}

#[test]
fn a_reader_who_goes_away_early_is_no_error() {
    let mut child = shop(&["graph", "--format", "svg"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let mut stderr = String::new();
    let mut pipe = child.stderr.take().expect("a pipe");
    pipe.read_to_string(&mut stderr).expect("UTF-8");
    let status = child.wait().expect("the program ends");
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
}

/// What a program says that was copied to a machine without cargo, or without its source.
#[test]
fn a_program_that_cargo_does_not_run_says_once_what_it_does_not_know() {
    let lock = concat!("--lock=", env!("CARGO_MANIFEST_DIR"), "/events.lock");
    let run = |arguments: &[&str], cargo: Option<&str>| {
        let mut command = shop(arguments);
        match cargo {
            Some(cargo) => command.env("CARGO", cargo),
            None => command.env_remove("CARGO_PKG_NAME"),
        };
        let output = run(&mut command);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*stderr), (Some(0), ""));
        String::from_utf8(output.stdout).expect("the program writes UTF-8")
    };
    let unknown = "note: whether handlers of dependencies are missing is not known: ";
    for arguments in [&["check", "--strict", lock][..], &["doctor", "--strict"]] {
        let copied = run(arguments, None);
        let why = "cargo does not run this program; name its package with `--package`\n";
        assert_eq!(copied.matches(unknown).count(), 1, "{copied}");
        assert!(copied.contains(&format!("{unknown}{why}")), "{copied}");
        let without = run(arguments, Some("no/such/cargo"));
        let why = "cargo cannot be run: ";
        assert!(without.contains(&format!("{unknown}{why}")), "{without}");
    }
    let json = run(&["check", "--json", lock], None);
    assert!(json.contains("\"kind\": \"packages_unknown\""), "{json}");
    let silent = run(&["check", "--no-cargo", lock], None);
    assert!(
        silent.starts_with("0 errors, 0 warnings, 0 notes; "),
        "{silent}"
    );
}

#[test]
fn the_lock_is_up_to_date() {
    let output = output(&["check", "--strict", "--locked"]);
    assert_eq!(
        output,
        "0 errors, 0 warnings, 0 notes; 9 events against the lock, backward and forward\n"
    );
}
