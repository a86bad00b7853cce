//! The desk: the state of this module.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts what goes out to customers.
#[derive(Debug, Default)]
pub struct ReceiptDesk {
    receipts: AtomicU64,
    vouchers: AtomicU64,
}

impl ReceiptDesk {
    /// Takes the next receipt's number, from 1.
    pub fn next_receipt(&self) -> u64 {
        self.receipts.fetch_add(1, Relaxed) + 1
    }

    /// Counts a voucher.
    pub fn count_voucher(&self) {
        self.vouchers.fetch_add(1, Relaxed);
    }

    /// How many receipts were sent up to now.
    #[must_use]
    pub fn receipts(&self) -> u64 {
        self.receipts.load(Relaxed)
    }

    /// How many vouchers were sent up to now.
    #[must_use]
    pub fn vouchers(&self) -> u64 {
        self.vouchers.load(Relaxed)
    }
}
