//! What a shopkeeper reads in the end: what is in the database, and nothing of this run alone.

use std::fmt;

use console::style;
use shop_books::Totals;

use super::{Books, Deliveries};
use crate::summary::{heading, malformed, revenue_by_month, row};

/// Everything the summary is made from.
pub(super) struct Summary<'a> {
    pub(super) books: &'a Books<'a>,
    /// What the tables add up to.
    pub(super) totals: &'a Totals,
    /// What the outbox has.
    pub(super) deliveries: Deliveries,
    /// Whether the run ended before its time.
    pub(super) was_interrupted: bool,
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (books, totals) = (self.books, self.totals);
        let file = books.file.display();
        heading(f, &format!("The shop, after {}, in {file}", books.source))?;
        let made = if self.was_interrupted {
            format!("of {}, then interrupted", books.purchases.len())
        } else {
            String::new()
        };
        row(f, "purchases", totals.recorded, &made)?;
        row(f, "CDs", totals.cds(), "")?;
        row(f, "customers", totals.customers, "")?;
        row(f, "revenue", style(totals.revenue()).bold(), "dollars")?;
        malformed(f, books.lines)?;
        writeln!(f)?;

        let months = totals.months.iter();
        let months: Vec<_> = months.map(|month| (&month.month, month.revenue)).collect();
        revenue_by_month(f, &months)?;
        writeln!(f)?;

        heading(f, "Receipts and deliveries")?;
        let receipted = format!("of {} dollars in all", totals.receipted);
        row(f, "receipts", totals.receipts, &receipted)?;
        let Deliveries { left, dead } = self.deliveries;
        row(f, "left", left, "deliveries, for the next run")?;
        match dead {
            0 => row(f, "failed", 0, "deliveries, for the last time"),
            some => row(
                f,
                "failed",
                style(some).red(),
                "deliveries, for the last time",
            ),
        }
    }
}
