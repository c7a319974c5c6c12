//! What a client makes of the stream, written from the contract alone, and the rules a stream must keep.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::{Value, json};

use super::screen::Screen;

/// A fleet: what screens show of each agent and each session.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fleet {
    pub agents: BTreeMap<String, Value>,
    pub sessions: BTreeMap<(String, String), Value>,
}

impl Fleet {
    /// From `GET /api/v1/fleet`, and those of its agents that a test wants.
    pub fn of_read(read: &Value, wanted: impl Fn(&str) -> bool) -> Self {
        let mut fleet = Self::default();
        for item in read["agents"].as_array().unwrap().iter().chain(read["sessions"].as_array().unwrap()) {
            if wanted(item["payload"]["agentId"].as_str().unwrap()) {
                fleet.put(item, item["rev"].as_u64().unwrap());
            }
        }
        fleet
    }

    fn put(&mut self, frame: &Value, rev: u64) {
        let payload = &frame["payload"];
        let agent = text(&payload["agentId"]);
        let mut detail = frame["detail"].clone();
        if let Some(detail) = detail.as_object_mut() {
            // Marks of life move without events: a read shows them as they are by then.
            detail.retain(|name, _| name != "lastSeenAt" && name != "stale");
        }
        let shown = json!({ "payload": payload, "detail": detail, "rev": rev });
        match frame["type"].as_str().unwrap() {
            "agent:status" => {
                self.agents.insert(agent, shown);
            }
            "session:activity" => {
                self.sessions.insert((agent, text(&payload["sessionId"])), shown);
            }
            other => panic!("{other} is no part of a fleet"),
        }
    }

