//! How things stand: the fold of the frames of a connection, over all losses of it (contract section 5),
//! and how far it can be believed. It draws nothing; time is an argument.

#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::time::Instant;

use super::connection::Connection;
use super::line::utc;
use super::roster::{Agent, Counts, Roster};
use super::row::Row;
use super::safe::plain;
use crate::domain::cursor::Seq;
use crate::domain::time::Timestamp;
use crate::ports::live_source::{Frame, Happening, Start};

/// How late a sign of life may be before the connection is called silent.
const LATE: Duration = Duration::from_secs(5);

/// How far the connection is.
#[derive(Debug, Default)]
enum Phase {
    #[default]
    Connecting,
    Copying,
    Live,
    Lost {
        why: String,
        again_at: Instant,
    },
}

/// What the server's clock said, and when it said so.
#[derive(Debug, Clone, Copy)]
struct ServerClock {
    said: Timestamp,
    at: Instant,
}

impl ServerClock {
    fn at(self, now: Instant) -> Timestamp {
        self.said.plus(now.saturating_duration_since(self.at))
    }
}

/// Agents and sessions as they stand, and how far that is true.
#[derive(Debug, Default)]
pub struct Board {
    shown: Roster,
    /// A copy that is to replace what is shown once it is whole.
    aside: Option<Roster>,
    /// Items of the copy that is arriving.
    copied: usize,
    phase: Phase,
    user: String,
    seq: Option<Seq>,
    clock: Option<ServerClock>,
    heartbeat: Duration,
    /// When the last frame came.
    heard_at: Option<Instant>,
    /// Until when what is shown was live.
    true_at: Option<Instant>,
}

/// How the connection is doing, as of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// The first connection is being made.
    Connecting,
    /// A copy is arriving.
    Copying {
        /// Items so far.
        items: usize,
    },
    /// What is shown is how things stand.
    Live,
    /// The connection stands, but nothing was heard for longer than the server promised.
    Silent {
        /// For how long.
        since: Duration,
    },
    /// There is no connection.
    Lost {
        /// Why, safe for a terminal.
        why: String,
        /// When it is tried again; zero while it is being tried.
        next_try: Duration,
    },
}

/// Which part of the board is looked at.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Only agents with this in their id; all when it is empty.
    pub filter: String,
    /// Rows above the first that is seen.
    pub skip: usize,
    /// Rows that fit.
    pub take: usize,
}

/// What is seen of the board at one moment. All texts are safe for a terminal.
#[derive(Debug, Clone)]
pub struct View {
    /// How the connection is doing.
    pub link: Link,
    /// Whose connection it is; empty before that is known.
    pub user: String,
    /// All agents by status; none before the first copy is whole, when nothing is known of them.
    pub counts: Option<Counts>,
    /// The position of the last event; none before the first copy is whole.
    pub seq: Option<u64>,
    /// How long ago the last frame came.
    pub last_frame: Option<Duration>,
    /// Where it is not live: the time of day up to which it was, if it ever was, and how long ago that is.
    pub as_of: Option<(String, Duration)>,
    /// The rows that are looked at.
    pub rows: Vec<Row>,
    /// Rows above them.
    pub above: usize,
    /// Rows that there are.
    pub matching: usize,
    /// Letters of the longest id among them.
    pub id_width: usize,
    /// There was more than is kept.
    pub left_out: bool,
}

impl Board {
    /// Takes a frame.
    pub fn take(&mut self, frame: &Frame, now: Instant) {
        self.heard_at = Some(now);
        match frame {
            Frame::Hello { user, start, server_time, heartbeat, .. } => {
                self.user = plain(user);
                self.heartbeat = *heartbeat;
                self.set_clock(*server_time, now);
                self.begin(start);
            }
            Frame::Resync(start) => self.begin(start),
            Frame::Copied(told) => self.take_copied(told),
            Frame::CopyEnd { seq, .. } => {
                if let Some(whole) = self.aside.take() {
                    self.shown = whole;
                }
                self.seq = Some(*seq);
                self.phase = Phase::Live;
            }
            Frame::Event(seq, told) => self.take_event(*seq, told),
            Frame::Heartbeat { seq, server_time } => {
                self.set_clock(*server_time, now);
                if matches!(self.phase, Phase::Live) {
                    self.seq = self.seq.max(Some(*seq));
                }
            }
            Frame::TokenEnding | Frame::Error { .. } | Frame::Goodbye { .. } | Frame::Other => {}
        }
        if matches!(self.phase, Phase::Live) {
            self.true_at = Some(now);
        }
    }

