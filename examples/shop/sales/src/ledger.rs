//! The ledger: the state of this module.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::civil::Date;
use shop_events::Cents;

/// Everything sold so far.
#[derive(Debug, Default)]
pub struct SalesLedger {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    totals: Totals,
    months: BTreeMap<Month, Cents>,
}

/// Sums over all sales.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many purchases were made.
    pub purchases: u64,
    /// How many CDs were sold.
    pub cds: u64,
    /// What was paid for them.
    pub revenue: Cents,
    /// How many of the purchases were not the customer's first.
    pub repeats: u64,
}

/// A month of a year; shown as `1997-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    /// The year.
    pub year: i16,
    /// The month, 1 to 12.
    pub month: i8,
}

impl SalesLedger {
    /// Enters one purchase.
    pub fn add(&self, date: Date, cds: u32, amount: Cents) {
        let mut entries = self.entries();
        entries.totals.purchases += 1;
        entries.totals.cds += u64::from(cds);
        entries.totals.revenue += amount;
        *entries.months.entry(Month::of(date)).or_default() += amount;
    }

    /// Counts one of the entered purchases as a repeat.
    pub fn add_repeat(&self) {
        self.entries().totals.repeats += 1;
    }

    /// The sums up to now.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.entries().totals
    }

    /// The revenue of each month in which something was sold, earliest first.
    #[must_use]
    pub fn by_month(&self) -> Vec<(Month, Cents)> {
        self.entries()
            .months
            .iter()
            .map(|(month, revenue)| (*month, *revenue))
            .collect()
    }

    // A handler that panicked is in the report; the ledger goes on.
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Month {
    /// The month that a day is in.
    #[must_use]
    pub fn of(date: Date) -> Month {
        Month {
            year: date.year(),
            month: date.month(),
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:04}-{:02}", self.year, self.month))
    }
}
