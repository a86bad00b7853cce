//! What is in the tables: see `tables.sql`.

use event_core::error::BoxError;
use event_outbox::sqlite::Tx;
use shop_events::{Cents, PurchaseMade, PurchaseRecorded};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

/// The statements that make the tables.
pub(crate) const TABLES: &str = include_str!("tables.sql");

/// What the books say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many purchases the till has recorded.
    pub recorded: u64,
    /// How many customers made them.
    pub customers: u64,
    /// The lines of the books, earliest first.
    pub months: Vec<MonthEntry>,
    /// How many receipts there are.
    pub receipts: u64,
    /// The sum of them.
    pub receipted: Cents,
}

/// A line of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthEntry {
    /// Such as `1997-01`.
    pub month: String,
    /// How many purchases were made.
    pub purchases: u64,
    /// How many CDs were sold.
    pub cds: u64,
    /// What was paid for them.
    pub revenue: Cents,
}

impl Totals {
    /// How many CDs were sold.
    #[must_use]
    pub fn cds(&self) -> u64 {
        self.months.iter().map(|month| month.cds).sum()
    }

    /// What was paid for them.
    #[must_use]
    pub fn revenue(&self) -> Cents {
        self.months.iter().map(|month| month.revenue).sum()
    }
}

/// Records the purchase with this number, from 1, and tells it in the same transaction.
///
/// # Errors
///
/// The number is taken, or the database or the outbox refuses.
pub async fn record(tx: &mut Tx, number: u64, purchase: &PurchaseMade) -> Result<(), BoxError> {
    sqlx::query("INSERT INTO purchase VALUES (?, ?, ?, ?, ?)")
        .bind(integer(number))
        .bind(integer(purchase.customer_id))
        .bind(purchase.date.to_string())
        .bind(purchase.cds)
        .bind(integer(purchase.amount.get()))
        .execute(tx.connection())
        .await?;
    tx.emit(PurchaseRecorded {
        number,
        customer_id: purchase.customer_id,
        date: purchase.date,
        cds: purchase.cds,
        amount: purchase.amount,
    })?;
    Ok(())
}

/// How many purchases are recorded: how far the till has read its file.
///
/// # Errors
///
/// What the database says.
pub async fn count_purchases(connection: &mut SqliteConnection) -> Result<usize, sqlx::Error> {
    let last = sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM purchase");
    let last: i64 = last.fetch_one(connection).await?;
    Ok(usize::try_from(last).unwrap_or(usize::MAX))
}

/// The recorded purchases, in the order of their numbers.
///
/// # Errors
///
/// What the database says.
pub async fn purchases(
    connection: &mut SqliteConnection,
) -> Result<Vec<PurchaseMade>, sqlx::Error> {
    let rows = sqlx::query("SELECT customer, date, cds, cents FROM purchase ORDER BY number");
    let purchases = rows.try_map(|row: SqliteRow| {
        let date: &str = row.try_get("date")?;
        Ok(PurchaseMade {
            customer_id: number(row.try_get("customer")?),
            date: date
                .parse()
                .map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            cds: row.try_get("cds")?,
            amount: Cents::new(number(row.try_get("cents")?)),
        })
    });
    purchases.fetch_all(connection).await
}

/// Adds up what is there.
///
/// # Errors
///
/// What the database says.
pub async fn totals(connection: &mut SqliteConnection) -> Result<Totals, sqlx::Error> {
    let counts = sqlx::query(
        "SELECT (SELECT count(*) FROM purchase), (SELECT count(DISTINCT customer) FROM purchase), \
         (SELECT count(*) FROM receipt), (SELECT coalesce(sum(cents), 0) FROM receipt)",
    );
    let counts = counts.fetch_one(&mut *connection).await?;
    let months = sqlx::query("SELECT month, purchases, cds, cents FROM month ORDER BY month");
    let months = months.try_map(|row: SqliteRow| {
        Ok(MonthEntry {
            month: row.try_get("month")?,
            purchases: number(row.try_get("purchases")?),
            cds: number(row.try_get("cds")?),
            revenue: Cents::new(number(row.try_get("cents")?)),
        })
    });
    Ok(Totals {
        recorded: number(counts.try_get(0)?),
        customers: number(counts.try_get(1)?),
        months: months.fetch_all(connection).await?,
        receipts: number(counts.try_get(2)?),
        receipted: Cents::new(number(counts.try_get(3)?)),
    })
}

pub(crate) async fn add_to_month(
    connection: &mut SqliteConnection,
    purchase: &PurchaseRecorded,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO month VALUES (?, 1, ?, ?) ON CONFLICT (month) DO UPDATE \
         SET purchases = purchases + 1, cds = cds + excluded.cds, cents = cents + excluded.cents",
    )
    .bind(purchase.date.strftime("%Y-%m").to_string())
    .bind(purchase.cds)
    .bind(integer(purchase.amount.get()))
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn add_receipt(
    connection: &mut SqliteConnection,
    purchase: &PurchaseRecorded,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO receipt (purchase, customer, cents) VALUES (?, ?, ?)")
        .bind(integer(purchase.number))
        .bind(integer(purchase.customer_id))
        .bind(integer(purchase.amount.get()))
        .execute(connection)
        .await?;
    Ok(())
}

/// SQLite's integers have a sign: the number with the same 64 bits.
fn integer(number: u64) -> i64 {
    number.cast_signed()
}

/// What [`integer`] was made of.
fn number(integer: i64) -> u64 {
    integer.cast_unsigned()
}
