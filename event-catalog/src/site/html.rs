//! HTML, made of the literals of this crate and of texts that are escaped.

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};

/// A piece of HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Html(String);

/// What may stand where `html!` has a `{}`. A text is escaped, for content and for attributes in double quotes.
pub(super) trait ToHtml {
    fn write_html(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// Writes what it has as HTML.
pub(super) struct Shown<'a, T: ?Sized>(pub(super) &'a T);

/// Makes HTML of a literal with a `{}` for each of the arguments, which are [`ToHtml`].
///
/// No variable can be named between the braces: what `concat!` makes captures none, so nothing is written that is
/// not escaped.
macro_rules! html {
    ($format:literal $(, $argument:expr)* $(,)?) => {
        $crate::site::html::Html::of(format_args!(
            concat!($format) $(, $crate::site::html::Shown(&$argument))*
        ))
    };
}

pub(super) use html;

impl Html {
    /// Takes what `html!` makes, and nothing else.
    pub(super) fn of(arguments: fmt::Arguments<'_>) -> Self {
        Self(arguments.to_string())
    }

    /// Takes a drawing of this crate, which escapes its texts itself.
    pub(super) fn drawing(svg: String) -> Self {
        Self(svg)
    }

    pub(super) fn push(&mut self, html: &Self) {
        self.0.push_str(&html.0);
    }

    pub(super) fn push_text(&mut self, text: &str) {
        let _ = write!(self.0, "{}", Shown(text));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn joined(pieces: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let mut joined = String::new();
        for (at, piece) in pieces.into_iter().enumerate() {
            if at > 0 {
                joined.push_str(between);
            }
            joined.push_str(&piece.0);
        }
        Self(joined)
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

impl FromIterator<Html> for Html {
    fn from_iter<I: IntoIterator<Item = Self>>(pieces: I) -> Self {
        Self::joined(pieces, "")
    }
}

impl<T: ToHtml + ?Sized> Display for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_html(f)
    }
}

impl ToHtml for str {
    fn write_html(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_char(character)?,
                control if control.is_control() => f.write_char('\u{fffd}')?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

impl ToHtml for String {
    fn write_html(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().write_html(f)
    }
}

impl ToHtml for Cow<'_, str> {
    fn write_html(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().write_html(f)
    }
}

impl ToHtml for Html {
    fn write_html(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ToHtml for usize {
    fn write_html(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl ToHtml for u32 {
    fn write_html(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl<T: ToHtml + ?Sized> ToHtml for &T {
    fn write_html(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (*self).write_html(f)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_text_is_escaped_and_html_is_not_escaped_again() {
        let inner = html!("<b title=\"{}\">{}</b>", "\"'", "<script>&");
        let outer = html!("<p>{} {}</p>", inner, 7_usize);
        assert_eq!(
            outer.into_string(),
            "<p><b title=\"&quot;&#39;\">&lt;script&gt;&amp;</b> 7</p>"
        );
    }

    #[test]
    fn what_html_does_not_allow_is_replaced() {
        assert_eq!(
            html!("{}", "a\u{0}\u{1b}\n").into_string(),
            "a\u{fffd}\u{fffd}\n"
        );
    }
}
