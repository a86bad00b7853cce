//! What a shopkeeper reads in the end.

use std::{fmt, path::Path, time::Duration};

use console::style;
use event_core::{
    report::{DeliveryStatus, SkipReason},
    wire::journal::JournalSummary,
};
use shop_events::{Cents, Tier};
use shop_loyalty::threshold;
use shop_receipts::RECEIPTS;

use crate::{args::ReceiptArgs, chart::bar, day::Day, input::Lines, shop::Shop};

/// Everything the summary is made from. Shown in colours only where standard output is a terminal.
pub(crate) struct Summary<'a> {
    /// Where the purchases came from, or the journal that was replayed.
    pub(crate) source: &'a str,
    /// How many purchases were to be made, if that was known.
    pub(crate) purchases: Option<usize>,
    /// The shop after all purchases.
    pub(crate) shop: &'a Shop,
    /// How its receipts were to be sent.
    pub(crate) receipts: &'a ReceiptArgs,
    /// How its day went.
    pub(crate) day: &'a Day,
    /// What was recorded, and the name of the file.
    pub(crate) recorded: Option<(&'a JournalSummary, &'a Path)>,
}

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
        self.queue_of_receipts(f)?;
        writeln!(f)?;
        self.failures(f)?;
        writeln!(f)?;
        self.speed(f)?;
        self.journal(f)?;
        if self.day.interrupted {
            writeln!(f)?;
            self.interrupted(f)?;
        }
        Ok(())
    }
}

impl Summary<'_> {
    fn totals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let totals = self.shop.sales.totals();
        heading(f, &format!("The shop, after {}", self.source))?;
        let made = match (self.day.interrupted, self.purchases) {
            (false, _) => String::new(),
            (true, None) => "until interrupted".to_owned(),
            (true, Some(all)) => format!("of {all}, then interrupted"),
        };
        row(f, "purchases", totals.purchases, &made)?;
        row(f, "CDs", totals.cds, "")?;
        row(f, "customers", self.shop.customers.count(), "")?;
        row(f, "revenue", style(totals.revenue).bold(), "dollars")?;
        malformed(f, self.day.lines)
    }

    fn months(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        revenue_by_month(f, &self.shop.sales.by_month())
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

    fn queue_of_receipts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self
            .shop
            .dispatcher
            .queue(&RECEIPTS)
            .expect("a handler names it")
            .counts();
        let drained = self.day.shutdown.drained();
        let drained: usize = drained.iter().map(|(_, count)| count).sum();
        // A thread that runs a receipt when the time is over is not waited for.
        let unfinished = counts.running as u64;
        let stuck = match unfinished {
            0 => String::new(),
            some => format!("{some} of them on their way"),
        };
        let places = format!("of {} places", self.receipts.capacity);
        heading(f, "Queue of receipts")?;
        row(f, "offered", counts.offered, "")?;
        let failed_attempts = self.shop.tally.counts().failed_attempts;
        row(f, "sent", counts.done, "")?;
        row(
            f,
            "tried again",
            failed_attempts,
            "since the mail server was busy",
        )?;
        row(f, "failed", counts.failed, "")?;
        row(f, "dropped", counts.dropped, "")?;
        row(f, "rejected", counts.rejected, "")?;
        row(f, "abandoned", counts.abandoned + unfinished, &stuck)?;
        row(f, "depth", counts.depth, "at the end")?;
        row(f, "high water", counts.high_water, &places)?;
        row(f, "waits", counts.waits, "of a sale, for room")?;
        row(f, "drained", drained, "after the last sale")
    }

    fn failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        heading(f, "Failures by handler")?;
        let counts = self.shop.tally.counts();
        if counts.failures.is_empty() {
            return writeln!(f, "  none");
        }
        for ((handler, how), failures) in &counts.failures {
            let count = format!("{:>5}", failures.count);
            writeln!(f, "  {}  {handler} {how}", style(count).red())?;
            if let Some(example) = &failures.example {
                writeln!(f, "         such as: {example}")?;
            }
        }
        Ok(())
    }

    fn speed(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.shop.tally.counts();
        let whole = self.day.whole;
        let rate = |count| {
            let a_second = count as u128 * 1_000_000_000 / whole.as_nanos().max(1);
            format!("{a_second} a second")
        };
        let (whole_day, till) = (millis(whole), millis(self.day.till));
        let took = format!("Events, in {whole_day}, {till} of it at the till");
        heading(f, &took)?;
        row(f, "events", counts.events, &rate(counts.events))?;
        let deliveries = counts.deliveries();
        row(f, "deliveries", deliveries, &rate(deliveries))?;
        for (ended, label, note) in [
            (DeliveryStatus::Done, "done", ""),
            (DeliveryStatus::Failed, "failed", ""),
            (DeliveryStatus::Panicked, "panicked", ""),
            (
                DeliveryStatus::Skipped(SkipReason::Filter),
                "skipped",
                "by their filters",
            ),
            (DeliveryStatus::Dropped, "dropped", "by the queue"),
            (DeliveryStatus::Rejected, "rejected", "by the queue"),
            (DeliveryStatus::Abandoned, "abandoned", "in the queue"),
        ] {
            row(f, label, counts.ended(ended), note)?;
        }
        match self.shop.dispatcher.counts().discarded {
            0 => Ok(()),
            some => row(
                f,
                "discarded",
                some,
                "events, which the journal has already",
            ),
        }
    }

    fn journal(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((recorded, file)) = self.recorded else {
            return Ok(());
        };
        writeln!(f)?;
        heading(f, &format!("Journal, in {}", file.display()))?;
        row(f, "written", recorded.written(), "events")?;
        row(f, "bytes", recorded.bytes(), "")
    }

    fn interrupted(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The first line has the sums, and the others are set in by two blanks.
        let Day { shutdown, .. } = self.day;
        writeln!(f, "{}: {shutdown}", style("Interrupted").bold())
    }
}

/// How many of the lines are malformed.
pub(crate) fn malformed(f: &mut fmt::Formatter<'_>, lines: Lines) -> fmt::Result {
    let Lines { all, malformed } = lines;
    let of_lines = format!("of {all} lines");
    match malformed {
        0 => row(f, "malformed", 0, &of_lines),
        some => row(f, "malformed", style(some).red(), &of_lines),
    }
}

/// The revenue of each month, with a bar in proportion to the largest.
pub(crate) fn revenue_by_month(
    f: &mut fmt::Formatter<'_>,
    months: &[(impl fmt::Display, Cents)],
) -> fmt::Result {
    const WIDTH: u64 = 40;

    let revenues = months.iter().map(|(_, revenue)| revenue.get());
    let largest = revenues.max().unwrap_or(0);
    heading(f, "Revenue by month")?;
    for (month, revenue) in months {
        let bar = bar(revenue.get(), largest, WIDTH);
        row(f, month, revenue, &style(bar).cyan().to_string())?;
    }
    Ok(())
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// The first line of a section.
pub(crate) fn heading(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    writeln!(f, "{}", style(text).bold())
}

/// A label, its value, and what else there is to say.
pub(crate) fn row(
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
