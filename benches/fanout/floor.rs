//! The floors: servers that do nothing for an event but hand it to the system, once for each socket. They check
//! nothing, know the one key of the bench's own clients, keep no order of their own and forget what was sent.
//!
//! `write` calls for each event and socket; `batch` calls for each socket once for all events that one read brought.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use crate::frames;

/// The word that makes this program a floor.
pub(crate) const ROLE: &str = "--floor";

const LISTENER: Token = Token(0);
/// More than those who report may have under way.
const SCRATCH: usize = 1 << 20;

struct Coming {
    stream: TcpStream,
    head: Vec<u8>,
}

struct Floor {
    poll: Poll,
    listener: TcpListener,
    batch: bool,
    next: usize,
    /// Those that still shake hands.
    coming: HashMap<Token, Coming>,
    reporter: Option<(Token, TcpStream, Vec<u8>)>,
    watchers: Vec<(Token, TcpStream)>,
    places: HashMap<Token, usize>,
    /// What is handed on, and where each frame in it ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

pub(crate) fn serve(batch: bool) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let poll = Poll::new().unwrap();
    poll.registry().register(&mut SourceFd(&listener.as_raw_fd()), LISTENER, Interest::READABLE).unwrap();
    println!("{}", listener.local_addr().unwrap());
    let mut floor = Floor {
        poll,
        listener,
        batch,
        next: 1,
        coming: HashMap::new(),
        reporter: None,
        watchers: Vec::new(),
        places: HashMap::new(),
        bytes: Vec::new(),
        ends: Vec::new(),
    };
    let (mut events, mut scratch) = (Events::with_capacity(1024), vec![0; SCRATCH]);
    loop {
        match floor.poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            other => other.unwrap(),
        }
        for event in &events {
            match event.token() {
                LISTENER => floor.accept(),
                token => floor.readable(token, &mut scratch),
            }
        }
    }
}

impl Floor {
    fn accept(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            stream.set_nodelay(true).unwrap();
            let token = Token(self.next);
            self.next += 1;
            self.poll
                .registry()
                .register(&mut SourceFd(&stream.as_raw_fd()), token, Interest::READABLE)
                .unwrap();
            self.coming.insert(token, Coming { stream, head: Vec::new() });
        }
    }

    fn readable(&mut self, token: Token, scratch: &mut [u8]) {
        if self.coming.contains_key(&token) {
            self.shake(token, scratch);
        } else if let Some(place) = self.places.get(&token).copied() {
            // A watcher has nothing to say but goodbye.
            let read = (&self.watchers[place].1).read(scratch).unwrap_or(0);
            if read == 0 || scratch[0] & 0x0f == frames::CLOSE {
                let _gone = (&self.watchers[place].1).write_all(&frames::GOODBYE);
                self.places.remove(&token);
                self.watchers.swap_remove(place);
                if let Some((moved, _)) = self.watchers.get(place) {
                    self.places.insert(*moved, place);
                }
            }
        } else {
            self.take(token, scratch);
        }
    }

    fn shake(&mut self, token: Token, scratch: &mut [u8]) {
        let Some(mut coming) = self.coming.remove(&token) else { return };
        let read = coming.stream.read(scratch).unwrap_or(0);
        coming.head.extend_from_slice(&scratch[..read]);
        if read == 0 {
            return;
        }
        if !coming.head.ends_with(b"\r\n\r\n") {
            self.coming.insert(token, coming);
            return;
        }
        let _gone = coming.stream.write_all(frames::SHAKEN.as_bytes());
        if coming.head.starts_with(b"GET /pub ") {
            coming.stream.set_nonblocking(true).unwrap();
            self.reporter = Some((token, coming.stream, Vec::new()));
        } else {
            self.places.insert(token, self.watchers.len());
            self.watchers.push((token, coming.stream));
        }
    }

    /// Takes what the reporter says, and hands it on.
    fn take(&mut self, token: Token, scratch: &mut [u8]) {
        loop {
            let Some((of, stream, input)) = &mut self.reporter else { return };
            if *of != token {
                return;
            }
            let read = match stream.read(scratch) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) | Ok(0) => {
                    self.reporter = None;
                    return;
                }
                Ok(read) => read,
            };
            input.extend_from_slice(&scratch[..read]);
            let mut used = 0;
            while let Some(frame) =
                frames::head(&input[used..]).filter(|frame| frame.end <= input.len() - used)
            {
                let payload = &mut input[used + frame.start..used + frame.end];
                frames::unmask(payload, frame.mask);
                if frame.opcode == frames::TEXT {
                    frames::put(&mut self.bytes, frames::TEXT, payload);
                    self.ends.push(self.bytes.len());
                }
                used += frame.end;
            }
            input.drain(..used);
            self.hand_on();
        }
    }

    fn hand_on(&mut self) {
        if self.batch {
            self.ends.drain(..self.ends.len().saturating_sub(1));
        }
        let mut start = 0;
        for end in self.ends.drain(..) {
            for (_, stream) in &self.watchers {
                // Who is gone is told of by the system as well.
                let _gone = (&*stream).write_all(&self.bytes[start..end]);
            }
            start = end;
        }
        self.bytes.clear();
    }
}
