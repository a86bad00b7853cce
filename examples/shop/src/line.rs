//! One line of a file of purchases.

use jiff::civil::Date;
use shop_events::{Cents, ParseCentsError, PurchaseMade};

/// Larger amounts are taken for mistakes; so no file that fits into memory can overflow a sum.
const LARGEST: Cents = Cents::new(1_000_000_000_000);

/// Which columns the lines of a file have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Customer, customer in the sample, date, CDs, amount.
    Sample,
    /// Customer, date, CDs, amount.
    Full,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("not UTF-8 text")]
    NotText,
    #[error("expected 4 or 5 columns, found {0}")]
    Columns(usize),
    #[error("{} columns, unlike the rest of the file", .0.columns())]
    OtherLayout(Layout),
    #[error("customer `{0}` is not a number")]
    Customer(Excerpt),
    #[error("date `{0}` is not a day of the calendar, written YYYYMMDD")]
    Date(Excerpt),
    #[error("CDs `{0}` is not a number up to {max}", max = u32::MAX)]
    Cds(Excerpt),
    #[error("amount `{0}` {1}")]
    Amount(Excerpt, ParseCentsError),
}

/// The start of a word from the file, safe to show in a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excerpt(String);

impl Layout {
    pub(crate) fn columns(self) -> usize {
        match self {
            Layout::Sample => 5,
            Layout::Full => 4,
        }
    }
}

/// Reads one line, in the layout that its number of columns says.
pub(crate) fn parse_line(line: &[u8]) -> Result<(Layout, PurchaseMade), Problem> {
    let text = str::from_utf8(line).map_err(|_| Problem::NotText)?;
    let columns: Vec<&str> = text.split_ascii_whitespace().collect();
    let (layout, customer, date, cds, amount) = match columns[..] {
        [customer, in_sample, date, cds, amount] => {
            parse_customer(in_sample)?;
            (Layout::Sample, customer, date, cds, amount)
        }
        [customer, date, cds, amount] => (Layout::Full, customer, date, cds, amount),
        _ => return Err(Problem::Columns(columns.len())),
    };
    let purchase = PurchaseMade {
        customer_id: parse_customer(customer)?,
        date: parse_date(date)?,
        cds: parse_digits(cds).ok_or_else(|| Problem::Cds(Excerpt::of(cds)))?,
        amount: parse_amount(amount)?,
    };
    Ok((layout, purchase))
}

fn parse_customer(text: &str) -> Result<u64, Problem> {
    parse_digits(text).ok_or_else(|| Problem::Customer(Excerpt::of(text)))
}

fn parse_date(text: &str) -> Result<Date, Problem> {
    // The parser knows more notations than the one of these files.
    let is_basic = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let date = if is_basic { text.parse().ok() } else { None };
    date.ok_or_else(|| Problem::Date(Excerpt::of(text)))
}

fn parse_amount(text: &str) -> Result<Cents, Problem> {
    match text.parse() {
        Ok(amount) if amount > LARGEST => Err(ParseCentsError::TooLarge),
        parsed => parsed,
    }
    .map_err(|error| Problem::Amount(Excerpt::of(text), error))
}

/// Reads digits only; `parse` alone would take `+7`.
fn parse_digits<N: std::str::FromStr>(text: &str) -> Option<N> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

impl Excerpt {
    const LONGEST: usize = 24;

    fn of(text: &str) -> Excerpt {
        let mut start: String = text.chars().take(Excerpt::LONGEST).collect();
        if start.len() < text.len() {
            start.push('…');
        }
        Excerpt(start.escape_debug().to_string())
    }
}

impl std::fmt::Display for Excerpt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use shop_events::{Cents, PurchaseMade};

    use super::{Layout, parse_line};

    #[test]
    fn the_number_of_columns_tells_the_layout() {
        let purchase = PurchaseMade {
            customer_id: 4,
            date: date(1997, 1, 1),
            cds: 2,
            amount: Cents::new(2933),
        };
        for (line, layout) in [
            (" 00004 0001 19970101  2   29.33\r", Layout::Sample),
            ("00004\t0001\t19970101\t2\t29.33", Layout::Sample),
            (" 00004 19970101  2   29.33\r", Layout::Full),
            ("4 19970101 2 29.33  ", Layout::Full),
        ] {
            assert_eq!(
                parse_line(line.as_bytes()),
                Ok((layout, purchase.clone())),
                "{line:?}"
            );
        }
    }

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        for (text, is_date) in [
            ("19960229", true),
            ("20000229", true),
            ("19970229", false),
            ("19000229", false),
            ("19970431", false),
            ("19971301", false),
            ("19970100", false),
            ("970101", false),
            ("1997-1-1", false),
            ("1997-01-01", false),
            ("199701011", false),
            ("1997010a", false),
        ] {
            let line = format!("4 {text} 2 29.33");
            assert_eq!(parse_line(line.as_bytes()).is_ok(), is_date, "{text}");
        }
    }

    #[test]
    fn a_problem_names_the_word_to_mend() {
        for (line, problem) in [
            (&b"4 19970101 2 29.33 \xff"[..], "not UTF-8 text"),
            (b"4 19970101 2", "expected 4 or 5 columns, found 3"),
            (b"1 2 3 4 5 6", "expected 4 or 5 columns, found 6"),
            (b"x4 19970101 2 29.33", "customer `x4` is not a number"),
            (b"4 +1 19970101 2 29.33", "customer `+1` is not a number"),
            (
                b"4 19970230 2 29.33",
                "date `19970230` is not a day of the calendar, written YYYYMMDD",
            ),
            (
                b"4 19970101 -2 29.33",
                "CDs `-2` is not a number up to 4294967295",
            ),
            (
                b"4 19970101 4294967296 1",
                "CDs `4294967296` is not a number up to 4294967295",
            ),
            (b"4 19970101 2 -29.33", "amount `-29.33` is negative"),
            (
                b"4 19970101 2 29.333",
                "amount `29.333` has more than two decimals",
            ),
            (
                b"4 19970101 2 $29",
                "amount `$29` is not a number like 29.33",
            ),
            (
                b"4 19970101 2 10000000000.01",
                "amount `10000000000.01` is too large",
            ),
            (
                b"\x1b[31m45678901234567890123456789 19970101 2 1",
                r"customer `\u{1b}[31m4567890123456789012…` is not a number",
            ),
        ] {
            let error = parse_line(line).expect_err(problem);
            assert_eq!(error.to_string(), problem);
        }
    }
}
