//! Agents and their sessions, as the frames of a server say they are: upserts and removals, in an order
//! that does not jump about, with bounds. It knows no connection and no time.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::time::Timestamp;
use crate::ports::live_source::{Happening, What};

/// Agents that are kept: as many as a server has (contract section 9).
const AGENTS_MAX: usize = 50_000;
/// Sessions of an agent that are kept: as many as a server has.
const SESSIONS_MAX: usize = 100;
/// Sessions that are kept in all: a server at both limits is more than a terminal is worth.
const ALL_SESSIONS_MAX: usize = 500_000;
/// Longest id that a server may have, in bytes.
const ID_BYTES_MAX: usize = 128;
/// Characters of a word (status, state, reason, signal) that are kept.
const WORD_CHARS_MAX: usize = 32;
/// Characters of a message that are kept: no terminal is wider.
const MESSAGE_CHARS_MAX: usize = 512;

/// What a status means for a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `error`
    Error,
    /// `online`
    Online,
    /// `offline`
    Offline,
    /// Not told, or a word of a newer server.
    Other,
}

/// How many agents there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// In `error`.
    pub error: usize,
    /// `online`.
    pub online: usize,
    /// `offline`.
    pub offline: usize,
    /// Without a known status.
    pub other: usize,
}

impl Counts {
    fn of(&mut self, kind: Kind) -> &mut usize {
        match kind {
            Kind::Error => &mut self.error,
            Kind::Online => &mut self.online,
            Kind::Offline => &mut self.offline,
            Kind::Other => &mut self.other,
        }
    }
}

/// A session, as it was last heard.
#[derive(Debug, Clone)]
struct Session {
    message: String,
    state: Option<String>,
    at: Option<Timestamp>,
    /// Which came later, where the times are equal or not told.
    turn: u64,
}

/// An agent, as it was last told.
#[derive(Debug, Clone, Default)]
pub(super) struct Agent {
    /// The word for its status; none where only its sessions were told.
    pub(super) status: Option<String>,
    pub(super) state: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) message: Option<String>,
    pub(super) since: Option<Timestamp>,
    pub(super) restarts: u64,
    pub(super) stale: bool,
    pub(super) exit_code: Option<i64>,
    pub(super) signal: Option<String>,
    /// The latest time that was told of it or of one of its sessions.
    pub(super) heard: Option<Timestamp>,
    sessions: BTreeMap<String, Session>,
}

impl Agent {
    pub(super) fn kind(&self) -> Kind {
        match self.status.as_deref() {
            Some("error") => Kind::Error,
            Some("online") => Kind::Online,
            Some("offline") => Kind::Offline,
            _ => Kind::Other,
        }
    }

    pub(super) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Message and state of its newest session.
    pub(super) fn newest(&self) -> Option<(&str, Option<&str>)> {
        let newest = self.sessions.values().max_by_key(|session| (session.at, session.turn))?;
        Some((&newest.message, newest.state.as_deref()))
    }

    fn set_status(&mut self, word: &str, told: &Happening) {
        self.status = Some(cut(word, WORD_CHARS_MAX));
        self.state = told.state.as_deref().map(|state| cut(state, WORD_CHARS_MAX));
        self.reason = told.reason.as_deref().map(|reason| cut(reason, WORD_CHARS_MAX));
        self.message = told.message.as_deref().map(|message| cut(message, MESSAGE_CHARS_MAX));
        self.since = told.since.or(told.at);
        // A server leaves out a zero.
        self.restarts = told.restarts.unwrap_or(0);
        self.stale = told.stale;
        if self.kind() == Kind::Online {
            self.live_again();
        }
    }

    fn set_lifecycle(&mut self, event: &str, told: &Happening) {
        self.stale = false;
        if let Some(restarts) = told.restarts {
            self.restarts = restarts;
        }
        if matches!(event, "start" | "restart") {
            self.live_again();
        } else {
            self.exit_code = told.exit_code;
            self.signal = told.signal.as_deref().map(|signal| cut(signal, WORD_CHARS_MAX));
        }
    }

