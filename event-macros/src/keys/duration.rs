//! The format of durations: `500ms`, `5s`, `1m 30s`, `2h`.

/// Why a text is no duration, and the duration that was probably meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) why: String,
    pub(super) write: String,
}

/// A number with its unit, both as they are written.
type Part<'a> = (&'a str, &'a str);

const SECOND: u128 = 1000;
const MINUTE: u128 = 60 * SECOND;
const HOUR: u128 = 60 * MINUTE;

/// The units from the longest to the shortest, with their milliseconds.
const UNITS: [(&str, u128); 4] = [("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", 1)];

/// Returns the milliseconds of a text.
pub(super) fn milliseconds(text: &str) -> Result<u64, Problem> {
    let Some(parts) = parts(text) else {
        return Err(Problem::new("it is no number with a unit", "5s"));
    };
    if let Some(why) = parts.iter().find_map(mistake) {
        return Err(Problem::new(why, repaired(&parts)));
    }
    sum(&parts, scale).ok_or_else(|| Problem::new("it is too long to be counted", "24h"))
}

impl Problem {
    fn new(why: impl Into<String>, write: impl Into<String>) -> Self {
        let (why, write) = (why.into(), write.into());
        Self { why, write }
    }
}

/// Splits `1m 30s` into `1`, `m` and `30`, `s`. `None` if there is anything but numbers and words.
fn parts(text: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (number, after) = take(rest, |it| it.is_ascii_digit() || it == '.');
        let (unit, after) = take(after.trim_start(), char::is_alphabetic);
        if !number.starts_with(|it: char| it.is_ascii_digit()) {
            return None;
        }
        parts.push((number, unit));
        rest = after.trim_start();
    }
    (!parts.is_empty()).then_some(parts)
}

fn take(text: &str, belongs: fn(char) -> bool) -> Part<'_> {
    text.split_at(text.find(|it| !belongs(it)).unwrap_or(text.len()))
}

fn mistake(&(number, unit): &Part<'_>) -> Option<String> {
    if unit.is_empty() {
        Some(format!("`{number}` has no unit"))
    } else if scale(unit).is_none() {
        Some(format!(
            "`{unit}` is none of the units `ms`, `s`, `m` and `h`"
        ))
    } else if number.contains('.') {
        Some(format!("`{number}` is no integer"))
    } else {
        None
    }
}

/// Returns the milliseconds of a unit.
fn scale(unit: &str) -> Option<u128> {
    let known = UNITS.iter().find(|(name, _)| *name == unit);
    known.map(|(_, scale)| *scale)
}

/// Returns the milliseconds of the unit that was probably meant.
fn meant(unit: &str) -> u128 {
    match unit.to_lowercase().as_str() {
        "ms" | "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => MINUTE,
        "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
        "d" | "day" | "days" => 24 * HOUR,
        // These are shorter than a duration can be, and are repaired to the shortest one.
        "us" | "µs" | "micros" | "microseconds" | "ns" | "nanos" | "nanoseconds" => 0,
        _ => SECOND,
    }
}

fn sum(parts: &[Part<'_>], scale: impl Fn(&str) -> Option<u128>) -> Option<u64> {
    let mut total = 0_u128;
    for (number, unit) in parts {
        total = total.checked_add(scaled(number, scale(unit)?)?)?;
    }
    u64::try_from(total).ok()
}

/// Returns 1500 for `1.5` of a unit of 1000.
fn scaled(number: &str, scale: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut scaled = u128::from(whole.parse::<u64>().ok()?).checked_mul(scale)?;
    let mut digit_scale = scale;
    for digit in fraction.chars() {
        digit_scale /= 10;
        scaled += u128::from(digit.to_digit(10)?) * digit_scale;
    }
    Some(scaled)
}

/// Returns `90s` for `1.5 min`, and `5s` for `5`.
fn repaired(parts: &[Part<'_>]) -> String {
    let total = sum(parts, |unit| Some(meant(unit)))
        .map_or(5 * SECOND, u128::from)
        .max(1);
    let whole = UNITS.iter().find(|(_, scale)| total.is_multiple_of(*scale));
    whole.map_or_else(String::new, |(unit, scale)| {
        format!("{}{unit}", total / scale)
    })
}

#[cfg(test)]
mod tests {
    use super::{Problem, milliseconds};

    #[test]
    fn a_duration_is_the_sum_of_its_parts() {
        let durations = [
            ("0s", 0),
            ("500ms", 500),
            ("5s", 5_000),
            ("5 s", 5_000),
            (" 1m 30s ", 90_000),
            ("1m30s", 90_000),
            ("1h 1m 1s 1ms", 3_661_001),
            ("18446744073709551615ms", u64::MAX),
        ];
        for (text, expected) in durations {
            assert_eq!(milliseconds(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_says_why_and_gives_one_that_is() {
        let mistakes = [
            ("", "it is no number with a unit", "5s"),
            ("fast", "it is no number with a unit", "5s"),
            ("-5s", "it is no number with a unit", "5s"),
            ("1_000ms", "it is no number with a unit", "5s"),
            ("5", "`5` has no unit", "5s"),
            ("1m 30", "`30` has no unit", "90s"),
            (
                "5 parsecs",
                "`parsecs` is none of the units `ms`, `s`, `m` and `h`",
                "5s",
            ),
            (
                "2 days",
                "`days` is none of the units `ms`, `s`, `m` and `h`",
                "48h",
            ),
            (
                "5S",
                "`S` is none of the units `ms`, `s`, `m` and `h`",
                "5s",
            ),
            (
                "500us",
                "`us` is none of the units `ms`, `s`, `m` and `h`",
                "1ms",
            ),
            ("1.5s", "`1.5` is no integer", "1500ms"),
            ("1.5.5s", "`1.5.5` is no integer", "5s"),
            ("0.0001s", "`0.0001` is no integer", "1ms"),
            (
                "18446744073709551616ms",
                "it is too long to be counted",
                "24h",
            ),
            (
                "18446744073709551615h",
                "it is too long to be counted",
                "24h",
            ),
            (
                "99999999999999999999 years",
                "`years` is none of the units `ms`, `s`, `m` and `h`",
                "5s",
            ),
        ];
        for (text, why, write) in mistakes {
            assert_eq!(milliseconds(text), Err(Problem::new(why, write)), "{text}");
            assert!(milliseconds(write).is_ok(), "{write}");
        }
    }
}
