//! The two formats in the attributes: declared names, and the patterns that match them.

use crate::diagnostics::Diagnostics;
use proc_macro2::Ident;
use syn::LitStr;

/// Checks that a declared name is dotted lowercase with at least two segments.
pub(crate) fn check_name(key: &Ident, name: &LitStr, diagnostics: &mut Diagnostics) {
    check_dotted("event name", "my_app.order_placed", key, name, diagnostics);
}

/// Checks that the id of a durable handler is dotted lowercase with at least two segments.
pub(crate) fn check_handler_id(key: &Ident, id: &LitStr, diagnostics: &mut Diagnostics) {
    check_dotted("handler id", "my_app.charge", key, id, diagnostics);
}

fn check_dotted(
    what: &str,
    example: &str,
    key: &Ident,
    name: &LitStr,
    diagnostics: &mut Diagnostics,
) {
    let text = name.value();
    let mut segments = text.split('.');
    if segments.clone().count() >= 2 && segments.all(is_segment) {
        return;
    }
    if text.is_empty() {
        diagnostics.error(
            name,
            format!("{what} is empty"),
            format!("write `{key} = \"{example}\"`"),
        );
        return;
    }
    diagnostics.error(
        name,
        format!(
            "{what} `{text}` is not dotted lowercase: two segments or more of \
             `a-z`, `0-9` and `_`"
        ),
        format!("write `{key} = \"{}\"`", repaired(&text)),
    );
}

/// Checks that an alias can be the `type` of a `CloudEvent`, which other programs choose: any text that
/// is not empty and has no control character and no code point that Unicode reserves.
pub(crate) fn check_alias(key: &Ident, alias: &LitStr, diagnostics: &mut Diagnostics) {
    let text = alias.value();
    let help = format!(
        "write the `type` that the other program gives its events, such as \
         `{key} = \"Microsoft.Storage.BlobCreated\"`: any printable text"
    );
    if text.is_empty() {
        diagnostics.error(alias, format!("{key} is empty"), help);
    } else if let Some(odd) = text.chars().find(|it| !is_allowed_in_type(*it)) {
        let code = u32::from(odd);
        let shown = text.escape_debug();
        let what =
            format!("{key} `{shown}` is no type of a CloudEvent: U+{code:04X} is not printable");
        diagnostics.error(alias, what, help);
    }
}

/// Whether the strings of CloudEvents 1.0 may contain a character.
fn is_allowed_in_type(character: char) -> bool {
    let code = u32::from(character);
    let is_reserved = (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe;
    !character.is_control() && !is_reserved
}

/// Checks that a pattern consists of segments, `*` for one segment and, at the end, `**` for the rest.
pub(crate) fn check_pattern(pattern: &LitStr, diagnostics: &mut Diagnostics) {
    let text = pattern.value();
    let segments: Vec<&str> = text.split('.').collect();
    let (last, front) = segments.split_last().unwrap_or((&"", &[]));
    if let Some(odd) = segments.iter().find(|segment| !is_pattern_segment(segment)) {
        diagnostics.error(
            pattern,
            format!("`{odd}` in pattern `{text}` is no lowercase segment, no `*` and no `**`"),
            "`*` is one whole segment and `**` the rest: write `events = \"shop.*\"`",
        );
    } else if front.contains(&"**") {
        diagnostics.error(
            pattern,
            format!("`**` in pattern `{text}` is not at its end"),
            "`**` is the rest of the name; write `*` for one segment",
        );
    } else if front.is_empty() && *last != "**" {
        let fix = if *last == "*" {
            "**".to_owned()
        } else {
            format!("{last}.**")
        };
        diagnostics.error(
            pattern,
            format!("pattern `{text}` matches no event, since a name has two segments or more"),
            format!("write `events = \"{fix}\"`"),
        );
    }
}

fn is_pattern_segment(segment: &&str) -> bool {
    matches!(*segment, "*" | "**") || is_segment(segment)
}

fn is_segment(segment: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !segment.is_empty() && segment.bytes().all(allowed)
}

/// Returns the nearest well-formed name: `my_app.order_placed` for `OrderPlaced`.
fn repaired(text: &str) -> String {
    let separate = |character: char| matches!(character, '.' | ':' | '/');
    let segments: Vec<String> = text
        .split(separate)
        .map(snake_case)
        .filter(|segment| !segment.is_empty())
        .collect();
    match segments.as_slice() {
        [] => "my_app.order_placed".to_owned(),
        [only] => format!("my_app.{only}"),
        _ => segments.join("."),
    }
}

/// Returns `order_placed` for `OrderPlaced`, `order-placed` and `order placed`.
pub(crate) fn snake_case(text: &str) -> String {
    let mut snake = String::new();
    for character in text.chars() {
        let boundary = !snake.is_empty() && !snake.ends_with('_');
        if character.is_ascii_alphanumeric() {
            if character.is_ascii_uppercase() && boundary {
                snake.push('_');
            }
            snake.push(character.to_ascii_lowercase());
        } else if boundary {
            snake.push('_');
        }
    }
    snake.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::repaired;

    #[test]
    fn a_bad_name_is_repaired() {
        assert_eq!(repaired("OrderPlaced"), "my_app.order_placed");
        assert_eq!(repaired("Shop::OrderPlaced"), "shop.order_placed");
        assert_eq!(repaired("shop.order placed"), "shop.order_placed");
        assert_eq!(repaired(".."), "my_app.order_placed");
    }
}
