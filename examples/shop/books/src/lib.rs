//! The shop in a database: what `--db` keeps, whatever is killed and whenever.
//!
//! The other modules keep what they know in memory and begin again with each run. Here a purchase is a row, and
//! [`PurchaseRecorded`] is emitted in the transaction that writes it. Each handler says when it is called:
//!
//! | handler | when | what it does is done |
//! | --- | --- | --- |
//! | [`enter`] | in the transaction of the till, before its commit | with the purchase, or neither is |
//! | [`write_receipt`] | after the commit, in the transaction that ends its delivery | exactly once |
//! | [`charge`] | after the commit | at least once, by a bank that recognises what it has done |
//!
//! A delivery to one of the last two is stored with the purchase, and deleted when it is done. If the process dies
//! before that, the next one makes it. What a handler has written with `tx` until then was never committed, so no index
//! and no look-up has to prevent a second receipt.

mod bank;
mod file;
mod tables;

use event_core::handler;
use event_outbox::sqlite::Tx;
use shop_events::PurchaseRecorded;

pub use bank::{Bank, BankError};
pub use file::{OpenError, open};
pub use tables::{MonthEntry, Totals, count_purchases, purchases, record, totals};

event_core::module!();

/// Enters a purchase into the books, which have one line a month.
///
/// # Errors
///
/// What the database says; the purchase is not recorded then.
#[handler(before_commit)]
pub async fn enter(event: &PurchaseRecorded, tx: &mut Tx) -> Result<(), sqlx::Error> {
    tables::add_to_month(tx.connection(), event).await
}

/// Writes the receipt of a purchase, also of one of 0.00 dollars.
///
/// # Errors
///
/// What the database says; the delivery is made again then.
#[handler(durable, id = "receipts.write")]
pub async fn write_receipt(event: &PurchaseRecorded, tx: &mut Tx) -> Result<(), sqlx::Error> {
    tables::add_receipt(tx.connection(), event).await
}

/// Charges a purchase. If the bank is busy, that is tried again, after waits that grow.
///
/// # Errors
///
/// [`BankError`] if the bank takes no charge now.
#[handler(
    durable,
    id = "payments.charge",
    retry(attempts = 20, backoff = "1ms..100ms")
)]
pub async fn charge(event: &PurchaseRecorded, bank: &Bank) -> Result<(), BankError> {
    if event.amount.is_zero() {
        return Ok(());
    }
    bank.charge(event.number, event.amount)
}

#[cfg(test)]
mod tests;
