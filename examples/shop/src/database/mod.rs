//! The shop with `--db`: what it keeps is in a file, and goes on after whatever ended the run before.
//!
//! This takes the place of `shop.rs`, `replay.rs`, `day.rs` and `summary.rs`. The dispatcher has one module, that of the
//! books, and an outbox. A run knows nothing but what is in the database, so that one after `kill -9` is like any other.

mod summary;
mod till;

use std::{
    path::Path,
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use event_core::{Dispatcher, error::BoxError, flag::Flag};
use event_outbox::{
    OutboxError,
    sqlite::Outbox,
    store::{HandlerStatus, Store as _},
};
use indicatif::ProgressBar;
use shop_books::{Bank, BankError};
use shop_events::PurchaseMade;
use tokio::{runtime::Handle, select, time::sleep};

use self::summary::Summary;
use crate::{
    args::Args,
    complain,
    input::Lines,
    interrupt::{self, INTERRUPTED},
    print,
};

/// How often the outbox is asked whether all is done.
const POLL: Duration = Duration::from_millis(20);

/// What there is to record, and where.
pub(crate) struct Books<'a> {
    /// The file of the database.
    pub(crate) file: &'a Path,
    /// Where the purchases came from.
    pub(crate) source: &'a str,
    /// All of them, recorded or not.
    pub(crate) purchases: &'a [PurchaseMade],
    /// How many lines were read for them.
    pub(crate) lines: Lines,
}

/// Records the purchases that the database lacks, and prints the summary of what is in it then. An error means that
/// nothing was recorded.
pub(crate) async fn run(
    args: &Args,
    books: &Books<'_>,
    bar: &ProgressBar,
) -> Result<ExitCode, BoxError> {
    let interrupted = interrupt::listen(&Handle::current())?;
    let outbox = shop_books::open(books.file).await?;
    let recorded = till::recorded(&outbox, books).await?;
    say_where_it_goes_on(books, recorded, Deliveries::of(&outbox).await?);

    let began = Instant::now();
    let traded = trade(&outbox, books, bar, &interrupted, args.drain_limit).await;
    let (made, took) = (outbox.counts().done, began.elapsed().as_secs_f64());
    if made > 0 {
        complain(&format!("made {made} deliveries in {took:.1} s"));
    }
    let status = match traded {
        Ok(was_interrupted) => summarize(&outbox, books, was_interrupted).await,
        Err(error) => Err(error),
    };
    outbox.store().close().await;
    Ok(status.unwrap_or_else(|error| {
        let file = books.file.display();
        complain(&format!(
            "{error}; what {file} has is kept, and the next run goes on"
        ));
        ExitCode::FAILURE
    }))
}

/// Records purchases, and waits until all they lead to has ended or Ctrl-C ends it; returns whether Ctrl-C did.
async fn trade(
    outbox: &Outbox,
    books: &Books<'_>,
    bar: &ProgressBar,
    interrupted: &Flag,
    drain_limit: Duration,
) -> Result<bool, BoxError> {
    // It makes the deliveries for as long as it is there, first those that were left over.
    let _dispatcher = Dispatcher::empty()
        .module(shop_books::MODULE)
        .provide(busy_bank())
        .outbox(outbox)
        .build()?;
    let undisturbed = async {
        till::record_all(outbox, books.purchases, bar).await?;
        while Deliveries::of(outbox).await?.left > 0 {
            sleep(POLL).await;
        }
        Ok(false)
    };
    let was_interrupted = select! {
        ended = undisturbed => ended,
        // If the till was in a transaction, that is rolled back now, and the next run makes it.
        () = interrupted.wait() => Ok(true),
    };
    bar.finish_and_clear();
    if let Ok(true) = was_interrupted {
        let have = format!("interrupted; deliveries that have begun have {drain_limit:?}");
        complain(&format!("{have}, another Ctrl-C ends at once"));
    }
    outbox.shutdown(drain_limit).await;
    was_interrupted
}

/// Prints what is in the database, and says how the program ends.
async fn summarize(
    outbox: &Outbox,
    books: &Books<'_>,
    was_interrupted: bool,
) -> Result<ExitCode, BoxError> {
    let mut tx = outbox.begin().await?;
    let totals = shop_books::totals(tx.connection()).await?;
    tx.rollback().await?;
    let deliveries = Deliveries::of(outbox).await?;
    print(&Summary {
        books,
        totals: &totals,
        deliveries,
        was_interrupted,
    })?;
    if let dead @ 1.. = deliveries.dead {
        let file = books.file.display();
        complain(&format!(
            "deliveries that failed for the last time: {dead}; `shop events outbox list --dead --database {file}` says why"
        ));
    }
    Ok(match (was_interrupted, deliveries.dead) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => ExitCode::FAILURE,
    })
}

/// What an outbox has to do.
#[derive(Debug, Clone, Copy)]
struct Deliveries {
    /// Those that have not ended.
    left: u64,
    /// Those that failed for the last time.
    dead: u64,
}

impl Deliveries {
    async fn of(outbox: &Outbox) -> Result<Deliveries, OutboxError> {
        let handlers = outbox.status().await?;
        let left = |it: &HandlerStatus| it.waiting + it.running + it.delayed;
        Ok(Deliveries {
            left: handlers.iter().map(left).sum(),
            dead: handlers.iter().map(|it| it.dead).sum(),
        })
    }
}

/// Says what an earlier run has done, if there was one.
fn say_where_it_goes_on(books: &Books<'_>, recorded: usize, deliveries: Deliveries) {
    let (file, all) = (books.file.display(), books.purchases.len());
    match (recorded, deliveries.left) {
        (0, 0) => {}
        (_, 0) if recorded == all => complain(&format!("{file} has all {all} purchases")),
        (_, left) => complain(&format!(
            "goes on after purchase {recorded} of {all} in {file}; deliveries left over: {left}"
        )),
    }
}

/// A bank that is busy at each 500th connection.
fn busy_bank() -> Bank {
    let connections = AtomicU64::new(0);
    Bank::with_service(
        move || match (connections.fetch_add(1, Ordering::Relaxed) + 1) % 500 {
            0 => Err(BankError),
            _ => Ok(()),
        },
    )
}
