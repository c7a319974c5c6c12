//! What to do when a connection ends, or does not come about (contract sections 6 and 7).

use std::time::Duration;

use crate::ports::live_source::Ending;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Come back with the place.
    Again { retry_after: Option<Duration> },
    /// Come back with a token that is not the one that ended.
    WithAnotherToken { retry_after: Option<Duration> },
    /// Come back without the place: the server cannot read it.
    FromTheBeginning,
    /// Come back, but a few times only: one of the two sides breaks the rules.
    SpeaksWrongly { retry_after: Option<Duration> },
    /// The token is no good.
    SignedOut,
    /// Do not come back.
    Stop,
}

/// What to do. A place that was sent may be what the server could not read.
pub(super) fn verdict(ending: &Ending, place_sent: bool) -> Verdict {
    match ending {
        Ending::Unreachable(_) | Ending::Silent(_) | Ending::Broken(_) => {
            Verdict::Again { retry_after: None }
        }
        Ending::Closed { code, retry_after, .. } => of_close(*code, *retry_after),
        Ending::Refused { status: 422, code, .. } if code == "invalid_cursor" && place_sent => {
            Verdict::FromTheBeginning
        }
        Ending::Refused { status, retry_after, .. } => of_refusal(*status, *retry_after),
    }
}

fn of_close(code: u16, retry_after: Option<Duration>) -> Verdict {
    match code {
        4500.. => Verdict::Stop,
        4401 => Verdict::WithAnotherToken { retry_after },
        // These two are never sent: they are names for a connection that ended without a code.
        1005 | 1006 => Verdict::Again { retry_after },
        1002..=1009 => Verdict::SpeaksWrongly { retry_after },
        _ => Verdict::Again { retry_after },
    }
}

fn of_refusal(status: u16, retry_after: Option<Duration>) -> Verdict {
    match status {
        401 => Verdict::SignedOut,
        // It will not be built, nor its HTTP version spoken, by trying again.
        501 | 505 => Verdict::Stop,
        408 | 425 | 429 | 500.. => Verdict::Again { retry_after },
        _ => Verdict::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(code: u16) -> Verdict {
        verdict(&Ending::Closed { code, word: String::new(), retry_after: None }, true)
    }

    fn refusal(status: u16, code: &str, place_sent: bool) -> Verdict {
        let (code, detail) = (code.to_owned(), String::new());
        verdict(&Ending::Refused { status, code, detail, retry_after: None }, place_sent)
    }

    #[test]
    fn every_close_code_from_1000_to_4999_has_its_verdict() {
        for code in 1000..=4999 {
            let expected = match code {
                4500.. => Verdict::Stop,
                4401 => Verdict::WithAnotherToken { retry_after: None },
                1002 | 1003 | 1004 | 1007 | 1008 | 1009 => Verdict::SpeaksWrongly { retry_after: None },
                _ => Verdict::Again { retry_after: None },
            };
            assert_eq!(close(code), expected, "{code}");
        }
    }

    #[test]
    fn the_hint_of_a_close_and_of_a_refusal_is_kept() {
        let retry_after = Some(Duration::from_millis(7));
        for code in [1001, 1012, 1013] {
            let ending = Ending::Closed { code, word: String::new(), retry_after };
            assert_eq!(verdict(&ending, true), Verdict::Again { retry_after });
        }
        let (code, detail) = ("draining".to_owned(), String::new());
        let refused = Ending::Refused { status: 503, code, detail, retry_after };
        assert_eq!(verdict(&refused, true), Verdict::Again { retry_after });
    }

    #[test]
    fn a_refusal_that_stays_ends_it_and_one_that_passes_does_not() {
        for status in [300, 301, 302, 307, 400, 403, 404, 405, 414, 422, 426, 431, 501, 505] {
            assert_eq!(refusal(status, "", true), Verdict::Stop, "{status}");
        }
        for status in [408, 425, 429, 500, 502, 503, 504, 507] {
            assert_eq!(refusal(status, "", true), Verdict::Again { retry_after: None }, "{status}");
        }
        assert_eq!(refusal(401, "token_expired", true), Verdict::SignedOut);
    }

    #[test]
    fn a_place_that_cannot_be_read_is_forgotten_and_what_was_not_sent_is_not() {
        assert_eq!(refusal(422, "invalid_cursor", true), Verdict::FromTheBeginning);
        assert_eq!(refusal(422, "invalid_cursor", false), Verdict::Stop);
        assert_eq!(refusal(422, "unknown_type", true), Verdict::Stop);
    }

    #[test]
    fn a_connection_that_was_lost_without_a_word_is_tried_again() {
        for ending in [
            Ending::Unreachable(String::new()),
            Ending::Silent(Duration::from_secs(60)),
            Ending::Broken(String::new()),
        ] {
            assert_eq!(verdict(&ending, false), Verdict::Again { retry_after: None });
        }
    }
}
