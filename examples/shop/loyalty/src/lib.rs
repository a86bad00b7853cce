//! Loyalty: notices who comes back, and hands out a card to those who spent enough.

mod customers;
mod tiers;

use event_core::handler;
use shop_events::{CustomerReturned, LoyaltyTierReached, PurchaseMade};

pub use customers::{Customers, Spent};
pub use tiers::{TierBoard, threshold, tier_of};

event_core::module!();

/// Notices a customer who had bought before.
#[handler]
pub fn notice_return(event: &PurchaseMade, customers: &Customers) -> Option<CustomerReturned> {
    let purchase = customers.count_purchase(event.customer_id);
    (purchase > 1).then_some(CustomerReturned {
        customer_id: event.customer_id,
        date: event.date,
        purchase,
    })
}

/// Raises a customer to the tier that all purchases together have earned.
///
/// Runs after [`notice_return`] so that "welcome back" is told before "here is your card".
#[handler(after = notice_return)]
pub fn raise_tier(event: &PurchaseMade, customers: &Customers) -> Option<LoyaltyTierReached> {
    let Spent { before, now } = customers.spend(event.customer_id, event.amount);
    let (previous, tier) = (tier_of(before), tier_of(now));
    // A purchase only adds, so a tier that differs is a higher one; a big purchase may skip one.
    (tier != previous).then_some(LoyaltyTierReached {
        customer_id: event.customer_id,
        date: event.date,
        tier: tier?,
        previous,
        spent: now,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use shop_events::{Cents, PurchaseMade, Tier};

    use super::{Customers, notice_return, raise_tier};

    fn purchase(customer_id: u64, cents: u64) -> PurchaseMade {
        let date = date(1997, 1, 18);
        PurchaseMade {
            customer_id,
            date,
            cds: 1,
            amount: Cents::new(cents),
        }
    }

    #[test]
    fn a_customer_returns_with_the_second_purchase_and_every_later_one() {
        let customers = Customers::default();
        assert_eq!(notice_return(&purchase(4, 1), &customers), None);
        assert_eq!(notice_return(&purchase(18, 1), &customers), None);
        let returned = notice_return(&purchase(4, 1), &customers).expect("a second purchase");
        assert_eq!((returned.customer_id, returned.purchase), (4, 2));
        let returned = notice_return(&purchase(4, 1), &customers).expect("a third purchase");
        assert_eq!((returned.customer_id, returned.purchase), (4, 3));
        assert_eq!((customers.count(), customers.returning()), (2, 1));
    }

    #[test]
    fn a_tier_is_reached_once_by_what_all_purchases_add_up_to() {
        let customers = Customers::default();
        let buy = |cents| {
            raise_tier(&purchase(4, cents), &customers).map(|event| (event.previous, event.tier))
        };
        assert_eq!(buy(9_999), None);
        assert_eq!(buy(1), Some((None, Tier::Bronze)));
        assert_eq!(buy(100), None);
        assert_eq!(
            buy(90_000),
            Some((Some(Tier::Bronze), Tier::Gold)),
            "silver is skipped"
        );
        assert_eq!(buy(90_000), None);
    }
}
