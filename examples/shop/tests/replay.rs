//! A run that is recorded, and its journal replayed.

mod folder;
mod run;

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Write,
    fs,
    sync::LazyLock,
};

use folder::Folder;
use run::{Run, shop};
use serde_json::Value;

/// Runs the program, and gives the journal of that.
fn recorded(folder: &Folder, args: &[&str]) -> (Run, String) {
    let record = folder.path("events.ndjson");
    let run = shop(&[args, &["--record", &record]].concat());
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    (run, fs::read_to_string(record).expect("the journal"))
}

/// Writes a journal, and runs the program with it.
fn replay(folder: &Folder, record: impl AsRef<[u8]>, args: &[&str]) -> Run {
    let record = folder.file("record.ndjson", record);
    shop(&[&["--replay", &record], args].concat())
}

/// A run with the purchases that come with the program, and its journal.
static SAMPLE: LazyLock<(Run, String)> = LazyLock::new(|| recorded(&Folder::new(), &[]));

/// What the summary says that follows from the events, and not from the clock.
fn totals(run: &Run) -> Vec<String> {
    let of_the_clock = ["high water", "waits", "drained"];
    let of_the_input = ["malformed", "written", "bytes", "discarded"];
    let headings = ["The shop, ", "Events, in", "Journal, in"];
    let lines = run.stdout.lines().map(str::trim).filter(|line| {
        let mut others = of_the_clock.iter().chain(&of_the_input).chain(&headings);
        !line.is_empty() && !others.any(|other| line.starts_with(other))
    });
    lines
        .map(|line| match line.strip_suffix(" a second") {
            // Without the rate.
            Some(line) => line.rsplit_once(' ').expect("a rate").0.trim().to_owned(),
            None => line.to_owned(),
        })
        .collect()
}

fn number(run: &Run, label: &str) -> usize {
    run.value(label).parse().expect("a number")
}

#[test]
fn a_replay_gives_the_totals_of_the_run_that_was_recorded() {
    let (run, record) = &*SAMPLE;
    let replay = replay(&Folder::new(), record, &[]);
    assert_eq!((replay.status, replay.stderr.as_str()), (Some(0), ""));
    assert_eq!(replay.value("revenue"), "244091.94");
    assert_eq!(replay.value("purchases"), "6919");
    assert_eq!(replay.value("receipts"), "6911");
    assert_eq!(totals(&replay), totals(run));
    assert!(
        totals(run).len() > 50,
        "all of the summary:
{}",
        run.stdout
    );

    // Each event was emitted once: those that handlers caused as often as in the journal.
    let events = number(run, "events");
    assert_eq!(number(run, "written"), events);
    assert_eq!(number(&replay, "events"), events);
    assert_eq!(number(&replay, "discarded"), events - 6919);
    let lines = format!("malformed             0  of {events} lines");
    assert!(replay.stdout.contains(&lines), "{}", replay.stdout);
}

#[test]
fn a_record_has_every_event_with_its_descent_and_money_to_the_cent() {
    let (run, record) = &*SAMPLE;
    assert_eq!(number(run, "bytes"), record.len());
    let events: Vec<Value> = record
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();

    let mut names = BTreeMap::<_, usize>::new();
    let mut known = HashSet::new();
    let mut revenue = 0;
    for event in &events {
        let name = event["type"].as_str().expect("a name");
        *names.entry(name).or_default() += 1;
        assert!(known.insert(&event["id"]), "each id once");
        let cause = event.get("causationid");
        assert_eq!(cause.is_none(), name == "shop.purchase_made");
        assert!(cause.is_none_or(|cause| known.contains(cause)), "{event}");
        if cause.is_none() {
            revenue += event["data"]["amount_cents"].as_u64().expect("cents");
        }
    }
    assert_eq!(revenue, 24_409_194);
    assert_eq!(names["shop.receipt_sent"], 6911);
    assert_eq!((names["shop.voucher_sent"], names.len()), (76, 8));
}

