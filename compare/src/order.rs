//! What every event tells.

/// An order of the shop that all of this is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    #[expect(dead_code, reason = "what is told is not always asked for")]
    pub(crate) order_id: u64,
    pub(crate) total_cents: u64,
}

impl Order {
    /// The orders of one series.
    pub(crate) fn series(times: u64) -> impl Iterator<Item = Self> {
        (0..times).map(|order_id| Self {
            order_id,
            total_cents: order_id + 1,
        })
    }
}
