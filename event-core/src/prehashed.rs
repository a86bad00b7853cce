//! Maps whose keys are hashes already, so that they are not hashed again.

use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map by type.
pub(crate) type ByType<V> = HashMap<TypeId, V, BuildHasherDefault<Prehashed>>;

/// A map by lane, which is the hash of an event's key.
pub(crate) type ByLane<V> = HashMap<u64, V, BuildHasherDefault<Prehashed>>;

#[derive(Default)]
pub(crate) struct Prehashed(u64);

impl Hasher for Prehashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // A `TypeId` writes one `u64`; this is for any other way in which it may be hashed.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
