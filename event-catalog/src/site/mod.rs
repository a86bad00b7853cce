//! A static site about the events of a program: files that a browser shows without a server.
//!
//! A page is made of the functions in this module's files, each of which returns a piece of HTML. What they are
//! given is escaped by the type of `html`; nothing is taken from another host.

mod crates;
mod event;
mod findings;
mod frame;
mod graphs;
mod handlers;
mod html;
mod index;
mod links;
mod markdown;
mod subject;
mod write;

use std::collections::BTreeMap;

use self::subject::Subject;
use crate::catalog::Catalog;

pub use self::links::{SourceUrl, SourceUrlError};
pub use self::write::{WriteError, Written};

/// What the catalogue does not know of the program, for its [`Site`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The title of the site; `Events` by default.
    pub title: String,
    /// Where the source is on the web; without it, places are text.
    pub source: Option<SourceUrl>,
}

/// A static site: a list of all events with a search, a page for each, their graph, their crates, and what is
/// probably wrong. It needs no server and nothing of another host.
///
/// The same catalogue makes the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    files: BTreeMap<String, String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            title: "Events".to_owned(),
            source: None,
        }
    }
}

impl Catalog {
    /// Makes the site of all events. Those that have [schemas](Self::with_schemas) have them on their pages.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_catalog::Catalog;
    /// use event_catalog::site::Options;
    /// use event_core::Event;
    ///
    /// /// A customer placed an order.
    /// #[derive(Event)]
    /// #[event(name = "shop.order_placed")]
    /// struct OrderPlaced { order_id: u64 }
    ///
    /// let site = Catalog::linked().with_schemas().site(&Options::default());
    /// let page = site.file("events/shop.order_placed.html").expect("a page for each event");
    /// assert!(page.contains("A customer placed an order."));
    ///
    /// let folder = std::env::temp_dir().join(format!("event-catalog-site-{}", std::process::id()));
    /// let written = site.write_to(&folder, false, |_done, _all| {})?;
    /// assert_eq!(written.files, site.files().count());
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn site(&self, options: &Options) -> Site {
        let subject = Subject::new(self, options);
        let mut files = BTreeMap::new();
        let mut add = |path: &str, text: String| {
            files.insert(path.to_owned(), text);
        };
        add(
            "assets/theme.js",
            include_str!("assets/theme.js").to_owned(),
        );
        add("assets/site.js", include_str!("assets/site.js").to_owned());
        add("assets/site.css", frame::style());
        add("assets/search.js", index::search(&subject));
        add("index.html", index::page(&subject));
        add("graph.html", graphs::page(&subject));
        add("crates.html", crates::index(&subject));
        add("findings.html", findings::page(&subject));
        for (path, text) in crates::pages(&subject).chain(event::pages(&subject)) {
            files.insert(path, text);
        }
        Site { files }
    }
}

impl Site {
    /// Returns the files, each with its path below the folder of the site, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (&**path, &**text))
    }

    /// Returns the text of the file with this path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }
}
