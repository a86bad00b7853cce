//! How many members there are of each mail host.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts that a handler keeps up to date, and the front page shows.
#[derive(Debug, Default)]
pub struct Statistics(Mutex<BTreeMap<String, u64>>);

impl Statistics {
    /// Counts the hosts of all these addresses.
    #[must_use]
    pub fn of(emails: &[String]) -> Self {
        let statistics = Self::default();
        for email in emails {
            statistics.count(email);
        }
        statistics
    }

    /// How many members there are.
    #[must_use]
    pub fn members(&self) -> u64 {
        self.hosts().values().sum()
    }

    /// Counts the host of an address.
    pub fn count(&self, email: &str) {
        let host = email.rsplit('@').next().unwrap_or(email);
        *self.hosts().entry(host.to_lowercase()).or_default() += 1;
    }

    fn hosts(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line for each host.
impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.hosts();
        hosts
            .iter()
            .try_for_each(|(host, count)| writeln!(f, "{host}: {count}"))
    }
}
