//! The handlers, with an outbox in a file: each test waits until no delivery is left.

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use event_core::Dispatcher;
use event_outbox::sqlite::Outbox;
use jiff::civil::date;
use shop_events::{Cents, PurchaseMade};
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use super::{Bank, BankError, MonthEntry, OpenError, Totals, open, purchases, record, totals};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn purchase(month: i8, cents: u64) -> PurchaseMade {
    PurchaseMade {
        customer_id: u64::MAX,
        date: date(1997, month, 28),
        cds: 2,
        amount: Cents::new(cents),
    }
}

/// A bank that is busy so many times.
fn bank(busy: u32) -> Bank {
    let asked = AtomicU32::new(0);
    Bank::with_service(move || match asked.fetch_add(1, Ordering::Relaxed) {
        before if before < busy => Err(BankError),
        _ => Ok(()),
    })
}

/// Records purchases, and makes deliveries until none is left; returns how many failed for the last time.
async fn record_all(outbox: &Outbox, bank: Bank, bought: &[PurchaseMade]) -> u64 {
    let builder = Dispatcher::empty().module(crate::MODULE).provide(bank);
    let _dispatcher = builder.outbox(outbox).build().expect("wired");
    let mut tx = outbox.begin().await.expect("a transaction");
    for (number, purchase) in (1..).zip(bought) {
        record(&mut tx, number, purchase)
            .await
            .expect("it is recorded");
    }
    tx.commit().await.expect("it is committed");

    let begun = Instant::now();
    loop {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "it takes too long"
        );
        let handlers = outbox.status().await.expect("it is read");
        let left = handlers
            .iter()
            .map(|it| it.waiting + it.running + it.delayed);
        if left.sum::<u64>() == 0 {
            return handlers.iter().map(|it| it.dead).sum();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Runs statements in a file, as another program would.
async fn execute(file: &Path, statements: &'static str) {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true);
    let mut connection = options.connect().await.expect("a database");
    let ran = sqlx::raw_sql(statements).execute(&mut connection).await;
    ran.expect("they are right");
    connection.close().await.expect("it is closed");
}

#[tokio::test]
async fn each_purchase_is_entered_once_and_has_one_receipt_though_the_bank_is_busy() {
    let folder = folder();
    let outbox = open(&folder.path().join("shop.db"))
        .await
        .expect("it is made");
    let bought = [purchase(2, 2933), purchase(1, 0), purchase(2, 67)];
    assert_eq!(record_all(&outbox, bank(3), &bought).await, 0);

    let mut tx = outbox.begin().await.expect("a transaction");
    let recorded = purchases(tx.connection()).await.expect("they are read");
    assert_eq!(recorded, bought);
    let months = [("1997-01", 1, 0), ("1997-02", 2, 3000)];
    let months = months.map(|(month, purchases, cents)| MonthEntry {
        month: month.to_owned(),
        purchases,
        cds: 2 * purchases,
        revenue: Cents::new(cents),
    });
    let expected = Totals {
        recorded: 3,
        customers: 1,
        months: months.to_vec(),
        receipts: 3,
        receipted: Cents::new(3000),
    };
    assert_eq!(
        totals(tx.connection()).await.expect("they are read"),
        expected
    );
}

#[tokio::test]
async fn a_bank_that_stays_busy_fails_one_delivery_and_no_other() {
    let folder = folder();
    let outbox = open(&folder.path().join("shop.db"))
        .await
        .expect("it is made");
    let failed = record_all(&outbox, bank(u32::MAX), &[purchase(1, 2933)]).await;
    let mut tx = outbox.begin().await.expect("a transaction");
    let totals = totals(tx.connection()).await.expect("they are read");
    assert_eq!((totals.months.len(), totals.receipts, failed), (1, 1, 1));
}

#[tokio::test]
async fn a_file_is_the_shops_or_new_or_refused_and_left_as_it_is() {
    let folder = folder();
    let file = |name| folder.path().join(name);
    drop(open(&file("new.db")).await.expect("it is made"));
    drop(open(&file("new.db")).await.expect("it is the shop's"));
    std::fs::write(file("empty.db"), "").expect("a file");
    drop(
        open(&file("empty.db"))
            .await
            .expect("there was nothing in it"),
    );

    std::fs::write(file("text"), "4 1 19970101 1 99.99\n".repeat(100)).expect("a file");
    execute(&file("tables.db"), "CREATE TABLE book (title TEXT)").await;
    execute(&file("marked.db"), "PRAGMA application_id = 7").await;
    for (name, is_right) in [
        (
            "text",
            (|error| matches!(error, OpenError::NoDatabase(_))) as fn(&OpenError) -> bool,
        ),
        ("tables.db", |error| {
            matches!(error, OpenError::OtherProgram(_))
        }),
        ("marked.db", |error| {
            matches!(error, OpenError::OtherProgram(_))
        }),
        ("no folder/shop.db", |error| {
            matches!(error, OpenError::Database(..))
        }),
    ] {
        let before = std::fs::read(file(name)).ok();
        let error = open(&file(name)).await.expect_err(name);
        assert!(is_right(&error), "{name}: {error}");
        assert_eq!(std::fs::read(file(name)).ok(), before, "{name}");
    }
}
