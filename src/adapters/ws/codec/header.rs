//! The header of a frame, in the parts that can be judged one after the other.

use super::violation::Rule;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Data(Data),
    Control(Control),
}

/// A frame of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Data {
    Continuation,
    Text,
    Binary,
}

/// A frame that stands alone, also between the frames of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn read(bits: u8) -> Result<Self, Rule> {
        match bits {
            0x0 => Ok(Self::Data(Data::Continuation)),
            0x1 => Ok(Self::Data(Data::Text)),
            0x2 => Ok(Self::Data(Data::Binary)),
            0x8 => Ok(Self::Control(Control::Close)),
            0x9 => Ok(Self::Control(Control::Ping)),
            0xA => Ok(Self::Control(Control::Pong)),
            _ => Err(Rule::ReservedOpcode),
        }
    }

    pub(super) const fn bits(self) -> u8 {
        match self {
            Self::Data(Data::Continuation) => 0x0,
            Self::Data(Data::Text) => 0x1,
            Self::Data(Data::Binary) => 0x2,
            Self::Control(Control::Close) => 0x8,
            Self::Control(Control::Ping) => 0x9,
            Self::Control(Control::Pong) => 0xA,
        }
    }
}

/// In the length byte: the length stands in the next two bytes.
pub(super) const LENGTH_IN_TWO: u8 = 126;
/// In the length byte: the length stands in the next eight bytes.
pub(super) const LENGTH_IN_EIGHT: u8 = 127;

/// The first two bytes of a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) last: bool,
    pub(super) opcode: Opcode,
    /// The length, or where it stands.
    pub(super) length: u8,
}

impl Start {
    pub(super) fn read([first, second]: [u8; 2]) -> Result<Self, Rule> {
        if first & 0x70 != 0 {
            return Err(Rule::ReservedBits);
        }
        let start =
            Self { last: first & 0x80 != 0, opcode: Opcode::read(first & 0x0F)?, length: second & 0x7F };
        if matches!(start.opcode, Opcode::Control(_)) {
            if !start.last {
                return Err(Rule::FragmentedControl);
            }
            if start.length >= LENGTH_IN_TWO {
                return Err(Rule::LongControl);
            }
        }
        if second & 0x80 == 0 { Err(Rule::Unmasked) } else { Ok(start) }
    }

    /// How many more bytes tell the length.
    pub(super) const fn length_bytes(self) -> usize {
        match self.length {
            LENGTH_IN_TWO => 2,
            LENGTH_IN_EIGHT => 8,
            _ => 0,
        }
    }

    /// The length, once its bytes are there: they are the first of `more`.
    pub(super) fn full_length(self, more: [u8; 8]) -> Result<u64, Rule> {
        match self.length {
            LENGTH_IN_TWO => {
                let [high, low, ..] = more;
                let length = u16::from_be_bytes([high, low]);
                if length < u16::from(LENGTH_IN_TWO) {
                    Err(Rule::LengthNotMinimal)
                } else {
                    Ok(length.into())
                }
            }
            LENGTH_IN_EIGHT => match u64::from_be_bytes(more) {
                length if length.leading_zeros() == 0 => Err(Rule::LengthTopBit),
                length if length <= u64::from(u16::MAX) => Err(Rule::LengthNotMinimal),
                length => Ok(length),
            },
            length => Ok(length.into()),
        }
    }
}

/// Bytes of a header, until enough of them are there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gathered<const MOST: usize> {
    bytes: [u8; MOST],
    count: u8,
}

impl<const MOST: usize> Gathered<MOST> {
    pub(super) const NONE: Self = Self { bytes: [0; MOST], count: 0 };

    /// Takes bytes until it has `wanted`, at most all that it can hold; the bytes when it has.
    pub(super) fn take(&mut self, input: &mut &[u8], wanted: usize) -> Option<[u8; MOST]> {
        for place in self.bytes.iter_mut().take(wanted).skip(usize::from(self.count)) {
            let (first, rest) = input.split_first()?;
            *place = *first;
            *input = rest;
            self.count += 1;
        }
        Some(self.bytes)
    }
}
