//! What `docs/coming_from.md` says of another system: a version, a sample, and the rows of a table.

use std::fs;

/// The page.
pub const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/coming_from.md");

/// The page's sections whose samples are marked with `runs`.
#[derive(Debug)]
pub struct Page {
    sections: Vec<Section>,
}

/// What the page says of one system.
#[derive(Debug)]
pub struct Section {
    /// Its name and version, as the page has them: `Django 6.1.3`.
    pub version: String,
    /// What people write there, as the page shows it.
    pub sample: String,
    /// The rows of its table: `order: of connection`.
    pub claims: Vec<String>,
}

impl Page {
    /// Reads the page.
    ///
    /// # Panics
    ///
    /// Panics if a section is not of the form that the page has.
    #[must_use]
    pub fn read() -> Self {
        let text = fs::read_to_string(PATH).unwrap_or_else(|error| panic!("{PATH}: {error}"));
        let sections = text.split("\n## ").skip(1).filter_map(Section::parse);
        Self {
            sections: sections.collect(),
        }
    }

    /// All of them.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section of the system with this name.
    ///
    /// # Panics
    ///
    /// Panics if the page has none that is marked.
    #[must_use]
    pub fn section(&self, name: &str) -> &Section {
        let mut sections = self.sections.iter();
        sections
            .find(|section| section.name() == name)
            .unwrap_or_else(|| panic!("{PATH} has no sample of {name} that is marked with `runs`"))
    }
}

impl Section {
    /// `None` if its first sample is not marked.
    fn parse(text: &str) -> Option<Self> {
        let (before, rest) = text.split_once("\n```")?;
        let (mark, rest) = rest.split_once('\n')?;
        if !mark.ends_with(" runs") {
            return None;
        }
        let (sample, rest) = rest.split_once("\n```\n").expect("the sample ends");
        let (version, _) = before
            .split("\n\n")
            .nth(1)
            .and_then(|line| line.split_once(", "))
            .unwrap_or_else(|| panic!("no version and comma below the heading: {before}"));
        let (_, table) = rest.split_once("\n| --- |").expect("it has a table");
        let rows = table.lines().skip(1).take_while(|row| row.starts_with('|'));
        let claim = |row: &str| {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            let ["", subject, claim, _, ""] = cells[..] else {
                panic!("a row of three cells: {row}")
            };
            format!("{subject}: {claim}")
        };
        Some(Self {
            version: version.to_owned(),
            sample: sample.to_owned(),
            claims: rows.map(claim).collect(),
        })
    }

    /// `Django` of `Django 6.1.3`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.version.split(' ').next().unwrap_or_default()
    }
}
