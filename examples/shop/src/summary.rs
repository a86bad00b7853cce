//! What a shopkeeper reads in the end.

use std::fmt;

use console::style;
use shop_events::Tier;
use shop_loyalty::threshold;

use crate::{chart::bar, replay::Tally, shop::Shop};

/// Everything the summary is made from. Shown in colours only where standard output is a terminal.
pub(crate) struct Summary<'a> {
    /// Where the purchases came from.
    pub(crate) source: &'a str,
    /// How many lines that had.
    pub(crate) lines: usize,
    /// How many of them were malformed.
    pub(crate) malformed: usize,
    /// The shop after all purchases.
    pub(crate) shop: &'a Shop,
    /// What the dispatcher reported.
    pub(crate) tally: &'a Tally,
}

const CHART_WIDTH: u64 = 40;

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.totals(f)?;
        writeln!(f)?;
        self.months(f)?;
        writeln!(f)?;
        self.customers(f)?;
        writeln!(f)?;
        self.out_of_the_door(f)?;
        writeln!(f)?;
        self.failures(f)?;
        writeln!(f)?;
        self.speed(f)
    }
}

impl Summary<'_> {
    fn totals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let totals = self.shop.sales.totals();
        heading(f, &format!("The shop, after {}", self.source))?;
        row(f, "purchases", totals.purchases, "")?;
        row(f, "CDs", totals.cds, "")?;
        row(f, "customers", self.shop.customers.count(), "")?;
        row(f, "revenue", style(totals.revenue).bold(), "dollars")?;
        let of_lines = format!("of {} lines", self.lines);
        match self.malformed {
            0 => row(f, "malformed", 0, &of_lines),
            some => row(f, "malformed", style(some).red(), &of_lines),
        }
    }

    fn months(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let months = self.shop.sales.by_month();
        let largest = months
            .iter()
            .map(|(_, revenue)| revenue.get())
            .max()
            .unwrap_or(0);
        heading(f, "Revenue by month")?;
        for (month, revenue) in months {
            let bar = bar(revenue.get(), largest, CHART_WIDTH);
            row(f, month, revenue, &style(bar).cyan().to_string())?;
        }
        Ok(())
    }

    fn customers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shop {
            sales,
            customers,
            tiers,
            ..
        } = self.shop;
        let in_tiers = Tier::ALL.map(|tier| tiers.count(tier));
        let in_none = customers.count() - in_tiers.iter().sum::<usize>();
        heading(f, "Customers")?;
        row(f, "no tier", in_none, "")?;
        for (tier, count) in Tier::ALL.into_iter().zip(in_tiers) {
            row(
                f,
                tier,
                count,
                &format!("spent {} or more", threshold(tier)),
            )?;
        }
        let repeats = sales.totals().repeats;
        row(
            f,
            "returning",
            customers.returning(),
            &format!("made {repeats} more purchases"),
        )
    }

    fn out_of_the_door(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shop { shelf, desk, .. } = self.shop;
        heading(f, "Out of the door")?;
        let reorders = shelf.reorders();
        row(
            f,
            "reserved",
            shelf.reserved(),
            &format!("CDs, with {reorders} reorders"),
        )?;
        row(f, "receipts", desk.receipts(), "")?;
        row(f, "vouchers", desk.vouchers(), "")
    }

    fn failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        heading(f, "Failures by handler")?;
        if self.tally.failures.is_empty() {
            return writeln!(f, "  none");
        }
        for (handler, failures) in &self.tally.failures {
            writeln!(f, "  {:>5}  {handler}", style(failures.count).red())?;
            writeln!(f, "         such as: {}", failures.example)?;
        }
        Ok(())
    }

    fn speed(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally {
            events,
            done,
            failed,
            panicked,
            skipped,
            elapsed,
            ..
        } = *self.tally;
        let deliveries = self.tally.deliveries();
        let rate = |count| {
            let a_second = count as u128 * 1_000_000_000 / elapsed.as_nanos().max(1);
            format!("{a_second} a second")
        };
        heading(
            f,
            &format!("Events, in {:.1} ms", elapsed.as_secs_f64() * 1000.0),
        )?;
        row(f, "events", events, &rate(events))?;
        row(f, "deliveries", deliveries, &rate(deliveries))?;
        row(f, "done", done, "")?;
        row(f, "failed", failed, "")?;
        row(f, "panicked", panicked, "")?;
        row(f, "skipped", skipped, "by their filters")
    }
}

fn heading(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    writeln!(f, "{}", style(text).bold())
}

/// A label, its value, and what else there is to say.
fn row(
    f: &mut fmt::Formatter<'_>,
    label: impl fmt::Display,
    value: impl fmt::Display,
    note: &str,
) -> fmt::Result {
    writeln!(
        f,
        "{}",
        format!("  {label:<11}{value:>12}  {note}").trim_end()
    )
}
