//! What one purchase leads to, in all modules: each test waits until all of it has ended, and never for time.

use clap::Parser;
use event_testing::{
    DispatcherExt as _, Recorder, assert_caused, assert_emitted, assert_handled, assert_handles,
    assert_not_emitted,
};
use jiff::civil::date;
use shop_events::{
    Cents, CustomerReturned, LoyaltyTierReached, PurchaseMade, ReceiptSent, StockLow,
    StockReplenished, StockReserved, Tier, VoucherSent,
};
use shop_receipts::{send_receipt, send_voucher};
use shop_sales::record_sale;
use tokio::runtime::Runtime;

use super::Shop;
use crate::args::Args;

/// An open shop, and what is emitted in it.
fn open() -> (Runtime, Shop, Recorder) {
    let runtime = Runtime::new().expect("a runtime");
    let args = Args::parse_from(["shop"]);
    let shop = Shop::open(runtime.handle(), &args.receipts, None, None).expect("wired");
    let rec = shop.dispatcher.record();
    (runtime, shop, rec)
}

fn purchase(cds: u32, cents: u64) -> PurchaseMade {
    PurchaseMade {
        customer_id: 4,
        date: date(1997, 1, 18),
        cds,
        amount: Cents::new(cents),
    }
}

#[test]
fn a_purchase_is_followed_by_its_receipt_a_tier_and_a_reservation() {
    let (_runtime, shop, rec) = open();
    shop.dispatcher
        .track_blocking(|d| d.emit(purchase(2, 100_000)));

    assert_caused!(rec, PurchaseMade { cds: 2, .. } => StockReserved { cds: 2, .. });
    let receipt = assert_caused!(rec, PurchaseMade => ReceiptSent { number: 1, .. });
    assert_eq!(receipt.amount, Cents::new(100_000));
    assert_caused!(
        rec,
        PurchaseMade => LoyaltyTierReached { tier: Tier::Gold, previous: None, .. }
    );
    assert_caused!(rec, LoyaltyTierReached => VoucherSent { customer_id: 4, .. });
    assert_not_emitted!(rec, CustomerReturned);
}

#[test]
fn a_second_purchase_is_a_return_and_earns_no_second_tier() {
    let (_runtime, shop, rec) = open();
    shop.dispatcher
        .track_blocking(|d| d.emit(purchase(1, 10_000)));
    assert_handled!(rec, send_voucher, Skipped(SkipReason::Filter));
    let second = rec.mark();
    shop.dispatcher.track_blocking(|d| d.emit(purchase(1, 1)));
    let rec = rec.since(second);
    assert_caused!(rec, PurchaseMade => CustomerReturned { purchase: 2, .. });
    assert_emitted!(rec, ReceiptSent { number: 2, .. });
    assert_not_emitted!(rec, LoyaltyTierReached);
}

#[test]
fn a_purchase_of_nothing_fails_in_one_handler_alone() {
    let (_runtime, shop, rec) = open();
    shop.dispatcher.track_blocking(|d| d.emit(purchase(1, 0)));
    let failed = assert_handled!(rec, send_receipt, Failed);
    assert_eq!(
        failed.error(),
        Some("no receipt for 0.00 dollars: customer 4, 1997-01-18")
    );
    assert_eq!(failed.attempt(), 1, "another attempt would not help");
    assert_handled!(rec, record_sale, Done);
    assert_not_emitted!(rec, ReceiptSent);
}

#[test]
fn the_last_cds_are_ordered_again() {
    let (_runtime, shop, rec) = open();
    shop.dispatcher
        .track_blocking(|d| d.emit(purchase(1_990, 1)));
    assert_caused!(rec, PurchaseMade => StockLow { left: 10 });
    assert_caused!(rec, StockLow => StockReplenished { cds: 1_990 });
}

#[test]
fn the_audit_takes_no_part_without_a_file() {
    let (_runtime, shop, rec) = open();
    assert_handles!(shop.dispatcher, send_receipt, PurchaseMade);
    shop.dispatcher.track_blocking(|d| d.emit(purchase(1, 1)));
    let handlers = rec.deliveries().into_iter().map(|it| it.handler());
    assert!(!handlers.into_iter().any(|it| it.is(shop_audit::record)));
}
