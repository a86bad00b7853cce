//! The queue of receipts, as the summary shows it.

mod run;

use run::{Run, shop};

/// Each receipt that was offered has ended in one of the ways below it.
fn adds_up(run: &Run) -> bool {
    let ways = ["sent", "failed", "dropped", "rejected", "abandoned"];
    let ended: u64 = ways.into_iter().map(|way| run.queue(way)).sum();
    ended == run.queue("offered")
}

#[test]
fn every_receipt_is_sent_before_the_summary_is_printed() {
    let run = shop(&[]);
    let counts = ["offered", "sent", "failed", "dropped", "rejected"].map(|label| run.queue(label));
    assert_eq!(counts, [6919, 6911, 8, 0, 0]);
    assert_eq!((run.queue("depth"), run.queue("abandoned")), (0, 0));
    assert_eq!(run.value("receipts"), "6911");
    assert!((1..=8192).contains(&run.queue("high water")));
}

#[test]
fn whatever_happens_to_a_receipt_that_finds_no_room_it_is_counted_and_its_sale_is_made() {
    for (overflow, lost) in [
        ("wait", None),
        ("reject", Some("rejected")),
        ("drop-oldest", Some("dropped")),
        ("drop-newest", Some("dropped")),
    ] {
        let run = shop(&["--queue-capacity", "1", "--overflow", overflow]);
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
        assert_eq!(run.value("purchases"), "6919", "{overflow}");
        assert_eq!(run.value("revenue"), "244091.94", "{overflow}");
        assert_eq!(run.queue("offered"), 6919, "{overflow}");
        assert!(adds_up(&run), "{overflow}:\n{}", run.stdout);
        assert_eq!(run.value("receipts"), run.queue("sent").to_string());
        // A receipt that is tried again waits, too, though it found the place taken: one for each consumer.
        let high_water = run.queue("high water");
        assert!(
            (1..=1 + 4).contains(&high_water),
            "{overflow}: {high_water}"
        );
        for way in ["rejected", "dropped", "abandoned"] {
            assert!(
                run.queue(way) == 0 || lost == Some(way),
                "{overflow}:\n{}",
                run.stdout
            );
        }
        assert!(run.queue("waits") == 0 || lost.is_none(), "{overflow}");
    }
}

#[test]
fn a_sale_waits_for_a_slow_mail_server_when_the_queue_is_full_and_no_receipt_is_lost() {
    // 6911 receipts of a tenth of a millisecond each, and room for one.
    let run = shop(&["--receipt-delay", "100us", "--queue-capacity", "1"]);
    assert_eq!(run.status, Some(0));
    assert_eq!((run.queue("sent"), run.queue("failed")), (6911, 8));
    // The mail server is busy at each 500th of 6924 connections.
    assert_eq!(run.queue("tried again"), 13);
    assert!(run.queue("waits") > 0, "{}", run.stdout);
}

#[test]
fn wrong_choices_are_refused_with_the_right_ones() {
    for (args, complaint) in [
        (["--receipt-delay", "5"], "a time is written like 5ms"),
        (["--drain-limit", "-1s"], "a time is written like 5ms"),
        (["--queue-capacity", "0"], "0 is not in 1..=1000000"),
        (
            ["--overflow", "panic"],
            "[possible values: wait, reject, drop-oldest, drop-newest]",
        ),
    ] {
        let run = shop(&[&args.join("=")]);
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(run.stderr.contains(complaint), "{}", run.stderr);
    }
}
