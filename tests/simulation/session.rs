//! One connection of the simulated transport, from `hello` to its end.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mission_control::adapters::live::{Entry, Part, Parts, Reader, Step, first_beat};
use mission_control::adapters::wire::frame::{self, Hello};
use mission_control::adapters::wire::wait::retry_ms;
use mission_control::domain::cursor::{Cursor, Seq};
use mission_control::domain::grant::Grant;
use mission_control::domain::interest::Interest;
use mission_control::domain::pattern::Patterns;
use mission_control::domain::resume::Plan;
use mission_control::domain::view::View;
use mission_control::ports::gate::Credential;
use mission_control::ports::live_feed::{Arrival, Beginning};
use mission_control::ports::token_verifier::SecretText;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use crate::fault::Fault;
use crate::history::Dice;
use crate::network::{Ask, Dial};
use crate::transport::Shared;

/// Who takes no frame for so long is closed.
const BLOCKED: Duration = Duration::from_secs(30);

pub(crate) struct Session {
    shared: Arc<Shared>,
    frames: mpsc::Sender<Bytes>,
    actor: u64,
    dice: Dice,
    /// Events that it was given.
    given: u64,
}

/// The connection is over.
pub(crate) struct Over;

fn interest(agents: &str) -> Interest {
    Interest { agents: Patterns::parse([agents]).unwrap(), ..Interest::all() }
}

impl Session {
    pub(crate) async fn run(shared: Arc<Shared>, dial: Dial) -> Result<(), Over> {
        let Dial { token, agents, cursor, frames, mut asks, actor, seed } = dial;
        let mut session = Self { shared, frames, actor, dice: Dice::new(seed), given: 0 };
        let mut cursor = cursor.map(|text| Cursor::parse(&text).unwrap());
        if session.has(Fault::ViewForgotten) {
            cursor.iter_mut().for_each(|cursor| cursor.view = None);
        }
        let credential = Ok(Credential::Token(SecretText::new(token)));
        let interest = interest(&agents);
        let arrival = Arrival { transport: "simulated", peer: None, credential, interest, cursor };
        let mut opened = match session.shared.feed.open(arrival).await {
            Ok(opened) => opened,
            Err(fault) => return session.send(frame::error(None, &fault)).await,
        };
        opened.beginning = session.bent(opened.beginning);
        let (id, beginning) = (opened.connection, &opened.beginning);
        let mut view = Arc::clone(&beginning.view);
        if session.has(Fault::HiddenShown) {
            let grant = Grant { agents: Patterns::all(), ..view.grant().clone() };
            view = Arc::new(View::new(grant, Interest::all()));
        }
        let mut reader = session.shared.readers.join(id, beginning.from, view);
        let mut beat_at = Instant::now() + first_beat(id, session.shared.heartbeat);
        session.turn().await;
        session.send(frame::hello(&Hello::of(&opened, session.shared.heartbeat))).await?;
        session.send_copy(&mut reader, opened.beginning.clone()).await?;
        loop {
            let frames = session.frames.clone();
            let step = tokio::select! {
                biased;
                () = frames.closed() => return Err(Over),
                ask = asks.recv() => {
                    session.asked(&mut reader, ask.ok_or(Over)?).await?;
                    continue;
                }
                () = sleep_until(beat_at) => {
                    session.turn().await;
                    while let Some(step) = reader.look() {
                        session.step(&mut reader, step).await?;
                    }
                    beat_at += session.shared.heartbeat;
                    session.send(frame::heartbeat(session.shared.clock.wall(), reader.position())).await?;
                    continue;
                }
                step = reader.next() => step,
            };
            session.turn().await;
            session.step(&mut reader, step).await?;
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.shared.fault == Some(fault)
    }

    async fn turn(&self) {
        self.shared.time.turn(self.actor).await;
    }

    async fn send(&self, frame: Bytes) -> Result<(), Over> {
        timeout(BLOCKED, self.frames.send(frame)).await.map_err(|_| Over)?.map_err(|_| Over)
    }

    async fn step(&mut self, reader: &mut Reader, step: Step) -> Result<(), Over> {
        match step {
            Step::Events(entries) => self.events(&entries).await,
            Step::FellOut => {
                let at = reader.position();
                let again = self.shared.feed.catch_up(reader.id(), at, Some(at)).await;
                self.begin_again(reader, at, again.map_err(|_| Over)?).await
            }
            Step::Dismissed(why) => {
                self.send(frame::goodbye(why.farewell, why.retry_after.map(retry_ms))).await?;
                Err(Over)
            }
        }
    }

    async fn asked(&mut self, reader: &mut Reader, ask: Ask) -> Result<(), Over> {
        let (feed, id, at) = (Arc::clone(&self.shared.feed), reader.id(), reader.position());
        match ask {
            Ask::Interest(agents) => {
                let again = feed.change_interest(id, interest(&agents), at).await.map_err(|_| Over)?;
                self.begin_again(reader, at, again).await
            }
            Ask::Refresh(token) => {
                let token = SecretText::new(token);
                let refreshed = feed.refresh(id, &token, at).await.map_err(|_| Over)?;
                self.send(frame::auth_refreshed(refreshed.ends_at)).await?;
                match refreshed.resync {
                    Some(again) => self.begin_again(reader, at, again).await,
                    None => Ok(()),
                }
            }
        }
    }

    async fn begin_again(&self, reader: &mut Reader, at: Seq, again: Beginning) -> Result<(), Over> {
        self.send(frame::resync(&again, at.next())).await?;
        reader.begin(&again);
        self.send_copy(reader, again).await
    }

    async fn send_copy(&self, reader: &mut Reader, mut beginning: Beginning) -> Result<(), Over> {
        while let Some(parts) = self.send_parts(&beginning).await? {
            let (delivered, known) = parts.broken_off(reader.position());
            let again = self.shared.feed.catch_up(reader.id(), delivered, known).await;
            beginning = again.map_err(|_| Over)?;
            self.send(frame::resync(&beginning, delivered.next())).await?;
            reader.begin(&beginning);
        }
        Ok(())
    }

    /// Sends a copy, and gives what was sent of it where it gave way.
    async fn send_parts(&self, beginning: &Beginning) -> Result<Option<Parts>, Over> {
        let Some(material) = beginning.material.clone() else { return Ok(None) };
        let mut parts = Parts::open(&self.shared.copies, material, Arc::clone(&beginning.view));
        loop {
            let Some(part) = parts.read() else { return Ok(Some(parts)) };
            match part {
                Part::Bytes(lines) => {
                    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                        let removal = line.starts_with(b"{\"type\":\"agent:removed\"");
                        if !(removal && self.has(Fault::RemovalsForgotten)) {
                            self.send(lines.slice_ref(line)).await?;
                        }
                    }
                }
                Part::End(_) if matches!(beginning.plan, Plan::Replay { .. }) => return Ok(None),
                Part::End(_) if self.has(Fault::CopyEndless) => pending().await,
                Part::End(counted) => {
                    return self.send(counted.sync_end(beginning.head)).await.map(|()| None);
                }
            }
        }
    }

