//! What is known of each customer.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use shop_events::Cents;

/// Every customer who ever bought.
#[derive(Debug, Default)]
pub struct Customers {
    accounts: Mutex<HashMap<u64, Account>>,
}

#[derive(Debug, Default)]
struct Account {
    purchases: u32,
    spent: Cents,
}

/// What a customer had spent in all, before and after a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// Without the purchase.
    pub before: Cents,
    /// With it.
    pub now: Cents,
}

impl Customers {
    /// Counts a purchase, and tells which of the customer's purchases it is, from 1.
    pub fn count_purchase(&self, customer_id: u64) -> u32 {
        let mut accounts = self.accounts();
        let account = accounts.entry(customer_id).or_default();
        account.purchases += 1;
        account.purchases
    }

    /// Adds to what the customer has spent.
    pub fn spend(&self, customer_id: u64, amount: Cents) -> Spent {
        let mut accounts = self.accounts();
        let account = accounts.entry(customer_id).or_default();
        let before = account.spent;
        account.spent += amount;
        Spent {
            before,
            now: account.spent,
        }
    }

    /// How many customers there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.accounts().len()
    }

    /// How many of them bought more than once.
    #[must_use]
    pub fn returning(&self) -> usize {
        self.accounts()
            .values()
            .filter(|account| account.purchases > 1)
            .count()
    }

    // A handler that panicked is in the report; the accounts go on.
    fn accounts(&self) -> MutexGuard<'_, HashMap<u64, Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
