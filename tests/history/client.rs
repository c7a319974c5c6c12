//! A client of the stream, written from the contract alone: it keeps its cursor, and writes down what it got.

use serde_json::Value;

use super::{Event, Frame, Position, Screen, View};

pub(crate) struct Client {
    pub(crate) screen: Screen,
    /// What it asked to see last.
    pub(crate) asked: View,
    /// What it sees.
    sees: View,
    epoch: String,
    view: String,
    /// Its position, once a copy was whole.
    pub(crate) at: Option<Position>,
    /// What it saw when it got there: a copy that is not whole changes neither.
    view_at: String,
}

impl Client {
    pub(crate) fn new(name: String, asked: View) -> Self {
        let sees = asked.clone();
        let screen = Screen { name, frames: Vec::new() };
        Self {
            screen,
            asked,
            sees,
            epoch: String::new(),
            view: String::new(),
            at: None,
            view_at: String::new(),
        }
    }

    /// What it comes back with.
    pub(crate) fn cursor(&self) -> Option<String> {
        self.at.as_ref().map(|(epoch, seq)| format!("{epoch}:{seq}:{}", self.view_at))
    }

    /// Takes a frame. Gives the reason of a beginning.
    pub(crate) fn take(&mut self, frame: &Value) -> Option<String> {
        let kind = frame["type"].as_str().unwrap();
        let seq = frame["seq"].as_u64();
        match kind {
            "hello" | "resync" => return Some(self.begin(kind, frame)),
            "sync:end" => self.reach(seq.unwrap(), Frame::CopyEnd(seq.unwrap())),
            // Between a beginning and its first event it stands where the cursor stood.
            "heartbeat" => self.reach(seq.unwrap(), Frame::Heartbeat(seq.unwrap())),
            _ if frame["sync"] == true => {
                let rev = frame["rev"].as_u64().unwrap();
                self.screen.frames.push(Frame::Copied(rev, event(frame)));
            }
            _ => {
                let seq = seq.unwrap_or_else(|| panic!("{frame}"));
                self.reach(seq, Frame::Event(seq, event(frame)));
            }
        }
        None
    }

    fn begin(&mut self, kind: &str, frame: &Value) -> String {
        let (payload, cursor) = (&frame["payload"], self.at.clone());
        let reason = payload["reason"].as_str().unwrap().to_owned();
        if kind == "hello" {
            payload["epoch"].as_str().unwrap().clone_into(&mut self.epoch);
        }
        if kind == "hello" || reason.ends_with("_changed") {
            self.sees = self.asked.clone();
        }
        payload["view"].as_str().unwrap().clone_into(&mut self.view);
        let mode = payload["mode"].as_str().unwrap().to_owned();
        let seq = if kind == "hello" { &payload["seq"] } else { &frame["seq"] };
        let (seq, sees, epoch) = (seq.as_u64().unwrap(), self.sees.clone(), self.epoch.clone());
        self.screen.frames.push(Frame::Began { cursor, sees, mode, epoch, seq });
        reason
    }

    fn reach(&mut self, seq: u64, frame: Frame) {
        self.screen.frames.push(frame);
        self.at = Some((self.epoch.clone(), seq));
        self.view.clone_into(&mut self.view_at);
    }
}

/// The event of a frame.
pub(crate) fn event(frame: &Value) -> Event {
    let payload = &frame["payload"];
    let text = |name: &str| payload[name].as_str().unwrap().to_owned();
    let agent = text("agentId");
    match frame["type"].as_str().unwrap() {
        "session:activity" => Event::Said { agent, id: said(&text("lastMessage")) },
        "agent:status" => Event::Stands { agent, status: text("status") },
        "agent:lifecycle" => Event::Lived { agent, what: text("event") },
        "agent:removed" => Event::Gone { agent },
        _ => Event::Other { agent },
    }
}

/// A long message is one word again and again, so that a part of another would be seen; the word is enough of it.
fn said(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let same = text.split(' ').all(|other| other == word);
    if same { word.to_owned() } else { text.to_owned() }
}
