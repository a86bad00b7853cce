//! Ctrl-C, which is SIGINT.

// For `/dev/stderr`.
#![cfg(target_os = "linux")]

mod folder;
mod run;
mod running;

use folder::Folder;
use run::{Run, shop};
use running::Running;

/// Waits until some purchases were made, fewer than a queue has places.
fn until_well_under_way(running: &mut Running) {
    (0..SOME).for_each(|_| running.until("shop.purchase_made"));
}

fn purchases(run: &Run) -> u64 {
    run.value("purchases").parse().expect("a number")
}

// The audit says when the replay is under way.
const AUDIT: [&str; 2] = ["--audit", "/dev/stderr"];
const SOME: u64 = 20;

#[test]
fn an_interrupt_stops_the_replay_and_lets_the_receipts_that_wait_be_sent() {
    // All receipts would take more than half a minute.
    let slow = ["--receipt-delay=20ms", "--queue-capacity=50"];
    let mut running = Running::start(&[&AUDIT[..], &slow, &["--drain-limit=1h"]].concat());
    until_well_under_way(&mut running);
    running.interrupt();
    let run = running.end();

    assert_eq!(run.status, Some(130), "{}", run.stderr);
    let made = purchases(&run);
    assert!((1..6919).contains(&made), "{made} purchases");
    assert_eq!(run.queue("sent") + run.queue("failed"), made);
    assert_eq!(run.queue("offered"), made);
    assert_eq!((run.queue("depth"), run.queue("abandoned")), (0, 0));
    let drained = run.queue("drained");
    assert!(drained > 0, "{}", run.stdout);
    let last_words = format!(
        "Interrupted: {drained} drained, 0 abandoned\n  \
         drained {drained}: shop_receipts::send_receipt ("
    );
    assert!(run.stdout.contains(&last_words), "{}", run.stdout);
    assert!(run.stderr.contains("shop: interrupted; "), "{}", run.stderr);
}

#[test]
fn what_is_not_sent_within_the_limit_is_abandoned_and_counted() {
    let stuck = ["--receipt-delay=1h", "--queue-capacity=200"];
    let mut running = Running::start(&[&AUDIT[..], &stuck, &["--drain-limit=1ms"]].concat());
    until_well_under_way(&mut running);
    running.interrupt();
    let run = running.end();

    assert_eq!(run.status, Some(130), "{}", run.stderr);
    assert_eq!((run.value("receipts"), run.queue("sent")), ("0", 0));
    let abandoned = run.queue("abandoned");
    assert!(abandoned > 4, "{}", run.stdout);
    // The last sale may have waited for room, and finds the shop closed.
    let ended = run.queue("failed") + run.queue("rejected") + abandoned;
    assert_eq!((run.queue("offered"), purchases(&run)), (ended, ended));
    let last_words = format!(
        " drained, {abandoned} abandoned, out of time\n  \
         abandoned {abandoned}: shop_receipts::send_receipt ("
    );
    let (_, interrupted) = run.stdout.split_once("Interrupted: ").expect("last words");
    assert!(interrupted.contains(&last_words), "{interrupted}");
}

#[test]
fn a_second_interrupt_ends_the_program_at_once() {
    let stuck = ["--receipt-delay=1h", "--drain-limit=1h"];
    let mut running = Running::start(&[&AUDIT[..], &stuck].concat());
    until_well_under_way(&mut running);
    running.interrupt();
    running.until("shop: interrupted; receipts that wait have 3600s");
    running.interrupt();
    let run = running.end();

    assert_eq!((run.status, run.stdout.as_str()), (Some(130), ""));
    let last_words = "shop: ended at once, without a summary";
    // The sale that is being made may still be written to the audit.
    let has_last_words = run.stderr.lines().any(|line| line == last_words);
    assert!(has_last_words, "{}", run.stderr);
}

#[test]
fn a_record_is_complete_up_to_where_it_was_stopped() {
    let folder = Folder::new();
    let record = folder.path("events.ndjson");
    let slow = ["--receipt-delay=1ms", "--queue-capacity=50"];
    let recorded = ["--record", &record, "--drain-limit=1h"];
    let mut running = Running::start(&[&AUDIT[..], &slow, &recorded].concat());
    until_well_under_way(&mut running);
    running.interrupt();
    let run = running.end();

    assert_eq!(run.status, Some(130), "{}", run.stderr);
    assert_eq!(run.value("written"), run.value("events"));
    let replay = shop(&["--replay", &record]);
    assert_eq!((replay.status, replay.stderr.as_str()), (Some(0), ""));
    for total in ["purchases", "revenue", "receipts", "returning", "events"] {
        assert_eq!(replay.value(total), run.value(total), "{total}");
    }
}

#[test]
fn a_program_that_is_ended_at_once_leaves_a_record_of_whole_lines() {
    let folder = Folder::new();
    let record = folder.path("events.ndjson");
    let stuck = [
        "--receipt-delay=1h",
        "--drain-limit=1h",
        "--record",
        &record,
    ];
    let mut running = Running::start(&[&AUDIT[..], &stuck].concat());
    until_well_under_way(&mut running);
    running.interrupt();
    running.until("shop: interrupted; ");
    running.interrupt();
    assert_eq!(running.end().status, Some(130));

    let replay = shop(&["--replay", &record]);
    assert_eq!((replay.status, replay.stderr.as_str()), (Some(0), ""));
    assert!(purchases(&replay) > 0);
}

#[test]
fn a_program_that_is_killed_leaves_every_event_that_a_handler_has_seen() {
    let folder = Folder::new();
    let record = folder.path("events.ndjson");
    let stuck = ["--receipt-delay=1h", "--record", &record];
    let mut running = Running::start(&[&AUDIT[..], &stuck].concat());
    until_well_under_way(&mut running);
    running.kill();
    let run = running.end();

    assert_eq!(run.status, None, "a signal ended it");
    let replay = shop(&["--replay", &record]);
    assert_eq!((replay.status, replay.stderr.as_str()), (Some(0), ""));
    let audited = run.stderr.matches("\"shop.purchase_made\"").count() as u64;
    let made = purchases(&replay);
    assert!(made >= audited, "{made} of {audited} at least");
}
