//! The file that `--audit` writes.

mod folder;
mod run;

use std::{collections::BTreeMap, fs, path::Path};

use folder::Folder;
use run::shop;
use serde_json::{Value, json};

fn read_lines(file: impl AsRef<Path>) -> Vec<Value> {
    let text = fs::read_to_string(file).expect("the audit file");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

#[test]
fn every_event_is_one_line() {
    let folder = Folder::new();
    let file = folder.file("audit.ndjson", "what was here before\n");
    let run = shop(&["--audit", &file]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));

    let lines = read_lines(file);
    assert_eq!(run.value("events"), lines.len().to_string());
    let mut names = BTreeMap::<_, usize>::new();
    for line in &lines {
        assert_eq!(line["version"], 1, "{line}");
        *names
            .entry(line["name"].as_str().expect("a name"))
            .or_default() += 1;
    }
    let reorders = names["shop.stock_low"];
    let expected = [
        ("shop.customer_returned", 6919 - 2357),
        (
            "shop.loyalty_tier_reached",
            names["shop.loyalty_tier_reached"],
        ),
        ("shop.purchase_made", 6919),
        ("shop.receipt_sent", 6919 - 8),
        ("shop.stock_low", reorders),
        ("shop.stock_replenished", reorders),
        ("shop.stock_reserved", 6919),
        ("shop.voucher_sent", 76),
    ];
    assert_eq!(names, BTreeMap::from(expected));
    let revenue = lines
        .iter()
        .filter(|line| line["name"] == "shop.purchase_made");
    let revenue = revenue
        .filter_map(|line| line["data"]["amount_cents"].as_u64())
        .sum::<u64>();
    assert_eq!(revenue, 24_409_194);
}

#[test]
fn a_cause_is_written_before_its_effects() {
    let folder = Folder::new();
    let purchases = folder.file(
        "purchases.txt",
        "4 1 19970101 1 99.99\n4 1 19970118 2 0.01\n",
    );
    let audit = folder.path("audit.ndjson");
    let run = shop(&[&purchases, "--audit", &audit]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);

    let event = |name, data| json!({ "name": name, "version": 1, "data": data });
    let expected = [
        event(
            "shop.purchase_made",
            json!({ "customer_id": 4, "date": "1997-01-18", "cds": 2, "amount_cents": 1 }),
        ),
        event(
            "shop.customer_returned",
            json!({ "customer_id": 4, "date": "1997-01-18", "purchase": 2 }),
        ),
        event(
            "shop.loyalty_tier_reached",
            json!({
                "customer_id": 4, "date": "1997-01-18", "spent_cents": 10000,
                "previous": null, "tier": "bronze"
            }),
        ),
        event(
            "shop.stock_reserved",
            json!({ "customer_id": 4, "cds": 2, "left": 1997 }),
        ),
    ];
    // Receipts go through a queue, and are written whenever they were sent.
    let lines = read_lines(audit);
    let is_receipt = |line: &Value| line["name"] == "shop.receipt_sent";
    let others: Vec<_> = lines.iter().filter(|line| !is_receipt(line)).collect();
    assert_eq!(
        others[others.len() - 4..],
        expected.iter().collect::<Vec<_>>()
    );

    let place = |wanted: &Value| lines.iter().position(|line| line == wanted);
    let receipt = json!({ "number": 2, "customer_id": 4, "amount_cents": 1 });
    let receipt = place(&event("shop.receipt_sent", receipt)).expect("the second receipt");
    assert!(place(&expected[0]).expect("its purchase") < receipt);
}

#[test]
fn without_it_the_audit_takes_no_part() {
    let folder = Folder::new();
    let audit = folder.path("audit.ndjson");
    let with = shop(&["--audit", &audit]);
    let without = shop(&[]);
    let number = |run: &run::Run, label| run.value(label).parse::<usize>().expect("a number");
    assert_eq!(number(&with, "events"), number(&without, "events"));
    let more = number(&with, "deliveries") - number(&without, "deliveries");
    assert_eq!(
        more,
        number(&with, "events"),
        "one more delivery for each event"
    );
}

#[test]
fn a_file_that_cannot_be_made_stops_the_run_before_it_starts() {
    let folder = Folder::new();
    let audit = folder.path("no such folder/audit.ndjson");
    let run = shop(&["--audit", &audit]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert!(
        run.stderr
            .starts_with(&format!("shop: cannot create {audit}: ")),
        "{}",
        run.stderr
    );
}

#[test]
fn the_file_with_the_purchases_is_never_replaced() {
    let folder = Folder::new();
    let purchases = folder.file("purchases.txt", "4 1 19970101 1 99.99\n");
    let run = shop(&[&purchases, "--audit", &purchases]);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert_eq!(
        fs::read_to_string(purchases).expect("still there"),
        "4 1 19970101 1 99.99\n"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported_and_the_summary_is_still_right() {
    let run = shop(&["--audit", "/dev/full"]);
    assert_eq!(run.status, Some(1));
    assert!(
        run.stderr
            .contains("the audit file is incomplete: No space left"),
        "{}",
        run.stderr
    );
    assert_eq!(run.value("revenue"), "244091.94");
    assert!(run.stdout.contains("shop_audit::record"), "{}", run.stdout);
}