    /// Takes news about the connection that no frame tells.
    pub fn tell(&mut self, connection: &Connection, now: Instant) {
        if let Connection::Lost { ending, next_try } = connection {
            // A copy that did not become whole is worth nothing.
            self.aside = None;
            let again_at = now.checked_add(*next_try).unwrap_or(now);
            self.phase = Phase::Lost { why: plain(&ending.to_string()), again_at };
        }
    }

    fn begin(&mut self, start: &Start) {
        self.copied = 0;
        // A snapshot drops what is absent at its end, and not before: a table that blinks empty is a lie too.
        self.aside = (start.mode == "snapshot").then(Roster::default);
        self.phase = if start.copy { Phase::Copying } else { Phase::Live };
    }

    fn take_copied(&mut self, told: &Happening) {
        self.copied = self.copied.saturating_add(1);
        self.aside.as_mut().unwrap_or(&mut self.shown).take(told);
    }

    fn take_event(&mut self, seq: Seq, told: &Happening) {
        // While a copy arrives it holds this already, or is followed by it again; a position that was taken
        // is not taken twice.
        if matches!(self.phase, Phase::Live) && self.seq.is_none_or(|last| seq > last) {
            self.shown.take(told);
            self.seq = Some(seq);
        }
    }

    fn set_clock(&mut self, said: Option<Timestamp>, now: Instant) {
        if let Some(said) = said {
            self.clock = Some(ServerClock { said, at: now });
        }
    }

    fn link(&self, now: Instant) -> Link {
        let silence = self.heard_at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        match &self.phase {
            Phase::Lost { why, again_at } => {
                Link::Lost { why: why.clone(), next_try: again_at.saturating_duration_since(now) }
            }
            Phase::Connecting => Link::Connecting,
            _ if silence > self.heartbeat.saturating_add(LATE) => Link::Silent { since: silence },
            Phase::Copying => Link::Copying { items: self.copied },
            Phase::Live => Link::Live,
        }
    }

    /// What is seen now.
    #[must_use]
    pub fn view(&self, look: &Look, now: Instant) -> View {
        let link = self.link(now);
        // Rows that are not live are told as they were when they were.
        let believed_at = if link == Link::Live { Some(now) } else { self.true_at };
        let server_time = |at: Instant| self.clock.map(|clock| clock.at(at));
        let row_time = believed_at.and_then(server_time);
        let as_of = self.true_at.filter(|_| link != Link::Live).map(|at| {
            let time = server_time(at).map(utc).unwrap_or_default();
            let time_of_day = time.split_once('T').map_or("", |(_, time)| time).to_owned();
            (time_of_day, now.saturating_duration_since(at))
        });
        let shown = |(id, _): &(&str, &Agent)| look.filter.is_empty() || id.contains(&look.filter);
        let lengths = self.shown.in_order().filter(shown).map(|(id, _)| id.len());
        let (matching, id_width) = lengths.fold((0_usize, 0), |(count, max), len| (count + 1, len.max(max)));
        let above = look.skip.min(matching.saturating_sub(look.take));
        let rows = self.shown.in_order().filter(shown).skip(above).take(look.take);
        let rows = rows.map(|(id, agent)| Row::of(id, agent, row_time)).collect();
        View {
            link,
            user: self.user.clone(),
            counts: self.true_at.map(|_| self.shown.counts()),
            seq: self.seq.map(Seq::get),
            last_frame: self.heard_at.map(|at| now.saturating_duration_since(at)),
            as_of,
            rows,
            above,
            matching,
            id_width,
            left_out: self.shown.left_out() || self.aside.as_ref().is_some_and(Roster::left_out),
        }
    }
}
