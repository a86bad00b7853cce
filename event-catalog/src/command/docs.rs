//! `events docs`: a static site.

use std::io::{self, IsTerminal, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use super::Reply;
use super::describe::counted;
use crate::catalog::Catalog;
use crate::site::{Options, SourceUrl};

/// The arguments of `events docs`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
The site needs no server and nothing from the web: open its `index.html`. Files of an earlier site that are not
needed any more are removed; other files of the folder stay.

Examples:
  events docs --out target/events
  events docs --out public --title Shop --source 'https://git.example.org/shop/blob/main/{file}#L{line}'

Exit status: 0, or 1 if the folder has files that no site wrote, or cannot be written.")]
#[non_exhaustive]
pub struct DocsArgs {
    /// The folder to write into
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// The title of the site
    #[arg(long, value_name = "TEXT", default_value = "Events")]
    pub title: String,

    /// Where the source is on the web, with `{file}` and `{line}` for a place in it
    #[arg(long, value_name = "URL")]
    pub source: Option<SourceUrl>,

    /// Write among files that no site wrote
    #[arg(long)]
    pub force: bool,
}

/// What takes longer shows how far it is.
const LONG: Duration = Duration::from_millis(500);

pub(super) fn docs(catalog: &Catalog, arguments: &DocsArgs) -> Reply {
    let site = catalog.site(&Options {
        title: arguments.title.clone(),
        source: arguments.source.clone(),
    });
    let mut progress = Progress::new();
    let written = site.write_to(&arguments.out, arguments.force, |done, all| {
        progress.show(done, all);
    });
    progress.end();
    match written {
        Err(error) => Reply::failure(error.to_string()),
        Ok(written) => {
            let events = counted(catalog.current().count(), "event", "events");
            let files = counted(written.files, "file", "files");
            let first = arguments.out.join("index.html");
            Reply::text(format!(
                "{events} in {files}, {} changed, {} removed: {}\n",
                written.changed,
                written.removed,
                first.display()
            ))
        }
    }
}

/// A line on a terminal that says how far a long run is.
struct Progress {
    start: Instant,
    shown: Option<Instant>,
    is_terminal: bool,
}

impl Progress {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            shown: None,
            is_terminal: io::stderr().is_terminal(),
        }
    }

    fn show(&mut self, done: usize, all: usize) {
        let is_due = self.shown.unwrap_or(self.start).elapsed() >= LONG;
        if self.is_terminal && is_due {
            let _ = write!(io::stderr(), "\r{done} of {all} files");
            self.shown = Some(Instant::now());
        }
    }

    fn end(&self) {
        if self.shown.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
