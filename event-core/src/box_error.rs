//! A boxed error, and the text of an error with its causes.

use std::error::Error;
use std::fmt::{self, Write};

/// Any error, boxed. The errors of handlers become this type.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The most causes that are looked at. `source` is code of users, and could return its own error without end.
pub(crate) const MOST_CAUSES: usize = 32;

/// Shows an error and its sources, separated by colons: `cannot send: no route: timed out`.
///
/// Each text is shown once: some errors end their own text with that of their source, which is then not
/// repeated.
pub(crate) struct Chain<'e>(pub(crate) &'e (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = text(self.0);
        let mut cause = self.0.source();
        for _ in 0..MOST_CAUSES {
            let Some(error) = cause else {
                return f.write_str(&shown);
            };
            let text = text(error);
            if !has(&shown, &text) {
                shown.push_str(": ");
                shown.push_str(&text);
            }
            cause = error.source();
        }
        f.write_str(&shown)?;
        if cause.is_some() {
            f.write_str(": …")?;
        }
        Ok(())
    }
}

/// Returns the text of an error without its sources. Unlike `to_string` it does not panic if the error's
/// `Display` fails.
fn text(error: &dyn Error) -> String {
    let mut text = String::new();
    let _ = write!(text, "{error}");
    text
}

/// Whether a text contains another one, but not as a part of a longer word: `line 10` contains `10` and
/// not `1`.
fn has(text: &str, part: &str) -> bool {
    let is_word = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
    part.is_empty()
        || text.match_indices(part).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + part.len()..].chars().next();
            let starts_within = is_word(before) && is_word(part.chars().next());
            let ends_within = is_word(after) && is_word(part.chars().next_back());
            !starts_within && !ends_within
        })
}

#[cfg(test)]
mod tests {
    use crate::box_error::*;

    #[derive(Debug)]
    struct Layer {
        text: String,
        source: Option<Box<Layer>>,
    }

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.text)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.source.as_deref().map(|source| source as _)
        }
    }

    fn chain(texts: &[&str]) -> String {
        let mut layer = None;
        for text in texts.iter().rev() {
            layer = Some(Box::new(Layer {
                text: (*text).to_owned(),
                source: layer,
            }));
        }
        Chain(&*layer.expect("a text")).to_string()
    }

    #[test]
    fn each_cause_is_shown_once() {
        assert_eq!(chain(&["a"]), "a");
        assert_eq!(
            chain(&["cannot send", "no route", "timed out"]),
            "cannot send: no route: timed out"
        );
    }

    #[test]
    fn a_source_that_an_error_shows_itself_is_not_repeated() {
        assert_eq!(
            chain(&["cannot send: no route", "no route", "timed out"]),
            "cannot send: no route: timed out"
        );
        assert_eq!(chain(&["a: b: c", "b: c", "c"]), "a: b: c");
        assert_eq!(chain(&["same", "same", "same"]), "same");
        assert_eq!(chain(&["a", "", "b"]), "a: b");
        assert_eq!(chain(&["a", "b", "a"]), "a: b");
    }

    #[test]
    fn a_part_of_a_word_is_not_the_same_text() {
        assert_eq!(chain(&["line 10", "1"]), "line 10: 1");
        assert_eq!(chain(&["line 10", "10"]), "line 10");
        assert_eq!(chain(&["unfit", "fit"]), "unfit: fit");
    }

    #[test]
    fn a_chain_without_an_end_is_cut() {
        let texts: Vec<_> = (0..100).map(|at| format!("cause {at}")).collect();
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        let shown = chain(&texts);
        assert!(shown.ends_with(": cause 32: …"), "{shown}");
    }

    #[test]
    fn a_display_that_fails_is_shown_as_far_as_it_goes() {
        #[derive(Debug)]
        struct Fails;
        impl fmt::Display for Fails {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("begun")?;
                Err(fmt::Error)
            }
        }
        impl Error for Fails {}
        assert_eq!(Chain(&Fails).to_string(), "begun");
    }
}
