//! Stock: puts the CDs of each purchase aside, and orders new ones before the shelf is empty.

mod shelf;

use event_core::handler;
use shop_events::{PurchaseMade, StockLow, StockReplenished, StockReserved};

pub use shelf::{OutOfStock, Shelf};

event_core::module!();

/// Puts the CDs of a purchase aside, and raises the alarm when few are left.
///
/// # Errors
///
/// [`OutOfStock`] if the shelf holds fewer than were bought; it keeps what it has.
#[handler]
pub fn reserve_stock(
    event: &PurchaseMade,
    shelf: &Shelf,
) -> Result<(StockReserved, Option<StockLow>), OutOfStock> {
    let left = shelf.take(event.cds)?;
    let reserved = StockReserved {
        customer_id: event.customer_id,
        cds: event.cds,
        left,
    };
    Ok((reserved, (left < Shelf::LOW).then_some(StockLow { left })))
}

/// Orders what is missing; this supplier delivers at once.
#[handler]
pub fn reorder(_event: &StockLow, shelf: &Shelf) -> StockReplenished {
    StockReplenished { cds: shelf.fill() }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use shop_events::{Cents, PurchaseMade, StockLow, StockReplenished, StockReserved};

    use super::{OutOfStock, Shelf, reorder, reserve_stock};

    fn purchase(cds: u32) -> PurchaseMade {
        PurchaseMade {
            customer_id: 4,
            date: date(1997, 1, 1),
            cds,
            amount: Cents::new(2933),
        }
    }

    #[test]
    fn a_purchase_takes_its_cds_and_the_last_ones_raise_the_alarm() {
        let shelf = Shelf::default();
        let calm = Shelf::FULL - Shelf::LOW;
        let reserved = StockReserved {
            customer_id: 4,
            cds: calm,
            left: Shelf::LOW,
        };
        assert_eq!(reserve_stock(&purchase(calm), &shelf), Ok((reserved, None)));

        let left = Shelf::LOW - 1;
        let reserved = StockReserved {
            customer_id: 4,
            cds: 1,
            left,
        };
        let low = Some(StockLow { left });
        assert_eq!(reserve_stock(&purchase(1), &shelf), Ok((reserved, low)));
    }

    #[test]
    fn a_purchase_larger_than_the_shelf_fails_and_takes_nothing() {
        let shelf = Shelf::default();
        let error = OutOfStock {
            wanted: Shelf::FULL + 1,
            left: Shelf::FULL,
        };
        assert_eq!(
            reserve_stock(&purchase(Shelf::FULL + 1), &shelf),
            Err(error)
        );
        assert_eq!(shelf.take(0), Ok(Shelf::FULL));
    }

    #[test]
    fn a_reorder_fills_the_shelf() {
        let shelf = Shelf::default();
        let left = shelf.take(Shelf::FULL - 20).expect("so many are there");
        let replenished = StockReplenished {
            cds: Shelf::FULL - 20,
        };
        assert_eq!(reorder(&StockLow { left }, &shelf), replenished);
        assert_eq!(
            (shelf.reserved(), shelf.reorders()),
            (u64::from(Shelf::FULL - 20), 1)
        );
    }
}
