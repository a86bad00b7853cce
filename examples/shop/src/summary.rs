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
        self.months(f)?;
        self.customers(f)?;
        self.failures(f)?;
        self.speed(f)
    }
}

impl Summary<'_> {
    fn totals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let totals = self.shop.sales.totals();
        writeln!(
            f,
            "{}",
            heading(&format!("The shop, after {}", self.source))
        )?;
        writeln!(f, "  purchases {:>12}", totals.purchases)?;
        writeln!(f, "  CDs       {:>12}", totals.cds)?;
        writeln!(f, "  customers {:>12}", self.shop.customers.count())?;
        writeln!(
            f,
            "  revenue   {:>12} dollars",
            style(totals.revenue).bold()
        )?;
        let Summary {
            lines, malformed, ..
        } = self;
        match malformed {
            0 => writeln!(f, "  malformed {malformed:>12} of {lines} lines"),
            _ => writeln!(
                f,
                "  malformed {:>12} of {lines} lines",
                style(malformed).red()
            ),
        }
    }

    fn months(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let months = self.shop.sales.by_month();
        let largest = months
            .iter()
            .map(|(_, revenue)| revenue.get())
            .max()
            .unwrap_or(0);
        writeln!(f, "\n{}", heading("Revenue by month"))?;
        for (month, revenue) in months {
            let bar = bar(revenue.get(), largest, CHART_WIDTH);
            writeln!(
                f,
                "{}",
                format!("  {month} {revenue:>12} {}", style(bar).cyan()).trim_end()
            )?;
        }
        Ok(())
    }

    fn customers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shop {
            sales,
            customers,
            tiers,
            shelf,
            desk,
            ..
        } = self.shop;
        let all = customers.count();
        let in_tiers = Tier::ALL.map(|tier| tiers.count(tier));
        writeln!(f, "\n{}", heading("Customers"))?;
        writeln!(
            f,
            "  no tier   {:>12}",
            all - in_tiers.iter().sum::<usize>()
        )?;
        for (tier, count) in Tier::ALL.into_iter().zip(in_tiers) {
            writeln!(
                f,
                "  {tier:<9} {count:>12}   spent {} or more",
                threshold(tier)
            )?;
        }
        let returning = customers.returning();
        let repeats = sales.totals().repeats;
        writeln!(
            f,
            "  returning {returning:>12}   made {repeats} more purchases"
        )?;

        writeln!(f, "\n{}", heading("Out of the door"))?;
        writeln!(
            f,
            "  reserved  {:>12}   CDs, with {} reorders",
            shelf.reserved(),
            shelf.reorders()
        )?;
        writeln!(f, "  receipts  {:>12}", desk.receipts())?;
        writeln!(f, "  vouchers  {:>12}", desk.vouchers())
    }

    fn failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", heading("Failures by handler"))?;
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
        let tally = self.tally;
        let (events, deliveries) = (tally.events, tally.deliveries());
        writeln!(
            f,
            "\n{}",
            heading(&format!("Events, in {:.1?}", tally.elapsed))
        )?;
        writeln!(
            f,
            "  events     {events:>11}   {} a second",
            self.a_second(events)
        )?;
        writeln!(
            f,
            "  deliveries {deliveries:>11}   {} a second",
            self.a_second(deliveries)
        )?;
        let Tally {
            done,
            failed,
            panicked,
            skipped,
            ..
        } = tally;
        writeln!(
            f,
            "             {done} done, {failed} failed, {panicked} panicked, {skipped} skipped"
        )
    }

    fn a_second(&self, count: usize) -> u128 {
        count as u128 * 1_000_000_000 / self.tally.elapsed.as_nanos().max(1)
    }
}

fn heading(text: &str) -> impl fmt::Display {
    style(text.to_owned()).bold()
}
