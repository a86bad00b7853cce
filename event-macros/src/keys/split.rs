//! Splits a list of keys into its parts, without parsing them.

use proc_macro2::{Spacing, TokenStream, TokenTree};

/// Splits at the commas that are not inside of brackets. Angle brackets are brackets only if they pair
/// up: `filter = is_large::<A, B>` is one part, and `filter = a < b, priority = 1` is two.
pub(crate) fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let (parts, balanced) = split_with(&tokens, true);
    if balanced {
        parts
    } else {
        split_with(&tokens, false).0
    }
}

fn split_with(tokens: &[TokenTree], angles: bool) -> (Vec<Vec<TokenTree>>, bool) {
    let mut parts = vec![Vec::new()];
    let mut depth = 0_usize;
    let mut arrow = false;
    for token in tokens {
        if let TokenTree::Punct(punct) = token {
            match punct.as_char() {
                '<' if angles => depth += 1,
                '>' if angles && !arrow => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    parts.push(Vec::new());
                    continue;
                }
                _ => {}
            }
            arrow = punct.spacing() == Spacing::Joint && matches!(punct.as_char(), '-' | '=');
        }
        if let Some(part) = parts.last_mut() {
            part.push(token.clone());
        }
    }
    // A trailing comma, and `#[handler()]`, leave an empty part.
    parts.pop_if(|part| part.is_empty());
    (parts, depth == 0)
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::split;

    #[test]
    fn commas_in_brackets_do_not_split() {
        let lists = [
            (quote!(), 0),
            (quote!(wire,), 1),
            (quote!(after = [a, b], priority = 3), 2),
            (quote!(filter = is_large::<A, B>, priority = 3), 2),
            (quote!(filter = |e| e.total < 3, priority = 3), 2),
            (quote!(filter = f::<fn(A) -> B, C>, wire), 2),
        ];
        for (list, parts) in lists {
            assert_eq!(split(list.clone()).len(), parts, "{list}");
        }
    }
}
