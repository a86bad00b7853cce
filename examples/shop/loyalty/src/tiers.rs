//! The rule of the tiers, and how many customers are in each.

use std::sync::{Mutex, PoisonError};

use event_core::handlers;
use shop_events::{Cents, LoyaltyTierReached, Tier};

/// What a customer must have spent in all to be in a tier.
#[must_use]
pub fn threshold(tier: Tier) -> Cents {
    match tier {
        Tier::Bronze => Cents::dollars(100),
        Tier::Silver => Cents::dollars(250),
        Tier::Gold => Cents::dollars(500),
    }
}

/// The tier of a customer who spent so much in all; none below bronze.
#[must_use]
pub fn tier_of(spent: Cents) -> Option<Tier> {
    Tier::ALL
        .into_iter()
        .rev()
        .find(|tier| spent >= threshold(*tier))
}

/// How many customers are in each tier now.
#[derive(Debug, Default)]
pub struct TierBoard {
    counts: Mutex<[usize; Tier::ALL.len()]>,
}

#[handlers]
impl TierBoard {
    /// Moves a customer from the previous tier to the new one.
    #[handler]
    pub fn move_up(&self, event: &LoyaltyTierReached) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(previous) = event.previous {
            counts[previous as usize] -= 1;
        }
        counts[event.tier as usize] += 1;
    }

    /// How many customers are in this tier.
    #[must_use]
    pub fn count(&self, tier: Tier) -> usize {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)[tier as usize]
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use shop_events::{Cents, LoyaltyTierReached, Tier};

    use super::{TierBoard, threshold, tier_of};

    #[test]
    fn a_tier_begins_at_its_threshold() {
        assert_eq!(tier_of(Cents::ZERO), None);
        for (index, tier) in Tier::ALL.into_iter().enumerate() {
            let below = Cents::new(threshold(tier).get() - 1);
            assert_eq!(
                tier_of(below),
                index.checked_sub(1).map(|lower| Tier::ALL[lower])
            );
            assert_eq!(tier_of(threshold(tier)), Some(tier));
        }
    }

    #[test]
    fn a_customer_is_in_one_tier_at_a_time() {
        let board = TierBoard::default();
        let (date, spent) = (date(1997, 1, 18), Cents::ZERO);
        let reach = |customer_id, previous, tier| {
            board.move_up(&LoyaltyTierReached {
                customer_id,
                date,
                tier,
                previous,
                spent,
            });
        };
        reach(4, None, Tier::Bronze);
        reach(18, None, Tier::Bronze);
        reach(4, Some(Tier::Bronze), Tier::Gold);
        assert_eq!(Tier::ALL.map(|tier| board.count(tier)), [1, 0, 1]);
    }
}
