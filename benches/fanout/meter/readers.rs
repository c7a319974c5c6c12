//! Those who read: one thread for all of them, one buffer, and no more looked at than the head of each frame, the
//! number of its event and the time in it.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use socket2::{Domain, Socket, Type};

use super::event;
use crate::frames;

const BUFFER: usize = 256 << 10;
/// Events under way at a time, at most.
const UNDER_WAY: usize = 1 << 14;
/// As small as the system lets a receiver's buffer be: who stops to read is full soon.
const SMALL: usize = 4 << 10;
/// Where the text of a frame says what it is: `{"type":"s…`.
const KIND_AT: usize = 9;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Waits for the end of the server's answer.
    Shaking,
    /// Waits until it is up to date.
    Greeting,
    Live,
    Gone,
}

/// How a reader comes.
#[derive(Debug, Clone)]
pub(crate) struct Coming {
    pub(crate) path: String,
    pub(crate) token: Option<String>,
    /// Whether it is live at once, or only when it has a copy of the fleet.
    pub(crate) greeted: bool,
    /// Whether an event is done only when this one has it.
    pub(crate) counts: bool,
    pub(crate) small: bool,
    /// The address it comes from, where one has not enough ports for all.
    pub(crate) from: Option<IpAddr>,
}

struct Reader {
    stream: TcpStream,
    coming: Coming,
    stage: Stage,
    /// The beginning of a frame whose rest has not come.
    carry: Vec<u8>,
    /// The event that must come next.
    next: u64,
}

pub(crate) struct Readers {
    list: Vec<Reader>,
    registry: Registry,
    buffer: Vec<u8>,
    /// The clock of all times in events.
    pub(crate) began: Instant,
    /// Readers that are live, and those of them that count.
    pub(crate) live: usize,
    counting: u32,
    /// How many have each event that is under way.
    have: Vec<u32>,
    /// Events that all have who count.
    pub(crate) done: u64,
    pub(crate) deliveries: u64,
    /// Where an event's text holds what the bench wrote.
    text_at: Option<usize>,
    /// Of every so many events, how long each delivery took, in microseconds.
    every: u64,
    pub(crate) took: Vec<u32>,
}

impl Readers {
    pub(crate) fn new(registry: Registry, began: Instant) -> Self {
        Self {
            list: Vec::new(),
            registry,
            buffer: vec![0; BUFFER],
            began,
            live: 0,
            counting: 0,
            have: vec![0; UNDER_WAY],
            done: 0,
            deliveries: 0,
            text_at: None,
            every: 1,
            took: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Begins a handshake.
    pub(crate) fn open(&mut self, address: SocketAddr, coming: Coming) -> Result<(), String> {
        let stream = connect(address, &coming).map_err(|error| format!("no connection: {error}"))?;
        let token = Token(self.list.len());
        self.registry
            .register(&mut SourceFd(&stream.as_raw_fd()), token, Interest::READABLE)
            .map_err(|error| error.to_string())?;
        self.list.push(Reader { stream, coming, stage: Stage::Shaking, carry: Vec::new(), next: self.done });
        Ok(())
    }

    /// From here on this one reads nothing.
    pub(crate) fn stall(&mut self, index: usize) -> Result<(), String> {
        let fd = self.list[index].stream.as_raw_fd();
        self.registry.deregister(&mut SourceFd(&fd)).map_err(|error| error.to_string())
    }

    /// Takes the times of deliveries anew, of every so many events.
    pub(crate) fn take_times(&mut self, every: u64) {
        self.every = every;
        self.took.clear();
    }

    /// Reads all that came for one reader.
    pub(crate) fn readable(&mut self, index: usize) -> Result<(), String> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let outcome = self.read(index, &mut buffer);
        self.buffer = buffer;
        outcome
    }

    fn read(&mut self, index: usize, buffer: &mut [u8]) -> Result<(), String> {
        loop {
            let reader = &mut self.list[index];
            if reader.stage == Stage::Gone {
                return Ok(());
            }
            let kept = reader.carry.len();
            buffer[..kept].copy_from_slice(&reader.carry);
            let read = match reader.stream.read(&mut buffer[kept..]) {
                Ok(0) => return Err(format!("reader {index}: the server hung up")),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(format!("reader {index}: {error}")),
            };
            let now = self.began.elapsed();
            let end = kept + read;
            let used = self.take(index, &buffer[..end], now)?;
            let reader = &mut self.list[index];
            reader.carry.clear();
            reader.carry.extend_from_slice(&buffer[used..end]);
            // A stream that gave less than there was room for has no more.
            if end < buffer.len() {
                return Ok(());
            }
        }
    }

    /// Takes whole frames; how many bytes that were.
    fn take(&mut self, index: usize, bytes: &[u8], now: Duration) -> Result<usize, String> {
        let mut used = 0;
        if self.list[index].stage == Stage::Shaking {
            let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(0) };
            if !bytes.starts_with(b"HTTP/1.1 101") {
                return Err(format!("reader {index} was refused: {}", String::from_utf8_lossy(bytes)));
            }
            used = end + 4;
            if self.list[index].coming.greeted {
                self.list[index].stage = Stage::Greeting;
            } else {
                self.is_live(index);
            }
        }
        while let Some(frame) = frames::head(&bytes[used..]).filter(|frame| frame.end <= bytes.len() - used) {
            let payload = &bytes[used + frame.start..used + frame.end];
            used += frame.end;
            match frame.opcode {
                frames::TEXT => self.text(index, payload, now)?,
                frames::PING => self.answer_ping(index, payload)?,
                frames::CLOSE => {
                    let reason = String::from_utf8_lossy(payload.get(2..).unwrap_or_default());
                    return Err(format!("reader {index}: the server said goodbye: {reason}"));
                }
                _ => {}
            }
        }
        Ok(used)
    }

