//! The till: writes purchases into the database, and tells each in the transaction that writes it.

use event_core::error::BoxError;
use event_outbox::sqlite::Outbox;
use indicatif::ProgressBar;
use shop_events::PurchaseMade;

use super::Books;
use crate::complain;

/// How many purchases are one transaction.
///
/// The till and the deliveries take turns with SQLite's one writer, and 64 deliveries run at once. With fewer purchases
/// than that in a transaction, their receipts are written before the till's next turn, so that few of them ever wait.
const BATCH: usize = 50;

/// How often the till says how far it is where there is no progress bar: each so many purchases.
const TOLD: usize = 500;

/// Returns how many of the purchases are recorded.
///
/// # Errors
///
/// The database has other purchases, or cannot be read.
pub(super) async fn recorded(outbox: &Outbox, books: &Books<'_>) -> Result<usize, BoxError> {
    let mut tx = outbox.begin().await?;
    let recorded = shop_books::purchases(tx.connection()).await?;
    if books.purchases.starts_with(&recorded) {
        return Ok(recorded.len());
    }
    let both = recorded.iter().zip(books.purchases);
    let same = both.take_while(|(recorded, purchase)| recorded == purchase);
    let (file, source, number) = (books.file.display(), books.source, same.count() + 1);
    Err(format!(
        "{file} has other purchases than {source}, from number {number} on; name the purchases that it was begun with, \
         or a new database"
    )
    .into())
}

/// Records each purchase that is not. Says how far it is: with the bar, or in lines where that is not drawn.
///
/// The database says how many are, and a transaction that records more says so, too. So there is no moment at which a
/// purchase is recorded, and would be again.
pub(super) async fn record_all(
    outbox: &Outbox,
    purchases: &[PurchaseMade],
    bar: &ProgressBar,
) -> Result<(), BoxError> {
    loop {
        let mut tx = outbox.begin().await?;
        let recorded = shop_books::count_purchases(tx.connection()).await?;
        bar.set_position(recorded as u64);
        if recorded >= purchases.len() {
            return Ok(());
        }
        for (number, purchase) in (1..).zip(purchases).skip(recorded).take(BATCH) {
            shop_books::record(&mut tx, number, purchase).await?;
        }
        tx.commit().await?;
        let now = (recorded + BATCH).min(purchases.len());
        if bar.is_hidden() && (recorded / TOLD < now / TOLD || recorded == 0) {
            complain(&format!("recorded {now} of {} purchases", purchases.len()));
        }
    }
}
