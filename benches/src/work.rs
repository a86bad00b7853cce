//! What a handler does, the same for every candidate.

use std::cell::Cell;
use std::hint::black_box;

/// A hundred handlers, and one runtime subscription.
const CELLS: usize = 101;

/// The number of the handler that is subscribed at run time.
pub const SUBSCRIPTION: usize = 100;

thread_local! {
    /// One cell per handler, so that no two handlers and no two threads write to the same word.
    static SUMS: [Cell<u64>; CELLS] = const { [const { Cell::new(0) }; CELLS] };
}

/// The event of the loops and the peers. Ours have the same two words, but a type for each count of
/// handlers.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// What the handlers add up.
    pub id: u64,
    /// The second word of the payload.
    pub total: u64,
}

/// The body of handler number `I`: adds `id` to its own cell.
#[inline]
pub fn count<const I: usize>(id: u64, _total: u64) {
    SUMS.with(|sums| sums[I].set(sums[I].get().wrapping_add(id)));
}

/// The body of branching handler number `I`: takes one of two paths, decided by a bit of `id` of its own.
///
/// With random ids a processor predicts neither the branch nor, from the history of branches, the next
/// call, so a gain that only straight-line handlers show would be lost here.
#[inline]
pub fn branch<const I: usize>(id: u64, total: u64) {
    if id >> (I % 64) & 1 == 0 {
        count::<I>(id, total);
    } else {
        // The black box keeps the compiler from turning the branch into a conditional move.
        count::<I>(black_box(total), id);
    }
}

/// What all handlers of this thread have added up, to prove that they ran.
#[must_use]
pub fn sum() -> u64 {
    SUMS.with(|sums| sums.iter().map(Cell::get).fold(0, u64::wrapping_add))
}

/// The next number of a cheap pseudo-random sequence (xorshift); `state` is not zero.
#[inline]
#[must_use]
pub fn scramble(mut state: u64) -> u64 {
    state ^= state << 13;
    state ^= state >> 7;
    state ^ (state << 17)
}
