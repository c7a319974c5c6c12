//! Close frames: what they may say, and how they are answered.

use super::incoming::CloseFrame;
use super::violation::{Rule, Violation};

/// Reads the payload of a close frame.
pub(super) fn read(payload: &[u8]) -> Result<Option<CloseFrame>, Violation> {
    match payload {
        [] => Ok(None),
        [_] => Err(Rule::CloseLength.into()),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !may_travel(code) {
                return Err(Rule::CloseCode.into());
            }
            let reason = str::from_utf8(reason).map_err(|_| Violation::Utf8)?.to_owned();
            Ok(Some(CloseFrame { code, reason }))
        }
    }
}

/// Whether a close frame may carry this code: those that RFC 6455, section 7.4.1, and the registry after it
/// (1012 to 1014) define for the wire, and those left to libraries and applications.
pub(super) const fn may_travel(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// The code that answers a peer's close: RFC 6455, section 5.5.1, echoes it. None is answered with none.
pub(in crate::adapters::ws) fn answer(received: Option<&CloseFrame>) -> Option<u16> {
    received.map(|frame| frame.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(code: u16, reason: &[u8]) -> Result<Option<CloseFrame>, Violation> {
        read(&[&code.to_be_bytes(), reason].concat())
    }

    #[test]
    fn codes_that_do_not_come_over_the_wire_are_refused() {
        let refused = [0..=999, 1004..=1006, 1015..=2999, 5000..=u16::MAX];
        let taken = [1000..=1003, 1007..=1014, 3000..=4999];
        for code in refused.into_iter().flatten() {
            assert_eq!(with(code, b""), Err(Violation::Protocol(Rule::CloseCode)), "{code}");
        }
        for code in taken.into_iter().flatten() {
            assert_eq!(with(code, b""), Ok(Some(CloseFrame { code, reason: String::new() })), "{code}");
        }
    }

    #[test]
    fn a_reason_is_text_after_a_whole_code() {
        assert_eq!(read(b""), Ok(None));
        assert_eq!(read(b"\x03"), Err(Violation::Protocol(Rule::CloseLength)));
        assert_eq!(with(1000, "né".as_bytes()), Ok(Some(CloseFrame { code: 1000, reason: "né".to_owned() })));
        assert_eq!(with(1000, b"n\xC3"), Err(Violation::Utf8));
    }

    #[test]
    fn a_close_is_answered_with_its_own_code() {
        assert_eq!(answer(None), None);
        assert_eq!(answer(with(4500, b"").unwrap().as_ref()), Some(4500));
    }
}
