//! The database of `--db`, and runs that end before their time.

mod folder;
mod run;
mod running;

use std::time::Duration;

use folder::Folder;
use run::shop;
use running::Running;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::runtime::{self, Runtime};

/// A database that the test looks into while the program writes it.
struct Database {
    runtime: Runtime,
    file: String,
}

impl Database {
    fn new(folder: &Folder) -> Database {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        Database {
            runtime: runtime.expect("a runtime"),
            file: folder.path("shop.db"),
        }
    }

    /// The number that a query results in.
    fn number(&self, query: &'static str) -> i64 {
        let number = self.runtime.block_on(async {
            let mut connection = self.connect().await?;
            let number = sqlx::query_scalar(query).fetch_one(&mut connection).await?;
            connection.close().await?;
            Ok::<i64, sqlx::Error>(number)
        });
        number.expect("the query is right")
    }

    fn execute(&self, statements: &'static str) {
        let executed = self.runtime.block_on(async {
            let options = SqliteConnectOptions::new().filename(&self.file);
            let mut connection = options.create_if_missing(true).connect().await?;
            sqlx::raw_sql(statements).execute(&mut connection).await?;
            connection.close().await
        });
        executed.expect("the statements are right");
    }

    async fn connect(&self) -> Result<SqliteConnection, sqlx::Error> {
        let options = SqliteConnectOptions::new().filename(&self.file);
        options
            .busy_timeout(Duration::from_secs(20))
            .connect()
            .await
    }

    /// Each purchase is in the books, and those that have no receipt have a delivery that will write it.
    fn assert_consistent(&self) {
        let off = self.number(
            "SELECT (SELECT coalesce(sum(cents), 0) FROM purchase) - (SELECT coalesce(sum(cents), 0) FROM month)",
        );
        assert_eq!(off, 0, "the books are off by so many cents");
        let owed = self.number(
            "SELECT (SELECT count(*) FROM purchase) - (SELECT count(*) FROM receipt) - \
             (SELECT count(*) FROM event_outbox_delivery WHERE handler = 'receipts.write')",
        );
        assert_eq!(owed, 0, "receipts that nobody will write");
    }

    /// Each purchase is in the books and has one receipt of what it cost, and nothing is left to do.
    fn assert_complete(&self, purchases: i64, cents: i64) {
        for (count, wanted) in [
            ("SELECT count(*) FROM purchase", purchases),
            ("SELECT max(number) FROM purchase", purchases),
            ("SELECT sum(purchases) FROM month", purchases),
            ("SELECT count(*) FROM receipt", purchases),
            ("SELECT count(DISTINCT purchase) FROM receipt", purchases),
            (
                "SELECT count(*) FROM receipt r JOIN purchase p ON p.number = r.purchase \
                 AND p.customer = r.customer AND p.cents = r.cents",
                purchases,
            ),
            ("SELECT sum(cents) FROM purchase", cents),
            ("SELECT sum(cents) FROM month", cents),
            ("SELECT sum(cents) FROM receipt", cents),
            ("SELECT count(*) FROM event_outbox_delivery", 0),
            ("SELECT count(*) FROM event_outbox_dead", 0),
        ] {
            assert_eq!(self.number(count), wanted, "{count}");
        }
    }
}

/// A file of so many purchases of one dollar.
fn purchases(folder: &Folder, count: usize) -> String {
    folder.file("purchases.txt", "4 1 19970101 1 1.00\n".repeat(count))
}

#[test]
fn killed_five_times_and_started_again_it_books_each_purchase_once_with_one_receipt() {
    let folder = Folder::new();
    let database = Database::new(&folder);
    let args = ["--db", &database.file];
    let mut before = 0;
    for wanted in [1, 1500, 3000, 4500, 6000] {
        let mut program = Running::start(&args);
        program.until_recorded(wanted);
        program.kill();
        let killed = program.end();
        assert_eq!((killed.status, killed.stdout.as_str()), (None, ""));
        let goes_on = "shop: goes on after purchase ";
        assert_eq!(
            killed.stderr.starts_with(goes_on),
            before > 0,
            "{}",
            killed.stderr
        );
        database.assert_consistent();
        let recorded = database.number("SELECT count(*) FROM purchase");
        assert!(
            before <= recorded && i64::try_from(wanted).is_ok_and(|wanted| wanted <= recorded),
            "{before}, {recorded}"
        );
        before = recorded;
    }
    assert!(before < 6919, "the last one was killed too late: {before}");

    let last = shop(&args);
    assert_eq!(last.status, Some(0), "{}", last.stderr);
    let goes_on = format!(
        "goes on after purchase {before} of 6919 in {};",
        database.file
    );
    assert!(last.stderr.contains(&goes_on), "{}", last.stderr);
    let in_memory = shop(&[]);
    for total in [
        "purchases",
        "CDs",
        "customers",
        "revenue",
        "malformed",
        "1997-03",
    ] {
        assert_eq!(last.value(total), in_memory.value(total), "{total}");
    }
    assert_eq!(last.value("revenue"), "244091.94");
    assert_eq!(
        (
            last.value("receipts"),
            last.value("left"),
            last.value("failed")
        ),
        ("6919", "0", "0")
    );
    database.assert_complete(6919, 24_409_194);
}

#[test]
fn a_run_with_a_complete_database_prints_the_same_summary_and_writes_nothing() {
    let folder = Folder::new();
    let database = Database::new(&folder);
    let args = [&*purchases(&folder, 100), "--db", &database.file];
    let first = shop(&args);
    assert_eq!(
        (first.status, first.value("revenue")),
        (Some(0), "100.00"),
        "{}",
        first.stderr
    );
    let again = shop(&args);
    assert_eq!((again.status, &again.stdout), (Some(0), &first.stdout));
    let complete = format!("shop: {} has all 100 purchases\n", database.file);
    assert_eq!(again.stderr, complete);
    database.assert_complete(100, 10_000);
}

