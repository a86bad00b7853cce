//! Each fact is read as it was written.

use event_core::wire::assert_round_trip;
use jiff::civil::date;

use crate::{
    Cents, CustomerReturned, LoyaltyTierReached, PurchaseMade, PurchaseRecorded, ReceiptSent,
    StockLow, StockReplenished, StockReserved, Tier, VoucherSent,
};

#[test]
fn every_fact_is_read_as_it_was_written() {
    let (customer_id, date) = (u64::MAX, date(1997, 2, 28));
    let cents = Cents::new(u64::MAX);
    assert_round_trip(&PurchaseMade {
        customer_id,
        date,
        cds: u32::MAX,
        amount: cents,
    });
    assert_round_trip(&PurchaseRecorded {
        number: 1,
        customer_id,
        date,
        cds: u32::MAX,
        amount: cents,
    });
    assert_round_trip(&CustomerReturned {
        customer_id,
        date,
        purchase: 2,
    });
    for tier in Tier::ALL {
        for previous in [None, Some(tier)] {
            assert_round_trip(&LoyaltyTierReached {
                customer_id,
                date,
                tier,
                previous,
                spent: cents,
            });
        }
    }
    assert_round_trip(&StockReserved {
        customer_id,
        cds: 1,
        left: 0,
    });
    assert_round_trip(&StockLow { left: 3 });
    assert_round_trip(&StockReplenished { cds: 40 });
    assert_round_trip(&ReceiptSent {
        number: 1,
        customer_id,
        amount: Cents::ZERO,
    });
    assert_round_trip(&VoucherSent {
        customer_id,
        worth: Cents::dollars(5),
    });
}
