//! `handlers = 1..`: how many handlers the final program must have.

use syn::{Expr, ExprLit, ExprRange, Lit, RangeLimits};

use crate::diagnostics::Diagnostics;
use crate::keys::Entry;
use crate::text::compact;

/// How many handlers there must be, at least, and at most if there is a limit.
pub(crate) struct Range {
    pub(crate) min: usize,
    pub(crate) max: Option<usize>,
}

/// Reads `1`, `1..`, `0..`, `1..=3`, `2..4`, `..=3`.
pub(super) fn read(entry: &Entry, diagnostics: &mut Diagnostics) -> Option<Range> {
    const KIND: &str = "an integer or a range";
    let read = match entry.parsed::<Expr>(KIND, diagnostics)? {
        Expr::Range(range) => ends(&range),
        single => number(&single).map(|exactly| (exactly, Some(exactly))),
    };
    let Some((min, max)) = read else {
        entry.expected(KIND, diagnostics);
        return None;
    };
    if max.is_some_and(|max| max < min) {
        diagnostics.error(
            &entry.value,
            format!(
                "the range `{}` for `handlers` is empty",
                compact(&entry.value)
            ),
            "write `handlers = 1..` or `handlers = 1..=3`",
        );
        return None;
    }
    Some(Range { min, max })
}

/// Returns the lowest and the highest number of a range; for an empty range the highest is below the
/// lowest.
fn ends(range: &ExprRange) -> Option<(usize, Option<usize>)> {
    let start = range.start.as_deref().map_or(Some(0), number)?;
    let Some(end) = range.end.as_deref() else {
        return Some((start, None));
    };
    let end = number(end)?;
    match range.limits {
        RangeLimits::Closed(_) => Some((start, Some(end))),
        // `0..0` and `..0` are empty, and have no highest number.
        RangeLimits::HalfOpen(_) if end == 0 => Some((1, Some(0))),
        RangeLimits::HalfOpen(_) => Some((start, Some(end - 1))),
    }
}

fn number(expression: &Expr) -> Option<usize> {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => number.base10_parse().ok(),
        Expr::Group(group) => number(&group.expr),
        _ => None,
    }
}
