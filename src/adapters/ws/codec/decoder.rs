//! The decoder: takes bytes as they come, cut anywhere, and gives whole messages and control frames.
//!
//! Everything that can be refused is refused on the first byte that shows it: no payload is waited for, and
//! no byte of it is held, when the header alone is wrong.

use super::close;
use super::header::{Control, Data, Gathered, Opcode, Start};
use super::incoming::{Incoming, Limits, Payload};
use super::mask::{self, Key};
use super::message::Message;
use super::violation::{Rule, Violation};

/// Reads the frames of one client. Small, and without heap between messages: most connections say little.
#[derive(Debug)]
pub(in crate::adapters::ws) struct Decoder {
    stage: Stage,
    /// The message of which a frame has begun.
    message: Option<Box<Message>>,
}

/// What comes next.
#[derive(Debug)]
enum Stage {
    /// The first two bytes of a frame.
    Start(Gathered<2>),
    /// The rest of its length.
    Length(Start, Gathered<8>),
    /// Its masking key.
    Key(Start, usize, Gathered<4>),
    /// Payload of the message.
    Data { last: bool, left: usize, key: Key },
    /// Payload of a control frame.
    Control { control: Control, left: usize, key: Key, payload: Vec<u8> },
    /// Nothing: the peer closed, or broke a rule.
    Over,
}

impl Stage {
    const FIRST: Self = Self::Start(Gathered::NONE);
}

/// What a step came to.
enum Step {
    /// The next step can be made.
    On,
    /// More bytes are needed.
    Hungry,
    Whole(Incoming),
}

impl Decoder {
    /// Before the first frame.
    pub(in crate::adapters::ws) const fn new() -> Self {
        Self { stage: Stage::FIRST, message: None }
    }

    /// Takes bytes off the front of `input` until one item is complete, or all were taken: call it until it
    /// gives none. After a close or a violation it is over: it gives none and takes no byte.
    ///
    /// # Errors
    /// The first rule that the peer broke.
    pub(in crate::adapters::ws) fn next(
        &mut self,
        input: &mut &[u8],
        limits: Limits,
    ) -> Result<Option<Incoming>, Violation> {
        loop {
            match self.step(input, limits) {
                Ok(Step::On) => {}
                Ok(Step::Hungry) => return Ok(None),
                Ok(Step::Whole(item)) => {
                    if matches!(item, Incoming::Close(_)) {
                        self.end();
                    }
                    return Ok(Some(item));
                }
                Err(violation) => {
                    self.end();
                    return Err(violation);
                }
            }
        }
    }

    fn end(&mut self) {
        *self = Self { stage: Stage::Over, message: None };
    }

    fn step(&mut self, input: &mut &[u8], limits: Limits) -> Result<Step, Violation> {
        match &mut self.stage {
            Stage::Start(so_far) => {
                let Some(bytes) = so_far.take(input, 2) else { return Ok(Step::Hungry) };
                let start = Start::read(bytes)?;
                self.admit(start, limits)?;
                self.stage = Stage::Length(start, Gathered::NONE);
            }
            Stage::Length(start, so_far) => {
                let Some(bytes) = so_far.take(input, start.length_bytes()) else { return Ok(Step::Hungry) };
                let start = *start;
                let length = self.measure(start, start.full_length(bytes)?, limits)?;
                self.stage = Stage::Key(start, length, Gathered::NONE);
            }
            Stage::Key(start, length, so_far) => {
                let Some(key) = so_far.take(input, 4) else { return Ok(Step::Hungry) };
                let (start, length) = (*start, *length);
                self.begin(start, length, key);
            }
            Stage::Data { .. } => return self.data(input, limits),
            Stage::Control { .. } => return self.control(input),
            Stage::Over => return Ok(Step::Hungry),
        }
        Ok(Step::On)
    }

    /// Whether a frame of this kind may come now.
    fn admit(&self, start: Start, limits: Limits) -> Result<(), Violation> {
        let Opcode::Data(data) = start.opcode else { return Ok(()) };
        match (data, &self.message) {
            (Data::Continuation, None) => return Err(Rule::NothingToContinue.into()),
            (Data::Text | Data::Binary, Some(_)) => return Err(Rule::MessageNotEnded.into()),
            (Data::Binary, None) if !limits.binary => return Err(Violation::Binary),
            (Data::Continuation, Some(_)) | (Data::Text | Data::Binary, None) => {}
        }
        let before = self.message.as_ref().map_or(0, |message| message.frames);
        if before < limits.fragments { Ok(()) } else { Err(Violation::TooManyFragments) }
    }

    /// The length of a frame, if the message may still have so much.
    fn measure(&self, start: Start, length: u64, limits: Limits) -> Result<usize, Violation> {
        let length = usize::try_from(length).map_err(|_| Violation::TooLarge)?;
        if matches!(start.opcode, Opcode::Control(_)) {
            return Ok(length);
        }
        let before = self.message.as_ref().map_or(0, |message| message.declared);
        let fits = before.checked_add(length).is_some_and(|all| all <= limits.message_bytes);
        if fits { Ok(length) } else { Err(Violation::TooLarge) }
    }

    fn begin(&mut self, start: Start, left: usize, key: Key) {
        self.stage = match start.opcode {
            Opcode::Control(control) => Stage::Control { control, left, key, payload: Vec::new() },
            Opcode::Data(data) => {
                let message = self.message.get_or_insert_with(|| Box::new(Message::new(data)));
                message.frames = message.frames.saturating_add(1);
                message.declared = message.declared.saturating_add(left);
                Stage::Data { last: start.last, left, key }
            }
        };
    }

    fn data(&mut self, input: &mut &[u8], limits: Limits) -> Result<Step, Violation> {
        let (Stage::Data { last, left, key }, Some(message)) = (&mut self.stage, &mut self.message) else {
            return Ok(Step::Hungry);
        };
        let part = front(input, left);
        *key = message.add(part, *key, limits);
        let (last, left) = (*last, *left);
        if left == 0 && last {
            self.stage = Stage::FIRST;
            return self.message.take().map_or(Ok(Step::On), |message| message.finish().map(Step::Whole));
        }
        message.check()?;
        if left > 0 {
            return Ok(Step::Hungry);
        }
        self.stage = Stage::FIRST;
        Ok(Step::On)
    }

    fn control(&mut self, input: &mut &[u8]) -> Result<Step, Violation> {
        let Stage::Control { control, left, key, payload } = &mut self.stage else {
            return Ok(Step::Hungry);
        };
        let part = front(input, left);
        *key = mask::append(payload, part, *key, Payload::MAX);
        if *left > 0 {
            return Ok(Step::Hungry);
        }
        let (control, payload) = (*control, std::mem::take(payload));
        self.stage = Stage::FIRST;
        Ok(Step::Whole(match control {
            Control::Close => Incoming::Close(close::read(&payload)?),
            Control::Ping => Incoming::Ping(Payload::checked(payload)),
            Control::Pong => Incoming::Pong(Payload::checked(payload)),
        }))
    }

    /// Bytes of heap that it holds for the peer.
    #[cfg(feature = "test-support")]
    pub(super) fn held(&self) -> usize {
        let control = if let Stage::Control { payload, .. } = &self.stage { payload.capacity() } else { 0 };
        control.saturating_add(self.message.as_ref().map_or(0, |message| message.held()))
    }
}

/// Takes what there is of the `left` bytes that are still to come.
fn front<'a>(input: &mut &'a [u8], left: &mut usize) -> &'a [u8] {
    let (part, rest) = input.split_at(input.len().min(*left));
    *input = rest;
    *left -= part.len();
    part
}
