//! Exact numbers. Not here: arithmetic; providers compare and pass on.

use std::fmt;
use std::str::FromStr;

use bigdecimal::{BigDecimal, ToPrimitive};

/// A decimal number without rounding: Terraform keeps 512 bits, and sends what does not fit a machine's number as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(BigDecimal);

/// Why a text is not a [`Number`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not a decimal number.
    #[error("it is not a decimal number")]
    Form,
    /// More digits than 512 bits need, before or behind the point.
    #[error("it has more than {MAX_DIGITS} digits")]
    Size,
}

/// Digits on either side of the point: more than 512 bits hold, as many as the smallest floating point number has (1,074),
/// and little enough to compare at once.
const MAX_DIGITS: u64 = 1100;

impl Number {
    /// The number as a machine's integer, where it is one.
    pub fn to_i64(&self) -> Option<i64> {
        self.0.is_integer().then(|| self.0.to_i64()).flatten()
    }

    /// The number as a machine's floating point number, where that is exact.
    pub fn to_exact_f64(&self) -> Option<f64> {
        let float = self.0.to_f64().filter(|float| float.is_finite())?;
        (BigDecimal::try_from(float).ok()? == self.0).then_some(float)
    }

    /// The exact value of a floating point number; `None` for what is not finite.
    pub fn from_f64(float: f64) -> Option<Self> {
        BigDecimal::try_from(float).ok().map(Self)
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self(number.into())
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(number.into())
    }
}

impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        if text.len() as u64 > 2 * MAX_DIGITS {
            return Err(NumberError::Size);
        }
        let well_formed = text.bytes().all(|letter| letter.is_ascii_digit() || b"+-.eE".contains(&letter));
        let number = BigDecimal::from_str(text).ok().filter(|_| well_formed).ok_or(NumberError::Form)?;
        // The number is `digits * 10^-scale`.
        let scale = number.fractional_digit_count();
        match scale.unsigned_abs() <= MAX_DIGITS {
            true => Ok(Self(number)),
            false => Err(NumberError::Size),
        }
    }
}

impl fmt::Display for Number {
    /// In plain digits, without an exponent, as Terraform writes numbers in text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.normalized().to_plain_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn spellings_of_one_number_are_equal() {
        for (one, other) in [("1", "1.0"), ("0.1", "1e-1"), ("-0", "0"), ("100", "1E2")] {
            assert_eq!(number(one), number(other));
        }
        assert!(number("9") < number("10"));
    }

    #[test]
    fn only_what_is_exact_becomes_a_machine_number() {
        for (text, int, float) in [
            ("2", Some(2), Some(2.0)),
            ("1.5", None, Some(1.5)),
            ("0.1", None, None),
            ("9223372036854775807", Some(i64::MAX), None),
            ("9223372036854775808", None, Some(9_223_372_036_854_775_808.0)),
            ("12345678901234567890123", None, None),
        ] {
            assert_eq!((number(text).to_i64(), number(text).to_exact_f64()), (int, float), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_or_too_long_is_refused() {
        for text in ["", "one", "0x10", "1_000", " 1", "NaN", "inf", "1e"] {
            assert_eq!(text.parse::<Number>(), Err(NumberError::Form), "{text}");
        }
        for text in ["1e2000", "1e-2000", "1e999999999999", &"1".repeat(3000)] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
    }

    #[test]
    fn it_is_written_in_plain_digits() {
        for (text, plain) in [("1e3", "1000"), ("1.50", "1.5"), ("-1e-3", "-0.001")] {
            assert_eq!(number(text).to_string(), plain);
        }
    }
}
