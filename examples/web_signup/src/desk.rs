//! Where the members' database, profiles and mails lie.

use std::io;
use std::path::{Path, PathBuf};

/// A folder with the database, a file for each profile, and one for each mail: a mail server would fetch them there.
#[derive(Clone, Debug)]
pub struct Desk {
    folder: PathBuf,
}

impl Desk {
    /// Makes the folder, if it is not there.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder.join("profiles"))?;
        std::fs::create_dir_all(folder.join("mail"))?;
        let folder = folder.to_owned();
        Ok(Self { folder })
    }

    /// The file of the members' database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.join("members.db")
    }

    /// The file of a member's profile.
    #[must_use]
    pub fn profile(&self, member: i64) -> PathBuf {
        self.folder.join(format!("profiles/{member}.txt"))
    }

    /// The file of a member's welcome mail.
    #[must_use]
    pub fn mail(&self, member: i64) -> PathBuf {
        self.folder.join(format!("mail/{member}.eml"))
    }
}
