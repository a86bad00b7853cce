//! The figures of one run, by name.

use std::fmt::Write as _;

use crate::workspace::Result;

/// Named figures, such as `ratio emit.1.slice`, in the order in which they were measured.
#[derive(Default)]
pub(crate) struct Figures(Vec<Figure>);

struct Figure {
    name: String,
    /// Nothing if it could not be measured; then the text says what is missing.
    value: Option<f64>,
    text: String,
}

impl Figures {
    /// The figures that a program printed.
    pub(crate) fn of(printed: &str) -> Result<Self> {
        let mut figures = Self::default();
        figures.read(printed)?;
        Ok(figures)
    }

    /// Adds the figures that a program printed: the last word of a line is the value, the rest is the name.
    /// `time` lines have two values, the least and the median; the table shows the least.
    pub(crate) fn read(&mut self, printed: &str) -> Result<()> {
        for line in printed.lines() {
            let bad = || format!("the benchmark printed a line without a figure: `{line}`");
            let (name, text) = line.rsplit_once(' ').ok_or_else(bad)?;
            let (name, text) = match name.strip_prefix("time ") {
                Some(_) => name.rsplit_once(' ').ok_or_else(bad)?,
                None => (name, text),
            };
            let value = Some(text.parse().map_err(|_| bad())?);
            self.0.push(Figure {
                name: name.to_owned(),
                value,
                text: text.to_owned(),
            });
        }
        Ok(())
    }

    pub(crate) fn add(&mut self, name: &str, value: f64, decimals: usize) {
        let text = format!("{value:.decimals$}");
        self.0.push(Figure {
            name: name.to_owned(),
            value: Some(value),
            text,
        });
    }

    /// Notes why there is no such figure.
    pub(crate) fn miss(&mut self, name: &str, why: &str) {
        self.0.push(Figure {
            name: name.to_owned(),
            value: None,
            text: why.to_owned(),
        });
    }

    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|figure| figure.name == name)?.value
    }

    /// One line per figure, for a program to read; times, which mean little elsewhere, are left out.
    pub(crate) fn lines(&self) -> String {
        let figures = self
            .0
            .iter()
            .filter(|figure| !figure.name.starts_with("time "));
        figures.fold(String::new(), |mut lines, figure| {
            let _ = writeln!(lines, "{} {}", figure.name, figure.text);
            lines
        })
    }
}