    fn is_live(&mut self, index: usize) {
        self.list[index].stage = Stage::Live;
        self.live += 1;
        self.counting += u32::from(self.list[index].coming.counts);
    }

    fn text(&mut self, index: usize, text: &[u8], now: Duration) -> Result<(), String> {
        let reader = &mut self.list[index];
        if reader.stage == Stage::Greeting {
            if text.starts_with(br#"{"type":"sync:end""#) {
                self.is_live(index);
            }
            return Ok(());
        }
        match text.get(KIND_AT) {
            Some(b's') => {}
            Some(b'h') => return Ok(()),
            _ => return Err(format!("reader {index} got {}", String::from_utf8_lossy(text))),
        }
        if self.text_at.is_none() {
            self.text_at = event::text_at(text);
        }
        let said = self.text_at.and_then(|at| event::read(text, at));
        let said = said.ok_or_else(|| format!("not an event: {}", String::from_utf8_lossy(text)))?;
        if said.number != reader.next {
            return Err(format!("reader {index} got event {} and not {}", said.number, reader.next));
        }
        reader.next += 1;
        if !reader.coming.counts {
            return Ok(());
        }
        self.deliveries += 1;
        if said.number.is_multiple_of(self.every) {
            let micros = now.saturating_sub(said.at).as_micros();
            self.took.push(u32::try_from(micros).unwrap_or(u32::MAX));
        }
        let slots = self.have.len();
        self.have[slot(said.number, slots)] += 1;
        while self.have[slot(self.done, slots)] == self.counting && self.counting > 0 {
            self.have[slot(self.done, slots)] = 0;
            self.done += 1;
        }
        Ok(())
    }

    fn answer_ping(&mut self, index: usize, payload: &[u8]) -> Result<(), String> {
        let mut pong = Vec::new();
        frames::put_masked(&mut pong, frames::PONG, payload);
        self.list[index].stream.write_all(&pong).map_err(|error| format!("reader {index}: {error}"))
    }

    /// Whether a reader is up to date.
    pub(crate) fn is_here(&self, index: usize) -> bool {
        self.list[index].stage == Stage::Live
    }

    /// Says goodbye, waits for nothing, and makes room for another in the same place.
    pub(crate) fn leave(&mut self, index: usize) -> Result<(), String> {
        let mut goodbye = Vec::new();
        frames::put_masked(&mut goodbye, frames::CLOSE, &1000_u16.to_be_bytes());
        self.list[index].stream.write_all(&goodbye).map_err(|error| format!("reader {index}: {error}"))
    }

    /// Reads to the end of a stream that was said goodbye to; whether it is there.
    pub(crate) fn is_gone(&mut self, index: usize) -> bool {
        let mut rest = [0; 1024];
        let reader = &mut self.list[index];
        loop {
            match reader.stream.read(&mut rest) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(_) => break,
            }
        }
        reader.stage = Stage::Gone;
        self.live -= 1;
        true
    }

    /// Closes what is left of those from this one on.
    pub(crate) fn forget(&mut self, from: usize) {
        self.list.truncate(from);
    }

    /// Puts another into the place of one who is gone.
    pub(crate) fn replace(
        &mut self,
        index: usize,
        address: SocketAddr,
        coming: Coming,
    ) -> Result<(), String> {
        let stream = connect(address, &coming).map_err(|error| format!("no connection: {error}"))?;
        self.registry
            .register(&mut SourceFd(&stream.as_raw_fd()), Token(index), Interest::READABLE)
            .map_err(|error| error.to_string())?;
        self.list[index] =
            Reader { stream, coming, stage: Stage::Shaking, carry: Vec::new(), next: self.done };
        Ok(())
    }
}

fn slot(number: u64, slots: usize) -> usize {
    usize::try_from(number).unwrap() % slots
}

fn connect(address: SocketAddr, coming: &Coming) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if coming.small {
        socket.set_recv_buffer_size(SMALL)?;
    }
    if let Some(from) = coming.from {
        socket.bind(&SocketAddr::new(from, 0).into())?;
    }
    socket.connect(&address.into())?;
    socket.set_tcp_nodelay(true)?;
    let mut stream = TcpStream::from(socket);
    stream.write_all(frames::handshake(address, &coming.path, coming.token.as_deref()).as_bytes())?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}
