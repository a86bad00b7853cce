//! Both programs do the work that is asked of them, and the same. What it is shows in what their
//! handlers saw; how long it took is nothing to test.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Each operation, how often, the calls of handlers that makes, and the sum of what they saw.
const WORK: [(&str, u64, u64, u64); 11] = [
    ("emit.1", 4, 4, 10),
    ("emit.10", 4, 40, 100),
    ("emit.100", 4, 400, 1000),
    ("on-off", 4, 4, 10),
    ("once", 4, 4, 10),
    ("priority.10", 1, 10, ORDER),
    ("gather.1", 4, 4, 10),
    ("gather.10", 4, 40, 100),
    ("gather.100", 4, 400, 1000),
    ("gather-waiting.10", 4, 40, 100),
    // More than fit into the queue.
    ("queue.2", 5000, 5000, 5000 * 5001 / 2),
];

/// What handlers 0 to 9 write down if they are called in that order.
const ORDER: u64 = {
    let (mut sum, mut place) = (0, 0);
    while place < 10 {
        sum = (sum * 31 + place) % 1_000_003;
        place += 1;
    }
    sum
};

/// Runs a program with all of the work; answers its version, and what its handlers saw.
fn work(mut program: Command) -> (String, Vec<(String, u64, u64)>) {
    let arguments = WORK.map(|(name, times, ..)| format!("{name}={times}"));
    let output = program.args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run {program:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    let mut lines = printed.lines();
    let version = lines.next().expect("a version").to_owned();
    let seen = lines.map(|line| {
        let words: Vec<_> = line.split(' ').collect();
        let [name, time, calls, sum] = words[..] else {
            panic!("not four words: {line}")
        };
        assert!(time.parse::<f64>().expect(line) > 0.0, "{line}");
        let number = |word: &str| word.parse().expect(line);
        (name.to_owned(), number(calls), number(sum))
    });
    (version, seen.collect())
}

fn expected() -> Vec<(String, u64, u64)> {
    let expected = WORK.map(|(name, _, calls, sum)| (name.to_owned(), calls, sum));
    expected.into()
}

fn python(arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    // `-B`: it writes nothing into the source tree.
    command.arg("-B").args(arguments).current_dir(folder());
    command
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python")
}

#[test]
fn ours_does_what_is_asked_of_it() {
    let (version, seen) = work(Command::new(env!("CARGO_BIN_EXE_event-compare")));
    assert!(version.starts_with("version event-core "), "{version}");
    assert_eq!(seen, expected());
}

#[test]
fn python_does_what_is_asked_of_it() {
    let (version, seen) = work(python(&["measure.py"]));
    assert!(version.starts_with("version Python 3."), "{version}");
    assert_eq!(seen, expected());
}

#[test]
fn the_buses_in_python_keep_their_promises() {
    let output = python(&["-m", "unittest", "test_buses"]).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run python3: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("\nOK"), "{said}");
}

#[test]
fn an_operation_that_does_not_exist_is_named() {
    for (argument, words) in [
        ("emit=3", "event-compare: no operation `emit`\n"),
        (
            "emit.1",
            "event-compare: expected OPERATION=TIMES, not `emit.1`\n",
        ),
    ] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_event-compare"));
        let output = program.arg(argument).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(String::from_utf8_lossy(&output.stderr), words);
    }
}
