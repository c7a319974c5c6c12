//! Why a connection must end.

use crate::domain::farewell::Farewell;

/// Why the connection must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters::ws) enum Violation {
    /// A rule of the protocol was broken.
    Protocol(Rule),
    /// A binary message came where none is taken.
    Binary,
    /// Text or the reason of a close is not UTF-8.
    Utf8,
    /// The message is over the limit, or says that it will be.
    TooLarge,
    /// The message has more frames than are taken.
    TooManyFragments,
}

/// The rules of RFC 6455 that a client can break with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters::ws) enum Rule {
    /// Section 5.1: a client masks every frame.
    Unmasked,
    /// Section 5.2: these bits belong to extensions, and we agree to none.
    ReservedBits,
    /// Section 5.2: opcodes 3 to 7 and B to F have no meaning yet.
    ReservedOpcode,
    /// Section 5.5: a control frame is one frame.
    FragmentedControl,
    /// Section 5.5: a control frame carries 125 bytes at most.
    LongControl,
    /// Section 5.4: a continuation needs a message to continue.
    NothingToContinue,
    /// Section 5.4: a message ends before the next begins.
    MessageNotEnded,
    /// Section 5.2: a length takes the fewest bytes that hold it.
    LengthNotMinimal,
    /// Section 5.2: the top bit of a length of eight bytes is zero.
    LengthTopBit,
    /// Section 5.5.1: what a close frame carries begins with a code of two bytes.
    CloseLength,
    /// Section 7.4: this code does not come over the wire.
    CloseCode,
}

impl Violation {
    /// Why the connection ends, in the words of the domain; the wire tables have its code.
    pub(in crate::adapters::ws) const fn farewell(self) -> Farewell {
        match self {
            Self::Protocol(_) => Farewell::Protocol,
            Self::Binary => Farewell::Binary,
            Self::Utf8 => Farewell::NotText,
            Self::TooLarge | Self::TooManyFragments => Farewell::TooLarge,
        }
    }
}

impl From<Rule> for Violation {
    fn from(rule: Rule) -> Self {
        Self::Protocol(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::wire::close_code::code;

    #[test]
    fn every_violation_has_its_close_code() {
        assert_eq!(code(Violation::Protocol(Rule::Unmasked).farewell()), 1002);
        assert_eq!(code(Violation::Binary.farewell()), 1003);
        assert_eq!(code(Violation::Utf8.farewell()), 1007);
        assert_eq!(code(Violation::TooLarge.farewell()), 1009);
        assert_eq!(code(Violation::TooManyFragments.farewell()), 1009);
    }
}
