//! Receipts: one for each purchase that was paid, and a voucher for the best customers.
//!
//! Receipts go through [`RECEIPTS`], a queue of this module: whoever sells knows nothing of it, and
//! the handler is the function that it was before, with one attribute more.

mod desk;

use event_core::{
    handler,
    queue::{Overflow, Queue},
};
use jiff::civil::Date;
use shop_events::{Cents, LoyaltyTierReached, PurchaseMade, ReceiptSent, Tier, VoucherSent};

pub use desk::ReceiptDesk;

event_core::module!();

/// The receipts that wait for the mail server.
///
/// There is room for more receipts than the shop has sales between two openings, so a slow mail
/// server never slows a sale. Were it full after all, the sale would wait, since a receipt is owed to
/// the customer: to drop or to refuse one would save the till a moment, and nobody would ever send it.
pub static RECEIPTS: Queue = Queue::new("receipts")
    .capacity(CAPACITY)
    .consumers(4)
    .overflow(Overflow::Wait);

/// How many receipts may wait, unless the program chooses otherwise.
pub const CAPACITY: usize = 8192;

/// What a customer in the highest tier is thanked with.
pub const VOUCHER: Cents = Cents::dollars(20);

/// Why a receipt was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// A receipt states what was paid, and here nothing was.
    #[error("no receipt for 0.00 dollars: customer {customer_id}, {date}")]
    NothingPaid {
        /// Who took the CDs.
        customer_id: u64,
        /// When.
        date: Date,
    },
    /// The mail server takes no mail now.
    #[error("the mail server is busy")]
    ServerBusy,
}

/// Whether another attempt may send the receipt.
#[must_use]
pub fn is_temporary(error: &ReceiptError) -> bool {
    matches!(error, ReceiptError::ServerBusy)
}

/// Sends the receipt of a purchase. If the mail server is busy, the delivery is tried again.
///
/// # Errors
///
/// Returns [`ReceiptError::NothingPaid`] if the amount is zero. That is this module's own trouble: the
/// others have the purchase all the same.
#[handler(queue = RECEIPTS, retry(attempts = 5, backoff = "1ms..20ms", when = is_temporary))]
pub fn send_receipt(event: &PurchaseMade, desk: &ReceiptDesk) -> Result<ReceiptSent, ReceiptError> {
    if event.amount.is_zero() {
        return Err(ReceiptError::NothingPaid {
            customer_id: event.customer_id,
            date: event.date,
        });
    }
    desk.connect()?; // before the receipt has a number, so that there is no gap
    let receipt = ReceiptSent {
        number: desk.next_receipt(),
        customer_id: event.customer_id,
        amount: event.amount,
    };
    desk.mail(&receipt);
    Ok(receipt)
}

/// Thanks a customer who reached the highest tier.
#[handler(filter = is_gold)]
pub fn send_voucher(event: &LoyaltyTierReached, desk: &ReceiptDesk) -> VoucherSent {
    desk.count_voucher();
    VoucherSent {
        customer_id: event.customer_id,
        worth: VOUCHER,
    }
}

/// Whether the tier that was reached is the highest.
#[must_use]
pub fn is_gold(event: &LoyaltyTierReached) -> bool {
    event.tier == Tier::Gold
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use event_core::Dispatcher;
    use event_testing::{DispatcherExt as _, assert_emitted, assert_handled, assert_not_emitted};
    use jiff::civil::date;
    use shop_events::{Cents, PurchaseMade, ReceiptSent};

    use super::{ReceiptDesk, ReceiptError, send_receipt};

    /// The module alone, with a mail server that is busy so many times.
    fn module(busy: u32) -> Dispatcher {
        let asked = AtomicU32::new(0);
        let desk = ReceiptDesk::default().with_server(move || {
            match asked.fetch_add(1, Ordering::Relaxed) {
                before if before < busy => Err(ReceiptError::ServerBusy),
                _ => Ok(()),
            }
        });
        let builder = Dispatcher::empty().module(crate::MODULE).provide(desk);
        builder.build().expect("wired")
    }

    fn purchase() -> PurchaseMade {
        PurchaseMade {
            customer_id: 4,
            date: date(1997, 1, 18),
            cds: 1,
            amount: Cents::new(1),
        }
    }

    #[tokio::test]
    async fn a_busy_mail_server_is_asked_again_and_no_number_is_lost() {
        let dispatcher = module(2);
        let rec = dispatcher.record();
        dispatcher.track(async |d| d.emit(purchase())).await;
        assert_eq!(assert_handled!(rec, send_receipt, Done).attempt(), 3);
        assert_emitted!(rec, ReceiptSent { number: 1, .. }, times = 1);
    }

    #[tokio::test]
    async fn a_mail_server_that_stays_busy_is_asked_five_times() {
        let dispatcher = module(u32::MAX);
        let rec = dispatcher.record();
        dispatcher.track(async |d| d.emit(purchase())).await;
        assert_eq!(assert_handled!(rec, send_receipt, Failed).attempt(), 5);
        assert_not_emitted!(rec, ReceiptSent);
    }

    #[test]
    fn receipts_are_numbered_without_a_gap_and_nothing_paid_gets_none() {
        let desk = ReceiptDesk::default();
        let (customer_id, date) = (1101, date(1997, 1, 5));
        let buy = |cents| {
            let amount = Cents::new(cents);
            send_receipt(
                &PurchaseMade {
                    customer_id,
                    date,
                    cds: 1,
                    amount,
                },
                &desk,
            )
        };
        let sent = |number, cents| {
            Ok(ReceiptSent {
                number,
                customer_id,
                amount: Cents::new(cents),
            })
        };
        assert_eq!(buy(2933), sent(1, 2933));
        assert_eq!(buy(0), Err(ReceiptError::NothingPaid { customer_id, date }));
        assert_eq!(buy(1), sent(2, 1));
        assert_eq!(desk.receipts(), 2);
    }
}