#[test]
fn the_largest_amounts_survive_the_record() {
    let folder = Folder::new();
    let purchases = folder.file(
        "purchases.txt",
        "4 1 19970101 1 10000000000.00\n18 2 19970101 1 9999999999.99\n",
    );
    let (run, record) = recorded(&folder, &[&purchases]);
    let replay = replay(&folder, record, &[]);
    assert_eq!(run.value("revenue"), "19999999999.99");
    assert_eq!(totals(&replay), totals(&run));
}

#[test]
fn an_audit_of_the_replay_has_each_event_once() {
    let folder = Folder::new();
    let mut purchases = String::new();
    for n in 1..=200 {
        let _ = writeln!(purchases, "{} 1 19970101 {} {n}.50", n % 20, n % 90);
    }
    let purchases = folder.file("purchases.txt", purchases);
    let audits = ["first.ndjson", "second.ndjson"].map(|name| folder.path(name));
    let (run, record) = recorded(&folder, &[&purchases, "--audit", &audits[0]]);
    let replay = replay(&folder, record, &["--audit", &audits[1]]);
    assert_eq!(replay.status, Some(0), "{}", replay.stderr);
    assert_eq!(totals(&replay), totals(&run));
    let [first, second] = audits.map(|audit| {
        let text = fs::read_to_string(audit).expect("the audit file");
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    });
    assert_eq!(first, second);
}

#[test]
fn a_replay_waits_for_room_in_the_queue_of_receipts() {
    let slow = ["--queue-capacity", "1", "--receipt-delay", "100us"];
    let replay = replay(&Folder::new(), &SAMPLE.1, &slow);
    assert_eq!(replay.status, Some(0));
    assert_eq!((replay.queue("sent"), replay.queue("failed")), (6911, 8));
    assert!(replay.queue("waits") > 0, "{}", replay.stdout);
}

#[test]
fn a_record_that_is_cut_off_is_replayed_up_to_there_and_says_so() {
    // In the middle of the line in the middle.
    let (folder, whole) = (Folder::new(), &SAMPLE.1);
    let start = whole[..whole.len() / 2].rfind('\n').expect("many lines");
    let half = &whole[..start + 30];
    let lines = half.lines().count();

    let replay = replay(&folder, half, &[]);
    assert_eq!(replay.status, Some(1));
    let record = folder.path("record.ndjson");
    let said = format!("shop: {record}, line {lines} is cut off: ");
    assert!(replay.stderr.starts_with(&said), "{}", replay.stderr);
    assert_eq!(replay.stderr.lines().count(), 1);
    assert_eq!(number(&replay, "events"), lines - 1);
    assert_eq!(number(&replay, "malformed"), 1);
    let purchases = number(&replay, "purchases");
    assert!((1000..6919).contains(&purchases), "{purchases} purchases");
}

#[test]
fn a_record_that_is_cut_off_is_appended_to_and_both_runs_are_replayed() {
    let folder = Folder::new();
    let purchases = folder.file("purchases.txt", "4 1 19970101 1 29.33\n");
    let (run, record) = recorded(&folder, &[&purchases]);
    let lines = record.lines().count();
    // As if it had been killed in the middle of its last line.
    let start = record.trim_end().rfind('\n').expect("some lines") + 1;
    let record = folder.file("events.ndjson", &record[..start + 30]);

    let second = shop(&[&purchases, "--record", &record, "--append"]);
    assert_eq!(second.status, Some(0), "{}", second.stderr);
    let said = "shop: the journal continues after 30 bytes of an event that is cut off\n";
    assert_eq!(second.stderr, said);

    let replay = shop(&["--replay", &record]);
    assert_eq!(replay.status, Some(1));
    assert!(
        replay
            .stderr
            .contains(&format!("line {lines} is cut off: "))
    );
    assert_eq!(
        (replay.value("purchases"), replay.value("malformed")),
        ("2", "1")
    );
    assert_eq!(number(&replay, "events"), 2 * number(&run, "events") - 1);

    let alone = shop(&["--append"]);
    assert_eq!(alone.status, Some(2));
    assert!(alone.stderr.contains("--record <FILE>"), "{}", alone.stderr);
}

