//! The purchases that come with the program.

mod run;

use std::{
    io::Read,
    process::{Command, Stdio},
};

use run::shop;

#[test]
fn the_totals_are_exact() {
    let run = shop(&[]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    assert_eq!(run.value("purchases"), "6919");
    assert_eq!(run.value("CDs"), "16479");
    assert_eq!(run.value("customers"), "2357");
    assert_eq!(run.value("revenue"), "244091.94");
    assert_eq!(run.value("malformed"), "0");
}

#[test]
fn each_month_has_its_revenue_and_a_bar() {
    let run = shop(&[]);
    assert_eq!(run.value("1997-01"), "28592.70");
    assert_eq!(run.value("1997-03"), "43472.10");
    assert_eq!(run.value("1998-06"), "5590.87");
    let cells = |month| {
        let line = run
            .stdout
            .lines()
            .find(|line| line.contains(month))
            .expect("a line for the month");
        line.chars().filter(|cell| *cell == '█').count()
    };
    assert_eq!(
        (cells("1997-03"), cells("1998-06")),
        (40, 5),
        "in proportion to the largest"
    );
}

#[test]
fn each_customer_is_in_one_tier_and_those_who_came_back_are_counted() {
    let run = shop(&[]);
    let tiers = ["no tier", "bronze", "silver", "gold"].map(|tier| run.value(tier));
    assert_eq!(tiers, ["1742", "391", "148", "76"]);
    assert_eq!(run.value("returning"), "1152");
    assert_eq!(
        run.value("vouchers"),
        "76",
        "one for each customer in the gold tier"
    );
}

#[test]
fn the_eight_purchases_of_nothing_fail_in_one_handler_and_count_everywhere_else() {
    let run = shop(&[]);
    let (_, failures) = run
        .stdout
        .split_once("Failures by handler\n")
        .expect("the failures");
    let failures: Vec<_> = failures
        .lines()
        .take_while(|line| !line.is_empty())
        .collect();
    let [count, example] = failures[..] else {
        panic!("one handler failed: {failures:#?}")
    };
    assert_eq!(
        count.split_whitespace().collect::<Vec<_>>(),
        ["8", "shop_receipts::send_receipt", "failed"]
    );
    assert!(
        example.contains("no receipt for 0.00 dollars: customer 1101, 1997-01-05"),
        "{example}"
    );

    assert_eq!(run.value("purchases"), "6919");
    assert_eq!(run.value("reserved"), "16479");
    assert_eq!(run.value("receipts"), "6911");
}

#[test]
fn a_run_that_is_piped_has_no_colours_and_no_progress_bar() {
    let run = shop(&[]);
    assert!(!run.stdout.contains('\x1b'), "{}", run.stdout);
    assert_eq!(run.stderr, "");
}

#[test]
fn a_reader_who_goes_away_early_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_shop"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .expect("a pipe")
        .read_to_string(&mut stderr)
        .expect("UTF-8");
    assert_eq!(
        child.wait().expect("the program ends").code(),
        Some(0),
        "{stderr}"
    );
    assert_eq!(stderr, "");
}
