//! How long a token is good for, as typed: a whole number and its unit.

use std::time::Duration;

/// The longest time that fits into a token, whose times are at most 2^53-1 milliseconds.
const LONGEST_MS: u64 = 9_007_199_254_740_991;

/// Why a text is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TtlError {
    /// No number in front, or no unit behind.
    #[error("write a whole number and a unit, like 1h, 30m, 90s or 250ms")]
    Form,
    /// No time at all.
    #[error("the time must be longer than nothing")]
    Zero,
    /// Longer than any token.
    #[error("the time is too long")]
    TooLong,
}

/// Reads `1h`, `30m`, `90s` or `250ms`.
///
/// # Errors
/// [`TtlError`] says which part is wrong.
pub fn parse_ttl(text: &str) -> Result<Duration, TtlError> {
    let unit_at = text.find(|character: char| !character.is_ascii_digit()).ok_or(TtlError::Form)?;
    let (digits, unit) = text.split_at_checked(unit_at).ok_or(TtlError::Form)?;
    let unit_ms: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(TtlError::Form),
    };
    if digits.is_empty() {
        return Err(TtlError::Form);
    }
    // Only digits are left, so what does not fit is too large.
    let count: u64 = digits.parse().map_err(|_| TtlError::TooLong)?;
    match count.checked_mul(unit_ms) {
        Some(0) => Err(TtlError::Zero),
        Some(ms) if ms <= LONGEST_MS => Ok(Duration::from_millis(ms)),
        _ => Err(TtlError::TooLong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        for (text, ms) in [
            ("1h", 3_600_000),
            ("30m", 1_800_000),
            ("90s", 90_000),
            ("250ms", 250),
            ("01s", 1_000),
            ("9007199254740991ms", LONGEST_MS),
        ] {
            assert_eq!(parse_ttl(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for (text, error) in [
            ("", TtlError::Form),
            ("h", TtlError::Form),
            ("90", TtlError::Form),
            ("1d", TtlError::Form),
            ("1 h", TtlError::Form),
            ("1H", TtlError::Form),
            ("-1h", TtlError::Form),
            ("+1h", TtlError::Form),
            ("1.5h", TtlError::Form),
            ("1h30m", TtlError::Form),
            ("٣h", TtlError::Form),
            ("0s", TtlError::Zero),
            ("9007199254740992ms", TtlError::TooLong),
            ("5124095576030431h", TtlError::TooLong),
            ("99999999999999999999s", TtlError::TooLong),
        ] {
            assert_eq!(parse_ttl(text), Err(error), "{text}");
        }
    }
}
