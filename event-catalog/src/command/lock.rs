//! `events lock`: the file that changes of events are checked against.

use std::env;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Reply;
use super::describe::counted;
use super::terminal::Terminal;
use crate::catalog::Catalog;
use crate::lock::{CheckOptions, Directions, Lock, LockError};

/// The arguments of `events lock`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
The file has each `wire` event by name and version, with its schemas. It is to be committed. A lock that is there
is replaced unless a change breaks readers: these are printed, and the file stays as it is.

Examples:
  events lock                         after a change that `events check` finds compatible
  events lock --accept-breaking       after one that breaks readers which are no more
  events lock --direction backward    where no two versions of the program run at the same time

Exit status: 0, 1 if a change breaks readers, or 2 if the lock cannot be read or written.")]
#[non_exhaustive]
pub struct LockArgs {
    /// The file [default: events.lock, in the package's folder under cargo]
    #[arg(long, value_name = "FILE")]
    pub lock: Option<PathBuf>,

    /// Which changes are checked from now on, by `events check` and tests [default: as the lock says, or both]
    #[arg(long, value_name = "WHICH", value_enum)]
    pub direction: Option<Directions>,

    /// Replace the lock also if a change breaks readers
    #[arg(long)]
    pub accept_breaking: bool,
}

/// The name of the file.
const NAME: &str = "events.lock";

pub(super) fn lock(catalog: &Catalog, arguments: &LockArgs, terminal: &Terminal) -> Reply {
    let path = path(arguments.lock.as_deref());
    let shown = path.display().to_string();
    let before = match Lock::read_with_text(&path) {
        Ok(read) => Some(read),
        Err(LockError::Missing) => None,
        Err(error) => return unusable(&path, &error),
    };
    let mut lock = catalog.lock();
    if let Some((text, before)) = &before {
        lock.direction = arguments.direction.unwrap_or(before.direction);
        let options = CheckOptions::default().with_directions(lock.direction);
        let check = catalog.check(before, options).with_lock_file(&shown, text);
        if !check.is_compatible() && !arguments.accept_breaking {
            return Reply {
                output: check.text(terminal, &command()),
                error: format!("`{shown}` is left as it is, since a change breaks readers"),
                status: 1,
            };
        }
        if *text == lock.to_string() {
            return Reply::text(format!("`{shown}` is up to date: {}\n", events(&lock)));
        }
    } else {
        lock.direction = arguments.direction.unwrap_or_default();
    }
    match lock.write(&path) {
        Ok(()) => Reply::text(format!("wrote `{shown}`: {}\n", events(&lock))),
        Err(error) => unusable(&path, &error),
    }
}

fn events(lock: &Lock) -> String {
    let with_schema = lock.events.iter().filter(|event| event.schemas.is_some());
    format!(
        "{}, of which {} {} a schema",
        counted(lock.events.len(), "event", "events"),
        with_schema.clone().count(),
        if with_schema.count() == 1 {
            "has"
        } else {
            "have"
        }
    )
}

/// Returns the path of the lock.
pub(super) fn path(given: Option<&Path>) -> PathBuf {
    if let Some(path) = given {
        return path.to_owned();
    }
    let Some(folder) = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else {
        return NAME.into();
    };
    // As it is typed in the current folder, if it is below that.
    let current = env::current_dir().ok();
    let below = current
        .as_deref()
        .and_then(|current| folder.strip_prefix(current).ok());
    below.unwrap_or(&folder).join(NAME)
}

/// Returns what is typed for `events lock`, as this program was called.
pub(super) fn command() -> String {
    let mut arguments = env::args();
    let program = arguments.next().unwrap_or_default();
    let before: Vec<_> = arguments
        .take_while(|argument| argument != "events")
        .collect();
    let program = match env::var("CARGO_PKG_NAME") {
        Ok(package) => format!("cargo run -p {package} --"),
        Err(_) => program,
    };
    let words = [program]
        .into_iter()
        .chain(before)
        .chain(["events lock".to_owned()]);
    words.collect::<Vec<_>>().join(" ")
}

/// Says why a lock cannot be used.
pub(super) fn unusable(path: &Path, error: &LockError) -> Reply {
    let error = format!(
        "the lock `{}` cannot be used: {}",
        path.display(),
        error.text(&command())
    );
    Reply {
        status: 2,
        ..Reply::failure(error)
    }
}
