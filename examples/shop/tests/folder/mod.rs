//! Files for the program to read and write.

use std::fs;

use tempfile::TempDir;

/// A folder for one test, gone after it.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder(TempDir::new().expect("a temporary folder"))
    }

    /// The path of a file in it, as an argument of the program.
    pub(crate) fn path(&self, name: &str) -> String {
        self.0
            .path()
            .join(name)
            .to_str()
            .expect("a path in UTF-8")
            .to_owned()
    }

    /// Writes a file into it, and gives its path.
    #[allow(dead_code, reason = "not every test has the program read a file")]
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).expect("a file in a temporary folder");
        path
    }
}
