//! The bank: outside of the database, so it is asked at least once.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use shop_events::Cents;

/// Charges customers. It stands for a service that is reached over a network.
pub struct Bank {
    charged: AtomicU64,
    connect: Box<dyn Fn() -> Result<(), BankError> + Send + Sync>,
}

/// The bank takes no charge now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bank is busy")]
pub struct BankError;

/// A bank that is never busy.
impl Default for Bank {
    fn default() -> Bank {
        Bank::with_service(|| Ok(()))
    }
}

impl Bank {
    /// Asks `connect` before each charge whether the bank takes charges.
    pub fn with_service(
        connect: impl Fn() -> Result<(), BankError> + Send + Sync + 'static,
    ) -> Bank {
        Bank {
            charged: AtomicU64::new(0),
            connect: Box::new(connect),
        }
    }

    /// Charges what a purchase cost. A bank gets the purchase's number as the key by which it recognises a charge that
    /// it has made; this one has no accounts, and only counts what it was asked.
    ///
    /// # Errors
    ///
    /// [`BankError`] if it takes no charge now.
    pub fn charge(&self, _purchase: u64, _amount: Cents) -> Result<(), BankError> {
        (self.connect)()?;
        self.charged.fetch_add(1, Relaxed);
        Ok(())
    }

    /// How many charges it was asked for up to now, and took.
    #[must_use]
    pub fn charged(&self) -> u64 {
        self.charged.load(Relaxed)
    }
}

impl fmt::Debug for Bank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bank")
            .field("charged", &self.charged())
            .finish_non_exhaustive()
    }
}
