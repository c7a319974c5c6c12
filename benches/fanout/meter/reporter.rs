//! Those who report: one connection, answers read and looked at.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use super::event::{Said, Writer};
use crate::frames;

const PATIENCE: Duration = Duration::from_secs(10);

/// How events are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The event itself, to a server that hands on what it is given.
    Events,
    /// A report frame for each.
    Frames,
    /// A request for all that are due.
    Batches,
}

pub(crate) struct Reporter {
    stream: TcpStream,
    by: By,
    address: SocketAddr,
    token: String,
    writer: Writer,
    out: Vec<u8>,
    input: Vec<u8>,
    /// Reports that were answered as taken.
    pub(crate) answered: u64,
    pub(crate) reported: u64,
}

impl Reporter {
    pub(crate) fn open(address: SocketAddr, token: &str, by: By) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("no connection to report over: {error}");
        let mut stream = TcpStream::connect(address).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        let mut input = Vec::new();
        let (path, token_sent) = match by {
            By::Events => ("/pub", None),
            By::Frames | By::Batches => ("/ws", Some(token)),
        };
        if by != By::Batches {
            stream.write_all(frames::handshake(address, path, token_sent).as_bytes()).map_err(failed)?;
            let mut scratch = [0; 4096];
            let end = loop {
                let read = stream.read(&mut scratch).map_err(failed)?;
                input.extend_from_slice(&scratch[..read]);
                if let Some(end) = head_end(&input) {
                    break end;
                }
                if read == 0 {
                    return Err("the server refused who reports".to_owned());
                }
            };
            if !input.starts_with(b"HTTP/1.1 101") {
                return Err(format!("who reports was refused: {}", String::from_utf8_lossy(&input)));
            }
            input.drain(..end);
        }
        stream.set_nonblocking(true).map_err(failed)?;
        Ok(Self {
            stream,
            by,
            address,
            token: token.to_owned(),
            writer: Writer::new(),
            out: Vec::new(),
            input,
            answered: 0,
            reported: 0,
        })
    }

    pub(crate) fn register(&self, registry: &Registry, token: Token) -> Result<(), String> {
        let both = Interest::READABLE | Interest::WRITABLE;
        registry
            .register(&mut SourceFd(&self.stream.as_raw_fd()), token, both)
            .map_err(|error| error.to_string())
    }

    /// The same over a new connection.
    pub(crate) fn again(&self) -> Result<Self, String> {
        let new = Self::open(self.address, &self.token, self.by)?;
        Ok(Self { answered: self.answered, reported: self.reported, ..new })
    }

    /// Reports events of these numbers.
    pub(crate) fn report(&mut self, numbers: std::ops::Range<u64>, at: Duration) -> Result<(), String> {
        self.reported += numbers.end - numbers.start;
        let said = |number| Said { number, at };
        match self.by {
            By::Events => numbers.for_each(|number| {
                frames::put_masked(&mut self.out, frames::TEXT, self.writer.event(said(number)).as_bytes());
            }),
            By::Frames => numbers.for_each(|number| {
                frames::put_masked(&mut self.out, frames::TEXT, self.writer.frame(said(number)).as_bytes());
            }),
            By::Batches => {
                let items: Vec<String> = numbers.map(|number| self.writer.item(said(number))).collect();
                let body = format!("[{}]", items.join(","));
                let head = format!(
                    "POST /api/v1/reports HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                    self.address,
                    self.token,
                    body.len()
                );
                self.out.extend_from_slice(head.as_bytes());
                self.out.extend_from_slice(body.as_bytes());
            }
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), String> {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(written) => drop(self.out.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(format!("who reports: {error}")),
            }
        }
        Ok(())
    }

    /// Writes what waits, and looks at the answers that came.
    pub(crate) fn ready(&mut self) -> Result<(), String> {
        self.flush()?;
        let mut scratch = [0; 16 << 10];
        loop {
            match self.stream.read(&mut scratch) {
                // A connection over which no request came for a while is closed, and opened again for the next.
                Ok(0) if self.by == By::Batches && self.answered == self.reported => return Ok(()),
                Ok(0) => return Err("the server hung up on who reports".to_owned()),
                Ok(read) => self.input.extend_from_slice(&scratch[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(format!("who reports: {error}")),
            }
        }
        if self.by == By::Batches { self.take_answers() } else { self.take_frames() }
    }

    fn take_frames(&mut self) -> Result<(), String> {
        let input = std::mem::take(&mut self.input);
        let mut used = 0;
        while let Some(frame) = frames::head(&input[used..]).filter(|frame| frame.end <= input.len() - used) {
            let payload = &input[used + frame.start..used + frame.end];
            used += frame.end;
            match frame.opcode {
                frames::PING => frames::put_masked(&mut self.out, frames::PONG, payload),
                frames::TEXT if payload.starts_with(br#"{"type":"reported""#) => self.answered += 1,
                frames::TEXT if payload.starts_with(br#"{"type":"error""#) => return Err(refused(payload)),
                frames::CLOSE => return Err(refused(payload)),
                _ => {}
            }
        }
        self.input = input[used..].to_vec();
        self.flush()
    }

    fn take_answers(&mut self) -> Result<(), String> {
        while let Some(end) = head_end(&self.input) {
            let head = String::from_utf8_lossy(&self.input[..end]).to_ascii_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            let whole = end + length.unwrap_or(0_usize);
            let Some(body) = self.input.get(end..whole) else { break };
            if !head.starts_with("http/1.1 200") || contains(body, br#""applied":false"#) {
                return Err(refused(&self.input));
            }
            let taken = body.windows(14).filter(|window| window == br#""applied":true"#).count();
            self.answered += u64::try_from(taken).unwrap();
            self.input.drain(..whole);
        }
        Ok(())
    }

    /// Waits until all that was reported is answered. For a connection that nobody else waits for.
    pub(crate) fn wait(&mut self) -> Result<(), String> {
        for _ in 0..1_000 {
            self.ready()?;
            if self.answered >= self.reported {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err("no answer to a report".to_owned())
    }
}

fn refused(answer: &[u8]) -> String {
    format!("a report was refused: {}", String::from_utf8_lossy(answer))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    Some(bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4)
}
