//! Texts of a drawing: how wide they are at most, and how they are written.

use unicode_width::UnicodeWidthChar;

/// How wide a character is in ems: that of the widest monospaced font in use is 0.602.
const EM: f64 = 0.62;

/// Returns how wide a text is at most, in a monospaced font of this size. A character that a terminal shows in
/// two columns is as wide as two.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let columns: usize = text.chars().map(|it| it.width().unwrap_or(1).max(1)).sum();
    let columns = u32::try_from(columns).unwrap_or(u32::MAX);
    f64::from(columns) * EM * size
}

/// Returns the end of a name that is too long, since paths differ there.
pub(super) fn shortened(name: &str, longest: usize) -> String {
    let count = name.chars().count();
    if count <= longest {
        return name.to_owned();
    }
    let end = name.chars().skip(count - longest + 1);
    std::iter::once('…').chain(end).collect()
}

/// Escapes what XML gives a meaning, and leaves out what it does not allow.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push('\n'),
            control if control.is_control() => escaped.push(' '),
            '\u{fffe}' | '\u{ffff}' => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{escaped, shortened};

    #[test]
    fn what_xml_gives_a_meaning_is_escaped() {
        let text = "Saved<\"a\">&\u{7}\u{ffff}\n";
        assert_eq!(escaped(text), "Saved&lt;&quot;a&quot;&gt;&amp;  \n");
    }

    #[test]
    fn a_long_name_keeps_its_end() {
        assert_eq!(shortened("billing::invoices::send", 12), "…oices::send");
        assert_eq!(shortened("billing::send", 13), "billing::send");
    }
}