#[test]
fn lines_that_are_no_event_are_named_counted_and_left_out() {
    let folder = Folder::new();
    let purchases = folder.file("purchases.txt", "4 1 19970101 1 29.33\n");
    let (run, record) = recorded(&folder, &[&purchases]);
    let mut text = format!("no event\n\n{record}");
    text += &text.replace("shop.", "stop.");
    text += &"{}\n".repeat(25);

    let replay = replay(&folder, text, &[]);
    let broken = folder.path("record.ndjson");
    assert_eq!((replay.status, replay.value("malformed")), (Some(1), "32"));
    assert_eq!(totals(&replay), totals(&run));
    let complaints = [
        "line 1: the input is not JSON",
        "line 2 is empty",
        "line 6: the input is not JSON",
        "line 7 is empty",
        "line 8: no linked event is named `stop.purchase_made` (version 1); did you mean \
         `shop.purchase_made`?",
    ];
    for (said, complaint) in replay.stderr.lines().zip(complaints) {
        let expected = format!("shop: {broken}, {complaint}");
        assert!(said.starts_with(&expected), "{said}\nand not\n{expected}");
    }
    assert_eq!(replay.stderr.lines().count(), 21);
    assert!(replay.stderr.ends_with("and 12 more malformed lines\n"));
}

#[test]
fn what_is_no_record_ends_with_status_2_and_says_why() {
    let folder = Folder::new();
    let purchases = folder.file("purchases.txt", "4 1 19970101 1 29.33\n");
    for (file, complaint) in [
        (folder.path("missing"), "shop: cannot read "),
        (folder.path("."), "shop: cannot read "),
        (folder.file("empty", ""), "empty is empty\n"),
        (
            purchases,
            "purchases.txt is no journal of the shop: none of its lines is an event\n",
        ),
    ] {
        let run = shop(&["--replay", &file]);
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{file}");
        assert!(run.stderr.contains(complaint), "{}", run.stderr);
    }
}

#[test]
fn a_replay_takes_no_purchases_and_is_not_recorded_itself() {
    for others in [&["purchases.txt"][..], &["--record", "other.ndjson"]] {
        let run = shop(&[&["--replay", "events.ndjson"], others].concat());
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (Some(2), ""),
            "{others:?}"
        );
        assert!(run.stderr.contains("cannot be used with"), "{}", run.stderr);
    }
}

#[test]
fn what_is_read_is_never_replaced_and_two_outputs_are_two_files() {
    let folder = Folder::new();
    let purchases = folder.file("purchases.txt", "4 1 19970101 1 29.33\n");
    let record = folder.file("events.ndjson", &SAMPLE.1);
    let both = folder.path("both.ndjson");
    for (args, complaint) in [
        (
            [&purchases[..], "--record", &purchases].as_slice(),
            "has the purchases; the journal would replace it",
        ),
        (
            &["--replay", &record, "--audit", &record],
            "has the journal; the audit would replace it",
        ),
        (
            &["--record", &both, "--audit", &both],
            "cannot be the audit and the journal",
        ),
    ] {
        let before = [&purchases, &record].map(|file| fs::read(file).expect("still there"));
        let run = shop(args);
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(run.stderr.contains(complaint), "{}", run.stderr);
        let after = [&purchases, &record].map(|file| fs::read(file).expect("still there"));
        assert_eq!(before, after);
    }
    let nowhere = folder.path("no such folder/events.ndjson");
    let run = shop(&["--record", &nowhere]);
    let complaint = format!("shop: cannot create {nowhere}: ");
    assert!(run.stderr.starts_with(&complaint), "{}", run.stderr);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported_and_the_summary_is_still_right() {
    let run = shop(&["--record", "/dev/full"]);
    assert_eq!((run.status, run.value("revenue")), (Some(1), "244091.94"));
    let events = run.value("events");
    let complaint = format!(
        "shop: the journal is incomplete: 0 events written\n  not written: {events} events: No space"
    );
    assert!(run.stderr.starts_with(&complaint), "{}", run.stderr);
    assert_eq!(run.value("written"), "0");
}
