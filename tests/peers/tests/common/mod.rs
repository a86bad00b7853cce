//! Where things are.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder below the target directory.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("peers-{name}"))
}

/// A file or folder of this package.
pub(crate) fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Writes a sample of the page.
pub(crate) fn write(name: &str, file: &str, sample: &str) -> PathBuf {
    let path = folder(name).join(file);
    fs::create_dir_all(folder(name)).expect("a folder");
    fs::write(&path, format!("{sample}\n")).expect("it is written");
    path
}
