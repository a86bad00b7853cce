//! The desk: the state of this module.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use shop_events::ReceiptSent;

use crate::ReceiptError;

/// Numbers and mails what goes out to customers, and counts it.
pub struct ReceiptDesk {
    numbers: AtomicU64,
    receipts: AtomicU64,
    vouchers: AtomicU64,
    connect: Box<dyn Fn() -> Result<(), ReceiptError> + Send + Sync>,
    mail: Box<dyn Fn(&ReceiptSent) + Send + Sync>,
}

/// A desk whose mail is gone at once.
impl Default for ReceiptDesk {
    fn default() -> ReceiptDesk {
        ReceiptDesk::with_mail(|_| {})
    }
}

impl ReceiptDesk {
    /// A desk that hands its receipts to a mail server, which may take its time.
    pub fn with_mail(mail: impl Fn(&ReceiptSent) + Send + Sync + 'static) -> ReceiptDesk {
        ReceiptDesk {
            numbers: AtomicU64::new(0),
            receipts: AtomicU64::new(0),
            vouchers: AtomicU64::new(0),
            connect: Box::new(|| Ok(())),
            mail: Box::new(mail),
        }
    }

    /// Asks `connect` before each receipt whether the mail server takes mail.
    #[must_use]
    pub fn with_server(
        mut self,
        connect: impl Fn() -> Result<(), ReceiptError> + Send + Sync + 'static,
    ) -> ReceiptDesk {
        self.connect = Box::new(connect);
        self
    }

    /// Connects to the mail server.
    ///
    /// # Errors
    ///
    /// Returns [`ReceiptError::ServerBusy`] if the server takes no mail now.
    pub fn connect(&self) -> Result<(), ReceiptError> {
        (self.connect)()
    }

    /// Takes the next receipt's number, from 1.
    pub fn next_receipt(&self) -> u64 {
        self.numbers.fetch_add(1, Relaxed) + 1
    }

    /// Mails a receipt, and counts it when it is out.
    pub fn mail(&self, receipt: &ReceiptSent) {
        (self.mail)(receipt);
        self.receipts.fetch_add(1, Relaxed);
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

impl fmt::Debug for ReceiptDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiptDesk")
            .field("receipts", &self.receipts())
            .field("vouchers", &self.vouchers())
            .finish_non_exhaustive()
    }
}
