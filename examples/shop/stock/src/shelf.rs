//! The shelf: the state of this module.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// All CDs at hand.
#[derive(Debug)]
pub struct Shelf {
    levels: Mutex<Levels>,
}

#[derive(Debug)]
struct Levels {
    at_hand: u32,
    reserved: u64,
    reorders: u64,
}

/// More CDs were bought than are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("out of stock: {wanted} CDs wanted, {left} left")]
pub struct OutOfStock {
    /// How many were bought.
    pub wanted: u32,
    /// How many are there.
    pub left: u32,
}

impl Shelf {
    /// So many CDs fit.
    pub const FULL: u32 = 2000;
    /// With fewer CDs than this it is time to reorder.
    pub const LOW: u32 = 200;

    /// Takes CDs off the shelf, and tells how many are left.
    ///
    /// # Errors
    ///
    /// [`OutOfStock`] if there are fewer; then none is taken.
    pub fn take(&self, cds: u32) -> Result<u32, OutOfStock> {
        let mut levels = self.levels();
        let left = levels.at_hand.checked_sub(cds).ok_or(OutOfStock {
            wanted: cds,
            left: levels.at_hand,
        })?;
        levels.at_hand = left;
        levels.reserved += u64::from(cds);
        Ok(left)
    }

    /// Fills the shelf, and tells how many CDs that took.
    pub fn fill(&self) -> u32 {
        let mut levels = self.levels();
        let cds = Shelf::FULL - levels.at_hand;
        levels.at_hand = Shelf::FULL;
        levels.reorders += 1;
        cds
    }

    /// How many CDs were taken up to now.
    #[must_use]
    pub fn reserved(&self) -> u64 {
        self.levels().reserved
    }

    /// How often the shelf was filled up to now.
    #[must_use]
    pub fn reorders(&self) -> u64 {
        self.levels().reorders
    }

    // A handler that panicked is in the report; the shelf stays as it is.
    fn levels(&self) -> MutexGuard<'_, Levels> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Shelf {
    /// A full shelf.
    fn default() -> Shelf {
        Shelf {
            levels: Mutex::new(Levels {
                at_hand: Shelf::FULL,
                reserved: 0,
                reorders: 0,
            }),
        }
    }
}