    async fn events(&mut self, entries: &[Arc<Entry>]) -> Result<(), Over> {
        let mut frames: Vec<Bytes> = entries.iter().map(|entry| entry.frame().clone()).collect();
        if self.has(Fault::EventsSwapped) && frames.len() > 1 && self.dice.below(3) == 0 {
            frames.swap(0, 1);
        }
        for frame in frames {
            self.given += 1;
            let dropped = self.has(Fault::EventDropped) && self.dice.below(20) == 0;
            let frozen = self.has(Fault::Frozen) && self.given > 20;
            if !dropped && !frozen {
                self.send(frame).await?;
            }
        }
        Ok(())
    }

    /// A beginning as the fault of this world makes it.
    fn bent(&self, mut beginning: Beginning) -> Beginning {
        let replays = beginning.material.is_none() && beginning.from > Seq::ZERO;
        if replays && self.has(Fault::ResumeRepeats) {
            beginning.from = Seq::new(beginning.from.get() - 1);
        }
        if replays && self.has(Fault::ResumeSkips) && beginning.from < beginning.head {
            beginning.from = beginning.from.next();
        }
        if self.has(Fault::SnapshotOld) && matches!(beginning.plan, Plan::Snapshot(_)) {
            let mut drawer = self.shared.drawer.lock().unwrap();
            let Beginning { material, head, from, .. } =
                drawer.get_or_insert_with(|| beginning.clone()).clone();
            beginning = Beginning { material, head, from, ..beginning };
        }
        beginning
    }
}
