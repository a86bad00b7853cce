//! Files of the user's own: both layouts, broken lines, and what cannot be read at all.

mod folder;
mod run;

use std::fmt::Write;

use folder::Folder;
use run::shop;

#[test]
fn the_other_layout_has_a_header_and_four_columns() {
    // 1 + 2 + … + 100 purchases of 1.01, 2.02, … dollars, latest first, on LF lines.
    let mut file = "customer_id date cds amount\n".to_owned();
    for n in (1..=100).rev() {
        let (month, day) = (n / 28 % 12 + 1, n % 28 + 1);
        let _ = writeln!(file, "{n:05} 1997{month:02}{day:02} {n} {n}.{:02}", n % 100);
    }
    let folder = Folder::new();
    let run = shop(&[&folder.file("full.txt", &file)]);

    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    assert_eq!(run.value("purchases"), "100");
    assert_eq!(run.value("customers"), "100");
    assert_eq!(run.value("CDs"), "5050");
    // 5050 dollars, and 1 + 2 + … + 99 cents.
    assert_eq!(run.value("revenue"), "5099.50");
}

#[test]
fn the_layouts_line_ends_and_decimals_change_nothing() {
    let folder = Folder::new();
    for (name, file) in [
        (
            "sample",
            &b" 00004 0001 19970101  2   29.33\r\n 00018 0002 19970102  1    7.50\r\n"[..],
        ),
        (
            "full",
            b"ID DATE CDS AMT\r\n 00004 19970101  2   29.33\r\n 00018 19970102  1    7.5\r\n",
        ),
        (
            "mark",
            b"\xEF\xBB\xBF4 1 19970101 2 29.33\n18 2 19970102 1 7.5",
        ),
    ] {
        let run = shop(&[&folder.file(name, file)]);
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{name}");
        assert_eq!(
            (run.value("purchases"), run.value("revenue")),
            ("2", "36.83"),
            "{name}"
        );
    }
}

#[test]
fn a_broken_line_is_named_and_the_run_goes_on() {
    let folder = Folder::new();
    let file = folder.file(
        "broken.txt",
        b"4 1 19970101 2 29.33\n\
          4 1 19970230 2 29.33\n\
          4 1 19970118 2 -29.33\n\
          \n\
          caf\xe9\n\
          4 1 19970802 1\n\
          4 1 19971212 1 26.48\n",
    );
    let run = shop(&[&file]);

    assert_eq!(run.status, Some(0));
    let complaints = [
        "line 2: date `19970230` is not a day of the calendar, written YYYYMMDD",
        "line 3: amount `-29.33` is negative",
        "line 5: not UTF-8 text",
        "line 6: date `1` is not a day of the calendar, written YYYYMMDD",
    ];
    assert_eq!(
        run.stderr,
        complaints
            .map(|what| format!("shop: {file}, {what}\n"))
            .concat()
    );
    assert_eq!(
        (run.value("purchases"), run.value("revenue")),
        ("2", "55.81")
    );
    assert_eq!(run.value("malformed"), "4");
}

#[test]
fn of_many_broken_lines_the_first_twenty_are_shown_and_all_are_counted() {
    let folder = Folder::new();
    let file = folder.file(
        "broken.txt",
        "4 1 19970101 2 29.33\n".to_owned() + &"oops\n".repeat(50),
    );
    let run = shop(&[&file]);

    assert_eq!((run.status, run.value("malformed")), (Some(0), "50"));
    assert_eq!(run.stderr.lines().count(), 21);
    assert!(
        run.stderr.ends_with("and 30 more malformed lines\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn nothing_to_replay_ends_with_status_2_and_says_why() {
    let folder = Folder::new();
    for (file, complaint) in [
        (folder.path("missing"), "missing: No such file"),
        (folder.file("empty", ""), "empty is empty\n"),
        (folder.file("blank", "\r\n \n"), "blank has no valid line\n"),
        (
            folder.file("header", "id date cds usd\n"),
            "header has no valid line\n",
        ),
        (
            folder.file("broken", "1 2 3\n"),
            "broken has no valid line\n",
        ),
    ] {
        let run = shop(&[&file]);
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{file}");
        assert!(run.stderr.contains(complaint), "{}", run.stderr);
    }
}

#[test]
fn wrong_usage_ends_with_status_2_and_help_with_0() {
    for (args, complaint) in [
        (&["--colour"][..], "unexpected argument '--colour' found"),
        (&["--audit"], "a value is required for '--audit <FILE>'"),
        (
            &["one.txt", "two.txt"],
            "unexpected argument 'two.txt' found",
        ),
    ] {
        let run = shop(args);
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(run.stderr.contains(complaint), "{}", run.stderr);
    }
    let help = shop(&["--help"]);
    assert_eq!(help.status, Some(0));
    assert!(
        help.stdout.contains("shop [OPTIONS] [FILE]"),
        "{}",
        help.stdout
    );
    assert_eq!(
        shop(&["--version"]).stdout,
        concat!("shop ", env!("CARGO_PKG_VERSION"), "\n")
    );
}
