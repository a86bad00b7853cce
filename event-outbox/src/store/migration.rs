//! Which changes of the tables there are, and which of them a database has.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
use super::{StoreError, StoreErrorKind};

/// One change of the tables.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Migration {
    /// Its number: the first is 1.
    pub version: u32,
    /// What it is for.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
    /// The oldest version of the tables whose programs work with the tables after it.
    pub oldest: u32,
}

impl Migration {
    /// A change of the tables of a store.
    #[must_use]
    pub const fn new(version: u32, name: &'static str, oldest: u32, sql: &'static str) -> Self {
        Self {
            version,
            name,
            sql,
            oldest,
        }
    }

    /// What tells whether it was applied as it stands here: FNV-1a, since nobody has to be kept from forging it.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(super) fn checksum(&self) -> String {
        let hash = self
            .sql
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        format!("{hash:016x}")
    }
}

/// A migration that a database has.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(super) struct Applied {
    pub(super) version: i64,
    pub(super) oldest: i64,
    pub(super) checksum: String,
}

/// The migrations that a database lacks.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(super) fn missing(
    known: &'static [Migration],
    applied: &[Applied],
) -> Result<&'static [Migration], StoreError> {
    const ACTION: &str = "migrate the outbox";
    let newest = known.last().map_or(0, |last| i64::from(last.version));
    for row in applied {
        let Some(migration) = known
            .iter()
            .find(|migration| i64::from(migration.version) == row.version)
        else {
            if row.version > newest && row.oldest <= newest {
                continue; // It only adds to what this version needs.
            }
            return Err(StoreError::new(
                ACTION,
                StoreErrorKind::SchemaTooNew,
                format!(
                    "the database has version {} of the tables, which works with programs that know \
                     version {}, and this program knows {newest}: update the program",
                    row.version, row.oldest
                ),
            ));
        };
        if migration.checksum() != row.checksum {
            return Err(StoreError::new(
                ACTION,
                StoreErrorKind::Corrupt,
                format!(
                    "migration {} (`{}`) was applied with other statements (checksum {}, here {}): a \
                     migration must not be edited",
                    migration.version,
                    migration.name,
                    row.checksum,
                    migration.checksum()
                ),
            ));
        }
    }
    let present = applied.iter().filter(|row| row.version <= newest).count();
    Ok(&known[present..])
}
