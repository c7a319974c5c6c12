//! Close codes (contract section 6). Below 4500 a client comes back; from 4500 on it stops.
//!
//! ```
//! use mission_control::adapters::wire::close_code::{code, reason};
//! use mission_control::domain::farewell::Farewell;
//!
//! assert_eq!(code(Farewell::Restart), 1012);
//! assert_eq!(reason(Farewell::Restart, Some(250)), r#"{"code":"restart","retryMs":250}"#);
//! ```

use crate::domain::farewell::Farewell;

/// The WebSocket close code of a farewell.
#[must_use]
pub const fn code(farewell: Farewell) -> u16 {
    match farewell {
        Farewell::GoingAway => 1001,
        Farewell::Protocol => 1002,
        Farewell::Binary => 1003,
        Farewell::NotText => 1007,
        Farewell::TooLarge => 1009,
        Farewell::Internal => 1011,
        Farewell::Restart => 1012,
        Farewell::Overloaded => 1013,
        Farewell::TokenExpired => 4401,
        Farewell::Silent => 4408,
        Farewell::Blocked => 4410,
        Farewell::TooManyFrames => 4429,
        Farewell::BadClient => 4500,
        Farewell::Revoked => 4501,
        Farewell::Forbidden => 4503,
    }
}

/// The reason text of a close frame: JSON of at most 123 bytes, with a hint when to come back.
#[must_use]
pub fn reason(farewell: Farewell, retry_ms: Option<u64>) -> String {
    match retry_ms {
        Some(retry_ms) => format!(r#"{{"code":"{}","retryMs":{retry_ms}}}"#, farewell.as_str()),
        None => format!(r#"{{"code":"{}"}}"#, farewell.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_fits_a_close_frame_and_is_json() {
        for farewell in Farewell::ALL {
            let text = reason(farewell, Some(u64::MAX));
            assert!(text.len() <= 123, "{text}");
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value["code"], farewell.as_str());
        }
    }

    #[test]
    fn every_farewell_has_a_code_of_its_own() {
        let codes: std::collections::BTreeSet<_> = Farewell::ALL.into_iter().map(code).collect();
        assert_eq!(codes.len(), Farewell::ALL.len());
    }
}