    /// How its last process ended says nothing about this one.
    fn live_again(&mut self) {
        self.exit_code = None;
        self.signal = None;
    }
}

/// All agents that were told of.
#[derive(Debug, Clone, Default)]
pub(super) struct Roster {
    agents: BTreeMap<String, Agent>,
    /// Those in error.
    failing: BTreeSet<String>,
    counts: Counts,
    sessions: usize,
    turn: u64,
    left_out: bool,
}

impl Roster {
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether there was more than is kept.
    pub(super) const fn left_out(&self) -> bool {
        self.left_out
    }

    /// Those in error first, then all others, both by id. An agent that comes and goes stays where it
    /// is; one that fails is seen without looking for it.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (&str, &Agent)> {
        let failing = self.failing.iter().filter_map(|id| self.agents.get_key_value(id));
        let others = self.agents.iter().filter(|(_, agent)| agent.kind() != Kind::Error);
        failing.chain(others).map(|(id, agent)| (id.as_str(), agent))
    }

    /// Takes what happened, or how something stands.
    pub(super) fn take(&mut self, told: &Happening) {
        match &told.what {
            What::AgentRemoved => self.remove(&told.agent),
            What::SessionRemoved { session } => {
                if let Some(agent) = self.agents.get_mut(&told.agent)
                    && agent.sessions.remove(session).is_some()
                {
                    self.sessions = self.sessions.saturating_sub(1);
                }
            }
            What::Status(word) => self.change(told, |agent| agent.set_status(word, told)),
            What::Lifecycle(event) => self.change(told, |agent| agent.set_lifecycle(event, told)),
            What::Activity { session, message } => self.set_activity(session, message, told),
        }
    }

    fn change(&mut self, told: &Happening, how: impl FnOnce(&mut Agent)) {
        if !self.agents.contains_key(&told.agent) {
            if self.agents.len() >= AGENTS_MAX || told.agent.len() > ID_BYTES_MAX {
                self.left_out = true;
                return;
            }
            *self.counts.of(Kind::Other) += 1;
            self.agents.insert(told.agent.clone(), Agent::default());
        }
        let Some(agent) = self.agents.get_mut(&told.agent) else { return };
        let before = agent.kind();
        how(agent);
        agent.heard = agent.heard.max(told.at).max(told.last_seen);
        let after = agent.kind();
        if before == after {
            return;
        }
        self.recount(before, after);
        if after == Kind::Error {
            self.failing.insert(told.agent.clone());
        } else {
            self.failing.remove(&told.agent);
        }
    }

    fn recount(&mut self, before: Kind, after: Kind) {
        let count = self.counts.of(before);
        *count = count.saturating_sub(1);
        *self.counts.of(after) += 1;
    }

    fn set_activity(&mut self, id: &str, message: &str, told: &Happening) {
        self.turn = self.turn.saturating_add(1);
        let session = Session {
            message: cut(message, MESSAGE_CHARS_MAX),
            state: told.state.as_deref().map(|state| cut(state, WORD_CHARS_MAX)),
            at: told.at,
            turn: self.turn,
        };
        let full = self.sessions >= ALL_SESSIONS_MAX || id.len() > ID_BYTES_MAX;
        let (mut added, mut left_out) = (false, false);
        self.change(told, |agent| {
            agent.stale = false;
            if let Some(known) = agent.sessions.get_mut(id) {
                *known = session;
            } else if full || agent.sessions.len() >= SESSIONS_MAX {
                left_out = true;
            } else {
                agent.sessions.insert(id.to_owned(), session);
                added = true;
            }
        });
        self.sessions += usize::from(added);
        self.left_out |= left_out;
    }

    fn remove(&mut self, id: &str) {
        if let Some(agent) = self.agents.remove(id) {
            self.failing.remove(id);
            self.sessions = self.sessions.saturating_sub(agent.sessions.len());
            let count = self.counts.of(agent.kind());
            *count = count.saturating_sub(1);
        }
    }
}

fn cut(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}
