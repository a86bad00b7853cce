//! What is leased to this process, and until when.

use std::collections::BTreeMap;

use tokio::time::Instant;

use crate::store::Fence;

/// The leases of this process, by the numbers of the rows.
#[derive(Debug, Default)]
pub(super) struct Leases(BTreeMap<i64, Lease>);

#[derive(Clone, Copy, Debug)]
struct Lease {
    fence: Fence,
    /// When it has lapsed at the earliest: its length after the moment at which the store was asked for it.
    until: Instant,
}

impl Leases {
    /// Keeps a lease; returns the token under which the row was leased before, if it was claimed again.
    pub(super) fn insert(&mut self, fence: Fence, until: Instant) -> Option<Fence> {
        let old = self.0.insert(fence.seq, Lease { fence, until });
        old.map(|old| old.fence).filter(|old| *old != fence)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the row is leased to this process under this token, as far as it knows.
    pub(super) fn has(&self, fence: Fence) -> bool {
        self.0.get(&fence.seq).is_some_and(|it| it.fence == fence)
    }

    /// Whether nobody else can have the row yet.
    pub(super) fn lasts(&self, fence: Fence, now: Instant) -> bool {
        let lease = self.0.get(&fence.seq);
        lease.is_some_and(|it| it.fence == fence && it.until > now)
    }

    /// Notes that a lease lasts longer.
    pub(super) fn extend(&mut self, fence: Fence, until: Instant) {
        if let Some(lease) = self.0.get_mut(&fence.seq).filter(|it| it.fence == fence) {
            lease.until = lease.until.max(until);
        }
    }

    /// Forgets the lease of a delivery that has ended, unless the row was claimed again meanwhile.
    pub(super) fn remove(&mut self, fence: Fence) {
        if self.has(fence) {
            self.0.remove(&fence.seq);
        }
    }

    /// Returns all of them, in the order of their rows.
    pub(super) fn fences(&self) -> Vec<Fence> {
        self.0.values().map(|lease| lease.fence).collect()
    }
}
