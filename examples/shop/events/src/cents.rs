//! Money, counted in cents so that sums are exact.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign},
    str::FromStr,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amount in US dollars, held as a whole number of cents; in JSON it is that number.
///
/// Read from and shown as dollars (`29.33`). A sum never wraps around: past `u64::MAX` cents it
/// panics.
///
/// # Examples
///
/// ```
/// use shop_events::Cents;
///
/// let total: Cents = "29.33".parse::<Cents>()? + "0.7".parse()?;
/// assert_eq!(total, Cents::new(3003));
/// assert_eq!(total.to_string(), "30.03");
/// # Ok::<(), shop_events::ParseCentsError>(())
/// ```
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Cents(u64);

/// Says why a text is no amount of dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseCentsError {
    /// It starts with a minus sign.
    #[error("is negative")]
    Negative,
    /// It is not digits, or digits, a point and digits.
    #[error("is not a number like 29.33")]
    NotANumber,
    /// It has fractions of a cent.
    #[error("has more than two decimals")]
    TooManyDecimals,
    /// It does not fit into `u64` cents.
    #[error("is too large")]
    TooLarge,
}

impl Cents {
    /// Nothing.
    pub const ZERO: Cents = Cents(0);

    /// So many cents.
    #[must_use]
    pub const fn new(cents: u64) -> Cents {
        Cents(cents)
    }

    /// So many whole dollars.
    #[must_use]
    pub const fn dollars(dollars: u32) -> Cents {
        Cents(dollars as u64 * 100)
    }

    /// The number of cents.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:02}", self.0 / 100, self.0 % 100))
    }
}

impl FromStr for Cents {
    type Err = ParseCentsError;

    fn from_str(text: &str) -> Result<Cents, ParseCentsError> {
        if text.starts_with('-') {
            return Err(ParseCentsError::Negative);
        }
        let (dollars, decimals) = match text.split_once('.') {
            Some((_, "")) => return Err(ParseCentsError::NotANumber),
            Some(parts) => parts,
            None => (text, ""),
        };
        // `parse` alone would take `+7`.
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if dollars.is_empty() || !digits(dollars) || !digits(decimals) {
            return Err(ParseCentsError::NotANumber);
        }
        if decimals.len() > 2 {
            return Err(ParseCentsError::TooManyDecimals);
        }
        // Only digits are left, so each of these can fail by size alone.
        let too_large = |_| ParseCentsError::TooLarge;
        let cents: u64 = format!("{decimals:0<2}").parse().map_err(too_large)?;
        let dollars: u64 = dollars.parse().map_err(too_large)?;
        dollars
            .checked_mul(100)
            .and_then(|all| all.checked_add(cents))
            .map(Cents)
            .ok_or(ParseCentsError::TooLarge)
    }
}

impl Add for Cents {
    type Output = Cents;

    fn add(self, other: Cents) -> Cents {
        Cents(
            self.0
                .checked_add(other.0)
                .expect("a sum of money that fits into 64 bits"),
        )
    }
}

impl AddAssign for Cents {
    fn add_assign(&mut self, other: Cents) {
        *self = *self + other;
    }
}

impl Sum for Cents {
    fn sum<I: Iterator<Item = Cents>>(amounts: I) -> Cents {
        amounts.fold(Cents::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cents, ParseCentsError};

    #[test]
    fn reads_whole_dollars_one_decimal_and_two() {
        for (text, cents) in [
            ("29.33", 2933),
            ("0.00", 0),
            ("0", 0),
            ("7", 700),
            ("7.5", 750),
            ("7.05", 705),
            ("007.50", 750),
            ("184467440737095516.15", u64::MAX),
        ] {
            assert_eq!(text.parse(), Ok(Cents::new(cents)), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_any_other_text() {
        use ParseCentsError::{Negative, NotANumber, TooLarge, TooManyDecimals};
        for (text, error) in [
            ("-7.50", Negative),
            ("-0", Negative),
            ("", NotANumber),
            (".", NotANumber),
            (".50", NotANumber),
            ("7.", NotANumber),
            ("+7", NotANumber),
            ("7.+5", NotANumber),
            ("$7", NotANumber),
            ("7,50", NotANumber),
            ("1e3", NotANumber),
            ("NaN", NotANumber),
            ("7.5.0", NotANumber),
            ("٧", NotANumber),
            ("7.500", TooManyDecimals),
            ("184467440737095516.16", TooLarge),
            ("184467440737095517", TooLarge),
            ("99999999999999999999999", TooLarge),
        ] {
            assert_eq!(text.parse::<Cents>(), Err(error), "{text:?}");
        }
    }

    #[test]
    fn what_is_shown_reads_back_as_the_same_amount() {
        // Every amount to a thousand dollars, then powers of two and their neighbours.
        let large = (17..64).flat_map(|bit| [(1u64 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        for cents in (0..=100_000).chain(large).chain([u64::MAX]) {
            let amount = Cents::new(cents);
            assert_eq!(amount.to_string().parse(), Ok(amount));
        }
    }

    #[test]
    fn a_width_is_kept_when_shown() {
        assert_eq!(
            format!("{:>8}|{:<8}|", Cents::new(5), Cents::new(1234)),
            "    0.05|12.34   |"
        );
    }
}
