//! What the reader of the output can show: colours, and how many columns.

use std::borrow::Cow;
use std::env;
use std::fmt::Write as _;
use std::io::{self, IsTerminal};

use clap::ColorChoice;
use unicode_width::UnicodeWidthStr;

/// What the reader of the output can show.
///
/// # Examples
///
/// ```
/// use event_catalog::Terminal;
///
/// let terminal = Terminal::plain().with_width(80);
/// assert_eq!(terminal.width(), Some(80));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    has_colors: bool,
    width: Option<usize>,
}

/// How a text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Bold,
    Dim,
    /// What a reader must not miss.
    Warning,
    Error,
}

/// The narrowest width that is honoured: in fewer columns nothing is readable.
const NARROWEST: usize = 40;

impl Terminal {
    /// A reader without colours and with lines of any length, such as a file.
    #[must_use]
    pub const fn plain() -> Self {
        Self {
            has_colors: false,
            width: None,
        }
    }

    /// Finds out what standard output is.
    ///
    /// With `auto`, there are colours if it is a terminal, `NO_COLOR` is not set, and `TERM` is not `dumb`.
    /// The width is that of `COLUMNS`, if it is set, or of the terminal; output that goes elsewhere has lines
    /// of any length.
    #[must_use]
    pub fn of_stdout(colors: ColorChoice) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let columns = env::var("COLUMNS").ok();
        let columns = columns.and_then(|columns| columns.parse().ok());
        let measured = || {
            let (width, _) = terminal_size::terminal_size()?;
            Some(usize::from(width.0))
        };
        Self {
            has_colors: match colors {
                ColorChoice::Always => true,
                ColorChoice::Never => false,
                ColorChoice::Auto => is_terminal && !is_set("NO_COLOR") && !is_dumb,
            },
            width: columns.or_else(|| is_terminal.then(measured).flatten()),
        }
    }

    /// Sets how many columns there are.
    #[must_use]
    pub const fn with_width(mut self, columns: usize) -> Self {
        self.width = Some(columns);
        self
    }

    /// Sets whether there are colours.
    #[must_use]
    pub const fn with_colors(mut self, has_colors: bool) -> Self {
        self.has_colors = has_colors;
        self
    }

    /// Returns how many columns there are; `None` for lines of any length.
    #[must_use]
    pub fn width(&self) -> Option<usize> {
        self.width.map(|columns| columns.max(NARROWEST))
    }

    /// Returns a text that stands out, if there are colours.
    pub(crate) fn paint<'a>(&self, style: Style, text: &'a str) -> Cow<'a, str> {
        if !self.has_colors || text.is_empty() {
            return text.into();
        }
        let code = match style {
            Style::Plain => return text.into(),
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Warning => "33",
            Style::Error => "31",
        };
        format!("\x1b[{code}m{text}\x1b[0m").into()
    }

    /// Writes a line and a place behind it, which has a line of its own, indented, where both do not fit. The
    /// line takes so many columns.
    pub(crate) fn line_at(
        &self,
        out: &mut String,
        line: &str,
        columns: usize,
        indent: usize,
        place: &str,
    ) {
        let is_full = |available| columns + 2 + place.width() > available;
        let place = self.paint(Style::Dim, place);
        let _ = if self.width().is_some_and(is_full) {
            writeln!(out, "{line}\n{:indent$}{place}", "")
        } else {
            writeln!(out, "{line}  {place}")
        };
    }

    /// Writes a text with line breaks where it is wider than the terminal, each line indented.
    pub(crate) fn wrap(&self, out: &mut String, indent: usize, text: &str) {
        for line in text.lines() {
            // What is indented further is code, which has lines of its own.
            if line.starts_with(' ') {
                let _ = writeln!(out, "{:indent$}{line}", "");
                continue;
            }
            let mut column = 0;
            for word in line.split_whitespace() {
                let width = word.width();
                let is_full = |columns| indent + column + 1 + width > columns;
                if column > 0 && self.width().is_some_and(is_full) {
                    out.push('\n');
                    column = 0;
                }
                if column == 0 {
                    let _ = write!(out, "{:indent$}", "");
                } else {
                    out.push(' ');
                    column += 1;
                }
                out.push_str(word);
                column += width;
            }
            out.push('\n');
        }
    }
}

/// Returns how many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    // Most texts are paths and names.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.len();
    }
    text.width()
}

/// Returns a text with blanks behind it, up to a number of columns.
pub(crate) fn padded(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{:missing$}", "")
}
