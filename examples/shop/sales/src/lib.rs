//! Sales: what was sold, in all and month by month, and how much of it to customers who came back.

mod ledger;

use event_core::handler;
use shop_events::{CustomerReturned, PurchaseMade};

pub use ledger::{Month, SalesLedger, Totals};

event_core::module!();

/// Enters a purchase into the ledger.
#[handler]
pub fn record_sale(event: &PurchaseMade, ledger: &SalesLedger) {
    ledger.add(event.date, event.cds, event.amount);
}

/// Counts a purchase of a customer who had bought before. Loyalty tells that, and this module does
/// not know loyalty.
#[handler]
pub fn count_repeat(_event: &CustomerReturned, ledger: &SalesLedger) {
    ledger.add_repeat();
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use shop_events::{Cents, CustomerReturned, PurchaseMade};

    use super::{Month, SalesLedger, Totals, count_repeat, record_sale};

    #[test]
    fn sales_are_summed_in_all_and_by_month() {
        let ledger = SalesLedger::default();
        for (date, cds, cents) in [
            (date(1997, 1, 31), 2, 2933),
            (date(1997, 2, 1), 1, 0),
            (date(1997, 1, 1), 1, 1177),
        ] {
            let amount = Cents::new(cents);
            record_sale(
                &PurchaseMade {
                    customer_id: 4,
                    date,
                    cds,
                    amount,
                },
                &ledger,
            );
        }

        let all = Totals {
            purchases: 3,
            cds: 4,
            revenue: Cents::new(4110),
            repeats: 0,
        };
        assert_eq!(ledger.totals(), all);
        let months = [
            (
                Month {
                    year: 1997,
                    month: 1,
                },
                Cents::new(4110),
            ),
            (
                Month {
                    year: 1997,
                    month: 2,
                },
                Cents::ZERO,
            ),
        ];
        assert_eq!(ledger.by_month(), months);
    }

    #[test]
    fn a_returning_customer_is_counted_as_a_repeat() {
        let ledger = SalesLedger::default();
        let event = CustomerReturned {
            customer_id: 4,
            date: date(1997, 1, 18),
            purchase: 2,
        };
        count_repeat(&event, &ledger);
        assert_eq!(ledger.totals().repeats, 1);
    }
}
