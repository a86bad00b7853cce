//! The user's tokens as text, for messages.

use std::fmt::Write;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// Writes tokens the way rustfmt would write a type or a path.
///
/// `TokenStream::to_string` has other spaces, which differ between toolchains.
pub(crate) fn compact(tokens: impl ToTokens) -> String {
    let mut text = String::new();
    write(&mut text, tokens.to_token_stream());
    text
}

fn write(text: &mut String, tokens: TokenStream) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write(text, group.stream());
                text.push_str(close);
            }
            TokenTree::Ident(word) => write_word(text, &word),
            TokenTree::Literal(word) => write_word(text, &word),
            TokenTree::Punct(punct) => match punct.as_char() {
                ',' => text.push_str(", "),
                ';' => text.push_str("; "),
                '+' => text.push_str(" + "),
                ':' if punct.spacing() == Spacing::Alone && !text.ends_with(':') => {
                    text.push_str(": ");
                }
                '=' if punct.spacing() == Spacing::Alone => text.push_str(" = "),
                '-' if punct.spacing() == Spacing::Joint => text.push_str(" -"),
                '\'' if text.ends_with(is_word) => text.push_str(" '"),
                other => text.push(other),
            },
        }
    }
    text.truncate(text.trim_end().len());
}

/// Writes a word. Two words in a row (`dyn Mailer`, `'a str`) need a space between them.
fn write_word(text: &mut String, word: &dyn std::fmt::Display) {
    if text.ends_with(is_word) || text.ends_with("->") {
        text.push(' ');
    }
    // Writing to a string cannot fail.
    let _ = write!(text, "{word}");
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '"')
}

/// Lists words for a message: each in backticks, with `or` before the last one.
pub(crate) fn one_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [first, second] => format!("`{first}` or `{second}`"),
        [most @ .., last] => {
            let most: Vec<String> = most.iter().map(|word| format!("`{word}`")).collect();
            format!("one of {} or `{last}`", most.join(", "))
        }
    }
}

/// Returns the candidate that a misspelt word was probably meant to be.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    // `prio` is no misspelling of `priority`, but an abbreviation.
    if word.len() >= 3
        && let Some(longer) = candidates.iter().find(|it| it.starts_with(word))
    {
        return Some(longer);
    }
    let allowed = if word.len() < 4 {
        1
    } else {
        word.len() / 3 + 1
    };
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= allowed && distance < candidate.len())
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Returns the edit distance, in which swapping two neighbours (`nmae`) counts once.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            let substituted = rows[i - 1][j - 1] + usize::from(left[i - 1] != right[j - 1]);
            let mut best = substituted.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn types_are_written_as_a_person_would() {
        let samples = [
            (quote!(Vec<Option<&'a str>>), "Vec<Option<&'a str>>"),
            (
                quote!(&mut dyn Fn(u8, u8) -> bool),
                "&mut dyn Fn(u8, u8) -> bool",
            ),
            (quote!(<Mailer as Send>::Out), "<Mailer as Send>::Out"),
            (quote!(dyn Any + Send), "dyn Any + Send"),
            (quote!([u8; 3]), "[u8; 3]"),
            (quote!(self: Arc<Self>), "self: Arc<Self>"),
        ];
        for (tokens, text) in samples {
            assert_eq!(compact(tokens), text);
        }
    }

    #[test]
    fn a_swap_is_one_slip_and_another_word_is_no_slip() {
        assert_eq!(did_you_mean("nmae", ["name", "wire"]), Some("name"));
        assert_eq!(
            did_you_mean("prioritty", ["after", "priority"]),
            Some("priority")
        );
        assert_eq!(did_you_mean("durable", ["name", "wire", "handlers"]), None);
        assert_eq!(did_you_mean("id", ["key", "name"]), None);
    }
}
