//! What `docs/coming_from.md` says of Django, Boost, Node and bevy, held against the real ones.
//!
//! The page is the source: its samples are run as they stand there, and each row of its tables has a check
//! beside it, which bears the words of the row. A row without a check fails, as does a check without a row, and a
//! version that is not the one that runs. The systems are installed into the target directory, in
//! the versions that are pinned here.

mod checked;
pub mod page;

pub use self::checked::{Checked, assert_section};
