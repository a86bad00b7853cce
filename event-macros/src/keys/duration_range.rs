//! The format of a range of durations: `100ms..30s`.

use super::duration::{self, Problem};

/// A range that fits most uses.
const FIRST: &str = "100ms";
const LAST: &str = "30s";

/// Returns the milliseconds of the first bound and of the last.
pub(super) fn milliseconds(text: &str) -> Result<(u64, u64), Problem> {
    let bounds: Vec<&str> = text.split("..").map(str::trim).collect();
    match *bounds {
        [only] | [only, ""] => Err(without_last(only)),
        ["", last] => Err(Problem {
            why: "it has no first bound".to_owned(),
            write: well_formed(FIRST, last),
        }),
        [first, last] => of_bounds(first, last),
        _ => Err(Problem {
            why: "it has more than two bounds".to_owned(),
            write: format!("{FIRST}..{LAST}"),
        }),
    }
}

fn of_bounds(first: &str, last: &str) -> Result<(u64, u64), Problem> {
    if let Some(last) = last.strip_prefix('=') {
        return Err(Problem {
            why: "both bounds are included without `=`".to_owned(),
            write: well_formed(first, last.trim_start()),
        });
    }
    let parsed = (duration::milliseconds(first), duration::milliseconds(last));
    let (why, write) = match parsed {
        (Ok(0), Ok(_)) => (
            "a first bound of zero never grows".to_owned(),
            well_formed(FIRST, last),
        ),
        (Ok(from), Ok(to)) if from <= to => return Ok((from, to)),
        (Ok(_), Ok(_)) => (
            format!("`{first}` is longer than `{last}`"),
            well_formed(last, first),
        ),
        (from, to) => {
            let mut mistakes = Vec::new();
            let first = repaired(first, from, &mut mistakes);
            let last = repaired(last, to, &mut mistakes);
            (mistakes.join(", and "), well_formed(&first, &last))
        }
    };
    Err(Problem { why, write })
}

/// Returns the problem of a range with one bound, which may be that of all waits.
fn without_last(first: &str) -> Problem {
    let mut mistakes = vec!["it has no second bound, which may be equal to the first".to_owned()];
    let first = repaired(first, duration::milliseconds(first), &mut mistakes);
    Problem {
        why: mistakes.join(", and "),
        write: well_formed(&first, &first),
    }
}

/// Returns a bound as it was probably meant, and adds what is wrong with it.
fn repaired(bound: &str, parsed: Result<u64, Problem>, mistakes: &mut Vec<String>) -> String {
    let Err(Problem { why, write }) = parsed else {
        return bound.to_owned();
    };
    // `it is no number with a unit`
    let why = why
        .strip_prefix("it ")
        .map_or_else(|| why.clone(), |is| format!("`{bound}` {is}"));
    mistakes.push(why);
    write
}

/// Returns the range of two bounds, or another one if that is none.
fn well_formed(first: &str, last: &str) -> String {
    let is_range = |range: &String| milliseconds(range).is_ok();
    Some(format!("{first}..{last}"))
        .filter(is_range)
        .unwrap_or_else(|| format!("{FIRST}..{LAST}"))
}

#[cfg(test)]
mod tests {
    use super::{Problem, milliseconds};

    #[test]
    fn a_range_has_two_bounds_of_which_the_first_is_not_longer() {
        let ranges = [
            ("100ms..30s", (100, 30_000)),
            (" 1m 30s .. 1h ", (90_000, 3_600_000)),
            ("1s..1s", (1_000, 1_000)),
            ("1ms..1ms", (1, 1)),
        ];
        for (text, expected) in ranges {
            assert_eq!(milliseconds(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_range_says_why_and_gives_one_that_is() {
        let no_last = "it has no second bound, which may be equal to the first";
        let mistakes = [
            ("1s", no_last.to_owned(), "1s..1s"),
            ("1s..", no_last.to_owned(), "1s..1s"),
            ("5", format!("{no_last}, and `5` has no unit"), "5s..5s"),
            ("0s", no_last.to_owned(), "100ms..30s"),
            (
                "fast",
                format!("{no_last}, and `fast` is no number with a unit"),
                "5s..5s",
            ),
            ("..1m", "it has no first bound".to_owned(), "100ms..1m"),
            ("..1ms", "it has no first bound".to_owned(), "100ms..30s"),
            (
                "1s..2s..3s",
                "it has more than two bounds".to_owned(),
                "100ms..30s",
            ),
            (
                "1s..=1m",
                "both bounds are included without `=`".to_owned(),
                "1s..1m",
            ),
            (
                "0s..1m",
                "a first bound of zero never grows".to_owned(),
                "100ms..1m",
            ),
            ("1m..1s", "`1m` is longer than `1s`".to_owned(), "1s..1m"),
            (
                "1m..0s",
                "`1m` is longer than `0s`".to_owned(),
                "100ms..30s",
            ),
            ("5..1m", "`5` has no unit".to_owned(), "5s..1m"),
            (
                "1s..later",
                "`later` is no number with a unit".to_owned(),
                "1s..5s",
            ),
            (
                "1m..later",
                "`later` is no number with a unit".to_owned(),
                "100ms..30s",
            ),
            (
                "1.5s..2 days",
                "`1.5` is no integer, and `days` is none of the units `ms`, `s`, `m` and `h`"
                    .to_owned(),
                "1500ms..48h",
            ),
        ];
        for (text, why, write) in mistakes {
            let write = write.to_owned();
            assert!(milliseconds(&write).is_ok(), "{write}");
            assert_eq!(milliseconds(text), Err(Problem { why, write }), "{text}");
        }
    }
}
