//! Files that several hosts could open: in WAL mode they must share memory, and do not.

use std::path::Path;

use crate::store::StoreError;

/// Refuses a file on a network file system.
#[cfg(target_os = "linux")]
pub(super) fn refuse(path: &Path) -> Result<(), StoreError> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // If the folder is not there, SQLite says so better.
    let kind = rustix::fs::statfs(folder).map(|found| found.f_type);
    match kind.ok().and_then(name_of) {
        None => Ok(()),
        Some(name) => Err(StoreError::new(
            "open the outbox",
            crate::store::StoreErrorKind::Misuse,
            format!(
                "{} lies on {name}, where processes on several hosts would damage it: use a local disk, or \
                 PostgreSQL",
                path.display()
            ),
        )),
    }
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "on Linux it can fail")]
pub(super) fn refuse(_path: &Path) -> Result<(), StoreError> {
    Ok(())
}

/// The network file systems, by the numbers that Linux gives them.
#[cfg(target_os = "linux")]
fn name_of(kind: impl TryInto<i64>) -> Option<&'static str> {
    // The numbers of some have their highest bit set, and `f_type` has a sign.
    match kind.try_into().ok()? & 0xffff_ffff {
        0x6969 => Some("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB"),
        0x5346_414f => Some("AFS"),
        0x00c3_6400 => Some("Ceph"),
        0x0bd0_0bd0 => Some("Lustre"),
        _ => None,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::path::Path;

    use super::{name_of, refuse};

    #[test]
    fn network_file_systems_are_known_whatever_the_sign_of_their_number() {
        assert_eq!(name_of(0x6969_i64), Some("NFS"));
        assert_eq!(name_of(0xff53_4d42_u32.cast_signed()), Some("SMB"));
        assert_eq!(name_of(0xff53_4d42_u64), Some("SMB"));
        assert_eq!(name_of(0xef53_i64), None, "ext4");
    }

    #[test]
    fn a_local_file_is_taken() {
        let folder = std::env::temp_dir();
        refuse(&folder.join("shop.db")).expect("it is local");
        refuse(Path::new("shop.db")).expect("it is local");
        refuse(Path::new("/no/such/folder/shop.db")).expect("SQLite says that");
    }
}
