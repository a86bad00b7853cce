//! Who is alive: each owner has a file beside the database, and keeps it locked as long as its process lives.
//!
//! The operating system ends the lock with the process, whatever ends that. Whoever can lock another owner's file
//! knows that the owner is dead. The lock is of the file and not of its name, so a file gets the name that others look
//! at only when it is locked.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use crate::store::Owner;

const EXTENSION: &str = "lock";

pub(super) struct Owners {
    /// Of a database in memory, `None`: it has no other process.
    folder: Option<PathBuf>,
    mine: Mutex<HashMap<Owner, Option<File>>>,
}

/// An owner that is dead, and whose file nobody else can lock for now.
pub(super) struct Dead {
    pub(super) owner: Owner,
    path: PathBuf,
    _lock: File,
}

impl Dead {
    /// Removes the file, after the rows are free.
    pub(super) fn bury(self) {
        // Whoever fails here finds it again.
        let _ = fs::remove_file(&self.path);
    }
}

impl Owners {
    pub(super) fn beside(database: &Path) -> Self {
        let mut folder = database.as_os_str().to_owned();
        folder.push("-outbox");
        Self {
            folder: Some(folder.into()),
            mine: Mutex::default(),
        }
    }

    pub(super) fn of_memory() -> Self {
        Self {
            folder: None,
            mine: Mutex::default(),
        }
    }

    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    pub(super) fn register(&self, owner: Owner) -> io::Result<()> {
        let lock = match &self.folder {
            None => None,
            Some(folder) => {
                fs::create_dir_all(folder)?;
                let new = folder.join(format!("{}.new", owner.id()));
                let file = File::create(&new)?;
                file.try_lock()?;
                failpoint!(Registering);
                fs::rename(&new, path(folder, owner))?;
                Some(file)
            }
        };
        self.mine().insert(owner, lock);
        Ok(())
    }

    pub(super) fn is_registered(&self, owner: Owner) -> bool {
        self.mine().contains_key(&owner)
    }

    pub(super) fn unregister(&self, owner: Owner) -> io::Result<()> {
        let lock = self.mine().remove(&owner);
        if let (Some(folder), Some(_)) = (&self.folder, &lock) {
            fs::remove_file(path(folder, owner))?;
        }
        Ok(())
    }

    /// The owners whose files can be locked.
    pub(super) fn dead(&self) -> io::Result<Vec<Dead>> {
        let Some(folder) = &self.folder else {
            return Ok(Vec::new());
        };
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut dead = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let Some(owner) = owner_of(&path) else {
                continue;
            };
            if self.is_registered(owner) {
                continue;
            }
            let file = match File::open(&path) {
                // Another process was faster, or the owner ended.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                file => file?,
            };
            match file.try_lock() {
                Ok(()) => dead.push(Dead {
                    owner,
                    path,
                    _lock: file,
                }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(dead)
    }

    fn mine(&self) -> std::sync::MutexGuard<'_, HashMap<Owner, Option<File>>> {
        self.mine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn path(folder: &Path, owner: Owner) -> PathBuf {
    folder.join(format!("{}.{EXTENSION}", owner.id()))
}

fn owner_of(path: &Path) -> Option<Owner> {
    if path.extension()? != EXTENSION {
        return None;
    }
    let id = Uuid::parse_str(path.file_stem()?.to_str()?).ok()?;
    Some(Owner::from_id(id))
}