    fn apply(&mut self, frame: &Value, seq: u64) {
        let payload = &frame["payload"];
        let agent = text(&payload["agentId"]);
        match frame["type"].as_str().unwrap() {
            "agent:lifecycle" => {
                if let Some(known) = self.agents.get_mut(&agent) {
                    known["rev"] = json!(seq);
                    if let Some(restarts) = frame["detail"].get("restarts") {
                        known["detail"]["restarts"] = restarts.clone();
                    }
                    match frame["detail"].get("labels") {
                        Some(labels) if *labels == json!({}) => {
                            known["detail"].as_object_mut().unwrap().remove("labels");
                        }
                        Some(labels) => known["detail"]["labels"] = labels.clone(),
                        None => {}
                    }
                }
            }
            "agent:removed" => {
                self.agents.remove(&agent);
                self.sessions.retain(|(of, _), _| *of != agent);
            }
            "session:removed" => {
                self.sessions.remove(&(agent, text(&payload["sessionId"])));
            }
            _ => self.put(frame, seq),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// A snapshot or a delta that is not whole yet.
#[derive(Debug)]
struct Copy {
    fleet: Fleet,
    /// Frames of agents, of sessions, of removals.
    counted: [usize; 3],
    /// The position that a delta begins after, and the rev of its last frame.
    after: Option<u64>,
}

impl Copy {
    fn take(&mut self, frame: &Value) {
        assert!(frame.get("seq").is_none(), "a copy has revs: {frame}");
        let rev = frame["rev"].as_u64().unwrap();
        if let Some(after) = &mut self.after {
            assert!(rev > *after, "a delta tells what changed, in order: {frame} after {after}");
            *after = rev;
        }
        let kind = match frame["type"].as_str().unwrap() {
            "agent:status" => 0,
            "session:activity" => 1,
            "agent:removed" | "session:removed" if self.after.is_some() => 2,
            other => panic!("{other} is no part of such a copy"),
        };
        self.counted[kind] += 1;
        self.fleet.apply(frame, rev);
    }

    fn counts(&self) -> Value {
        let [agents, sessions, removed] = self.counted;
        let mut counts = json!({ "agents": agents, "sessions": sessions });
        if self.after.is_some() {
            counts["removed"] = json!(removed);
        }
        counts
    }
}

/// One client over all its connections.
#[derive(Debug, Default)]
pub struct Fold {
    pub fleet: Fleet,
    epoch: String,
    view: String,
    pub complete: bool,
    /// The last position that was applied.
    pub seq: u64,
    /// Whether it was ever up to date: before that there is no cursor.
    pub synced: bool,
    /// A copy on its way: what it makes, and what `sync:end` must say.
    copy: Option<Copy>,
    /// The type and mode and reason of each beginning.
    pub beginnings: Vec<(String, String)>,
}

impl Fold {
    /// `?after=` of the next connection; nothing before the first copy was whole.
    pub fn cursor(&self) -> Option<String> {
        self.synced.then(|| format!("{}:{}:{}", self.epoch, self.seq, self.view))
    }

    /// Takes one frame and holds it against the contract.
    pub fn take(&mut self, frame: &Value) {
        let payload = &frame["payload"];
        match frame["type"].as_str().unwrap() {
            "hello" => {
                self.epoch = text(&payload["epoch"]);
                self.begin(frame, payload["seq"].as_u64().unwrap());
            }
            "resync" => {
                assert!(self.copy.is_none(), "a running copy is finished first: {frame}");
                assert!(payload["from"].as_u64().unwrap() > self.seq, "{frame} at {}", self.seq);
                self.begin(frame, frame["seq"].as_u64().unwrap());
            }
            "sync:end" => self.end(frame),
            "heartbeat" => {
                assert!(self.copy.is_none(), "nothing comes between a beginning and its end: {frame}");
                let seq = frame["seq"].as_u64().unwrap();
                assert!(seq >= self.seq, "a heartbeat went back from {}: {frame}", self.seq);
                assert!(!self.complete || seq == self.seq, "overtook an event after {}: {frame}", self.seq);
                self.seq = seq;
            }
            _ if frame["sync"] == true => {
                self.copy.as_mut().unwrap_or_else(|| panic!("no copy was begun: {frame}")).take(frame);
            }
            _ => self.event(frame),
        }
    }

    fn begin(&mut self, frame: &Value, seq: u64) {
        let payload = &frame["payload"];
        assert!(seq >= self.seq || payload["mode"] == "snapshot", "below {}: {frame}", self.seq);
        self.view = text(&payload["view"]);
        if let Some(complete) = payload["complete"].as_bool() {
            self.complete = complete;
        }
        self.beginnings.push((text(&payload["mode"]), text(&payload["reason"])));
        let copy = |fleet, after| Some(Copy { fleet, counted: [0; 3], after });
        self.copy = match payload["mode"].as_str().unwrap() {
            "live" => {
                assert_eq!(seq, self.seq, "nothing was missed");
                None
            }
            "replay" => None,
            "snapshot" => copy(Fleet::default(), None),
            "delta" => copy(self.fleet.clone(), Some(self.seq)),
            other => panic!("the mode {other} is not one of this server's"),
        };
    }

    fn end(&mut self, frame: &Value) {
        let copy = self.copy.take().unwrap_or_else(|| panic!("no copy was begun: {frame}"));
        assert_eq!(frame["payload"], copy.counts(), "{frame}");
        self.fleet = copy.fleet;
        self.seq = frame["seq"].as_u64().unwrap();
        self.synced = true;
    }

    fn event(&mut self, frame: &Value) {
        assert!(self.copy.is_none(), "an event came into a copy: {frame}");
        let seq = frame["seq"].as_u64().unwrap_or_else(|| panic!("no seq: {frame}"));
        assert!(seq > self.seq, "after {}: {frame}", self.seq);
        assert!(!self.complete || seq == self.seq + 1, "a gap after {}: {frame}", self.seq);
        self.fleet.apply(frame, seq);
        self.seq = seq;
    }

    /// The connection is gone: a copy that was not whole is worth nothing.
    pub fn disconnected(&mut self) {
        self.copy = None;
    }

    /// Takes a screen's frames until this holds.
    pub async fn follow(&mut self, screen: &mut Screen, until: impl Fn(&Self) -> bool) {
        while !until(self) {
            let frame = screen.next().await;
            self.take(&frame);
        }
    }

    /// A new client and its screen, up to date.
    pub async fn open(address: SocketAddr, path: &str, token: &str) -> (Self, Screen) {
        let mut screen = Screen::open_at(address, path, token).await;
        let mut fold = Self::default();
        fold.follow(&mut screen, |fold| fold.synced).await;
        (fold, screen)
    }

    /// Opens a screen that goes on from this client's cursor.
    pub async fn resume(&mut self, address: SocketAddr, query: &str, token: &str) -> Screen {
        let after = self.cursor().map(|cursor| format!("&after={cursor}")).unwrap_or_default();
        let mut screen = Screen::open_at(address, &format!("/ws?{query}{after}"), token).await;
        self.take(&screen.next().await);
        screen
    }
}
