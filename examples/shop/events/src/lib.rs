//! The facts of the shop: everything that its modules tell each other.
//!
//! Each module of the shop (`shop-sales`, `shop-loyalty`, …) depends on this crate and on no other
//! module. The code says neither here nor where a fact is emitted who reacts to it: the linker
//! introduces the two. For the reader:
//!
//! | fact | told by | reacted to by |
//! | --- | --- | --- |
//! | [`PurchaseMade`] | the till, which is the program itself | sales, loyalty, stock, receipts |
//! | [`CustomerReturned`] | loyalty | sales |
//! | [`LoyaltyTierReached`] | loyalty | loyalty, receipts |
//! | [`StockReserved`] | stock | |
//! | [`StockLow`] | stock | stock |
//! | [`StockReplenished`] | stock | |
//! | [`ReceiptSent`], [`VoucherSent`] | receipts | |
//! | [`PurchaseRecorded`] | the till, with `--db` | books |
//!
//! All of them are `wire` events, so that the audit can write them as JSON. The last one is durable: it is emitted in
//! the transaction that makes it true, and stored until its durable handlers have handled it.

mod cents;
mod loyalty;
mod purchase;
mod receipts;
mod recorded;
mod stock;
#[cfg(test)]
mod tests;

pub use cents::{Cents, ParseCentsError};
pub use loyalty::{CustomerReturned, LoyaltyTierReached, Tier};
pub use purchase::PurchaseMade;
pub use receipts::{ReceiptSent, VoucherSent};
pub use recorded::PurchaseRecorded;
pub use stock::{StockLow, StockReplenished, StockReserved};
