//! What clients send: bytes that say where they belong.

/// The most that a client sends or receives at once.
pub(crate) const BLOCK: usize = 64 * 1024;

/// A prime, so that no buffer size divides it and a block that is lost or repeated shows.
const PERIOD: usize = 65_521;

/// Random bytes that are the same in every run. What a client sends at a position follows from the
/// client's number and the position.
#[derive(Debug)]
pub(crate) struct Pattern(Box<[u8]>);

impl Pattern {
    pub(crate) fn new() -> Self {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_be_bytes()[0]
        };
        let period: Vec<_> = (0..PERIOD).map(|_| next()).collect();
        Self(period.into_iter().cycle().take(PERIOD + BLOCK).collect())
    }

    /// The bytes of a client from a position on.
    pub(crate) fn block(&self, client: usize, position: u64) -> &[u8] {
        // Another prime: clients begin far from each other.
        let start = (position + client as u64 * 7919) % PERIOD as u64;
        let start = usize::try_from(start).expect("less than the period");
        &self.0[start..start + BLOCK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_begins_anywhere_in_what_a_client_sends() {
        let pattern = Pattern::new();
        let whole = pattern.block(3, 1000);
        assert_eq!(&whole[234..], &pattern.block(3, 1234)[..BLOCK - 234]);
        let far = 1000 + 5 * PERIOD as u64;
        assert_eq!(whole, pattern.block(3, far));
    }

    #[test]
    fn clients_and_positions_differ() {
        let pattern = Pattern::new();
        let start = &pattern.block(0, 0)[..32];
        assert_ne!(start, &pattern.block(1, 0)[..32]);
        assert_ne!(start, &pattern.block(0, 1)[..32]);
        assert_ne!(start, &pattern.block(0, 64)[..32]);
    }
}
