//! Writes a site into a folder, and nothing that is not its own.
//!
//! The folder has a file that names all that was written, which is locked meanwhile. It names the new files before
//! they are written, so that what a run leaves behind that is killed is known to the next one. Each file is written
//! beside its place and moved there, so that no reader sees half of it.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write as _};
use std::path::{Component, Path, PathBuf};

use super::Site;

/// The file that says that a folder is that of a site, and what was written there.
const MARKER: &str = ".event-catalog-site";

const FIRST_LINE: &str =
    "files of a site, written by event-catalog; those that are not needed are removed";

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// How many files the site has.
    pub files: usize,
    /// How many of them are new or have changed.
    pub changed: usize,
    /// How many files of an earlier site were removed.
    pub removed: usize,
}

/// A site cannot be written.
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteError {
    /// The folder has a file that no site wrote there.
    NotOwn {
        /// The folder.
        folder: PathBuf,
        /// The file in it.
        file: PathBuf,
    },
    /// Another process writes there at this moment.
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// A file cannot be read, written or removed.
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Site {
    /// Writes the site into a folder, which is made if it is not there, and removes the files that an earlier site
    /// had there and this one has not. A file that is as it should be is not touched.
    ///
    /// With `among_others`, the site is also written into a folder that has other files. These stay, but for one
    /// with the path of a file of the site. `progress` is called with the number of files that are done, and of all.
    ///
    /// # Errors
    ///
    /// The folder has files of which no site is known to have written them, another process writes there, or a file
    /// cannot be written. In the last case the folder has files of both sites, and the next call completes it.
    pub fn write_to(
        &self,
        folder: &Path,
        among_others: bool,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Written, WriteError> {
        let mut written = Written {
            files: self.files.len(),
            ..Written::default()
        };
        fs::create_dir_all(folder).map_err(at(folder))?;
        let mut marker = Marker::open(folder, among_others)?;
        let earlier = marker.files()?;
        let new: BTreeSet<&str> = self.files.keys().map(String::as_str).collect();
        let both: BTreeSet<&str> = earlier
            .iter()
            .map(String::as_str)
            .chain(new.iter().copied())
            .collect();
        marker.write(&both)?;
        // The first page comes last: what it links to is there then.
        let pages = self.files.iter().filter(|(path, _)| *path != "index.html");
        let first = self.files.get_key_value("index.html");
        for (done, (path, text)) in pages.chain(first).enumerate() {
            written.changed += usize::from(write_file(folder, path, text)?);
            progress(done + 1, written.files);
        }
        for path in earlier.iter().filter(|path| !new.contains(path.as_str())) {
            written.removed += usize::from(remove_file(folder, path)?);
        }
        marker.write(&new)?;
        Ok(written)
    }
}

/// The file that names what was written, locked.
struct Marker {
    path: PathBuf,
    file: File,
}

impl Marker {
    fn open(folder: &Path, among_others: bool) -> Result<Self, WriteError> {
        let path = folder.join(MARKER);
        if !among_others && !path.exists() {
            let mut entries = fs::read_dir(folder).map_err(at(folder))?;
            if let Some(entry) = entries.next() {
                return Err(WriteError::NotOwn {
                    folder: folder.to_owned(),
                    file: entry.map_err(at(folder))?.file_name().into(),
                });
            }
        }
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(at(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(WriteError::Busy {
                    folder: folder.to_owned(),
                });
            }
            // A file system without locks.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(at(&path)(error)),
        }
        Ok(Self { path, file })
    }

    /// Returns what was written earlier. A path that leads out of the folder is none of ours.
    fn files(&mut self) -> Result<BTreeSet<String>, WriteError> {
        let mut text = String::new();
        self.file
            .read_to_string(&mut text)
            .map_err(at(&self.path))?;
        let is_inside = |path: &&str| {
            let mut parts = Path::new(path).components();
            !path.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
        };
        let paths = text.lines().skip(1).filter(is_inside);
        Ok(paths.map(str::to_owned).collect())
    }

    fn write(&mut self, files: &BTreeSet<&str>) -> Result<(), WriteError> {
        let mut text = format!("{FIRST_LINE}\n");
        for path in files {
            text.push_str(path);
            text.push('\n');
        }
        let mut write = || {
            self.file.seek(SeekFrom::Start(0))?;
            self.file.write_all(text.as_bytes())?;
            self.file.set_len(text.len() as u64)
        };
        write().map_err(at(&self.path))
    }
}

/// Writes a file, and returns whether that was needed.
fn write_file(folder: &Path, path: &str, text: &str) -> Result<bool, WriteError> {
    let place = folder.join(path);
    if fs::read(&place).is_ok_and(|found| found == text.as_bytes()) {
        return Ok(false);
    }
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent).map_err(at(parent))?;
    }
    // No other process writes here, and the next run overwrites what this one leaves.
    let beside = folder.join(format!("{MARKER}.part"));
    fs::write(&beside, text).map_err(at(&beside))?;
    fs::rename(&beside, &place).map_err(at(&place))?;
    Ok(true)
}

/// Removes a file, and its folder if that is empty then. Returns whether it was there.
fn remove_file(folder: &Path, path: &str) -> Result<bool, WriteError> {
    let place = folder.join(path);
    match fs::remove_file(&place) {
        Ok(()) => {
            if let Some(parent) = place.parent().filter(|parent| *parent != folder) {
                // It stays if it has other files.
                let _ = fs::remove_dir(parent);
            }
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(at(&place)(error)),
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let path = path.to_owned();
    move |error| WriteError::Io { path, error }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOwn { folder, file } => write!(
                f,
                "`{}` has files of which no site is known to have written them, such as `{}`; choose an empty folder, \
                 or write among them with `--force`",
                folder.display(),
                file.display()
            ),
            Self::Busy { folder } => write!(
                f,
                "another process writes a site into `{}`; wait until it has ended",
                folder.display()
            ),
            Self::Io { path, error } => write!(f, "`{}`: {error}", path.display()),
        }
    }
}

impl Error for WriteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