#[test]
fn a_delivery_that_failed_for_the_last_time_is_told_and_is_status_1() {
    let folder = Folder::new();
    let database = Database::new(&folder);
    let args = [&*purchases(&folder, 1), "--db", &database.file];
    assert_eq!(shop(&args).status, Some(0));
    database.execute(
        "INSERT INTO event_outbox_dead (event_id, handler, event, version, body, attempts, crashes, reason, cause, \
         created_at, died_at) VALUES (zeroblob(16), 'payments.charge', 'shop.purchase_recorded', 1, x'', 20, 0, \
         'failed', 'the bank is busy', 0, 0)",
    );
    let run = shop(&args);
    assert_eq!((run.status, run.value("failed")), (Some(1), "1"));
    let list = [
        "events",
        "outbox",
        "list",
        "--dead",
        "--database",
        &database.file,
    ];
    let told = format!(
        "deliveries that failed for the last time: 1; `shop {}` says why\n",
        list.join(" ")
    );
    assert!(run.stderr.ends_with(&told), "{}", run.stderr);
    let listed = shop(&list);
    assert!(
        listed.stdout.contains("the bank is busy"),
        "{}{}",
        listed.stdout,
        listed.stderr
    );
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_leaves_a_database_with_which_the_next_run_goes_on() {
    let folder = Folder::new();
    let database = Database::new(&folder);
    let args = [&*purchases(&folder, 2000), "--db", &database.file];
    let mut program = Running::start(&args);
    program.until_recorded(50);
    program.interrupt();
    let run = program.end();
    assert_eq!(run.status, Some(130), "{}", run.stderr);
    let has =
        "shop: interrupted; deliveries that have begun have 10s, another Ctrl-C ends at once\n";
    assert!(run.stderr.contains(has), "{}", run.stderr);
    assert!(
        run.stdout.contains(" of 2000, then interrupted\n"),
        "{}",
        run.stdout
    );
    let recorded: i64 = run.value("purchases").parse().expect("a number");
    assert!((50..2000).contains(&recorded), "{recorded} purchases");
    assert_eq!(database.number("SELECT count(*) FROM purchase"), recorded);
    database.assert_consistent();

    let next = shop(&args);
    assert_eq!(next.status, Some(0), "{}", next.stderr);
    let (file, left) = (&database.file, run.value("left"));
    let goes_on =
        format!("after purchase {recorded} of 2000 in {file}; deliveries left over: {left}\n");
    assert!(next.stderr.contains(&goes_on), "{}", next.stderr);
    database.assert_complete(2000, 200_000);
}

#[test]
fn purchases_may_be_added_to_the_file_and_not_changed() {
    let folder = Folder::new();
    let database = Database::new(&folder);
    let lines = [
        "4 1 19970101 1 1.00\n",
        "4 1 19970102 1 2.00\n",
        "4 1 19970103 1 3.00\n",
    ];
    let begun = folder.file("begun.txt", lines[..2].concat());
    assert_eq!(shop(&[&begun, "--db", &database.file]).status, Some(0));
    let longer = folder.file("longer.txt", lines.concat());
    let run = shop(&[&longer, "--db", &database.file]);
    assert_eq!(
        (run.status, run.value("revenue")),
        (Some(0), "6.00"),
        "{}",
        run.stderr
    );

    let file = &database.file;
    for other in [lines[..2].concat(), lines.concat().replace("3.00", "4.00")] {
        let other = folder.file("other.txt", other);
        let run = shop(&[&other, "--db", file]);
        let complaint = format!(
            "shop: {file} has other purchases than {other}, from number 3 on; name the purchases that it was begun \
             with, or a new database\n"
        );
        assert_eq!(
            (run.status, run.stdout.as_str(), run.stderr),
            (Some(2), "", complaint)
        );
    }
    database.assert_complete(3, 600);
}

#[test]
fn a_file_that_is_not_the_shops_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    let text = purchases(&folder, 100);
    let run = shop(&["--db", &text]);
    let complaint = format!(
        "shop: {text} is no SQLite database; name a file that the shop has made, or a new one\n"
    );
    assert_eq!(
        (run.status, run.stdout.as_str(), run.stderr),
        (Some(2), "", complaint)
    );

    let database = Database::new(&folder);
    database.execute("CREATE TABLE receipt (title TEXT)");
    let run = shop(&["--db", &database.file]);
    let complaint = format!(
        "shop: {} is the database of another program; name a file that the shop has made, or a new one\n",
        database.file
    );
    assert_eq!(
        (run.status, run.stdout.as_str(), run.stderr),
        (Some(2), "", complaint)
    );
    assert_eq!(database.number("SELECT count(*) FROM sqlite_schema"), 1);
}

#[test]
fn what_tells_of_one_run_alone_is_refused_beside_a_database() {
    let folder = Folder::new();
    let database = Database::new(&folder);
    for option in [
        "--audit=audit.ndjson",
        "--record=events.ndjson",
        "--replay=events.ndjson",
        "--receipt-delay=5ms",
        "--queue-capacity=1",
        "--overflow=wait",
    ] {
        let run = shop(&["--db", &database.file, option]);
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{option}");
        let refused = "the argument '--db <FILE>' cannot be used with '--";
        assert!(run.stderr.contains(refused), "{}", run.stderr);
    }
    assert!(!std::path::Path::new(&database.file).exists());
}
