//! A simulated screen: it watches, reads slowly at times, is cut off, changes what it wants to see, goes away for
//! short or long, and comes back with its cursor.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::clock::pause;
use crate::fault::Fault;
use crate::history::{Client, Dice, Position, Screen, View};
use crate::network::{Ask, Call, Dial, token};
use crate::world::Surroundings;

/// A heartbeat comes before that.
const SILENT: Duration = Duration::from_secs(60);

pub(crate) struct SimScreen {
    around: Surroundings,
    client: Client,
    dice: Dice,
    number: u64,
    actor: u64,
    /// What its token allows, and what it asks for: agents that begin so.
    grant: &'static str,
    interest: &'static str,
    /// It waits for the answer to what it asked.
    waits: bool,
    /// Where the history ended, once it has.
    goal: watch::Receiver<Option<Position>>,
}

/// What grant and interest show together.
fn both(grant: &str, interest: &str) -> String {
    if grant.starts_with(interest) {
        grant.to_owned()
    } else if interest.starts_with(grant) {
        interest.to_owned()
    } else {
        "nobody".to_owned()
    }
}

impl SimScreen {
    pub(crate) fn new(
        around: Surroundings,
        number: u64,
        seed: u64,
        goal: watch::Receiver<Option<Position>>,
    ) -> Self {
        let mut screen = Self {
            client: Client::new(format!("screen {number}"), View::default()),
            dice: Dice::new(seed),
            number,
            actor: 1 + 2 * number,
            grant: if number.is_multiple_of(3) { "a" } else { "" },
            interest: "",
            waits: false,
            goal,
            around,
        };
        screen.look_at();
        screen
    }

    fn look_at(&mut self) {
        self.client.asked = View::beginning(&both(self.grant, self.interest));
    }

    fn token(&self) -> String {
        token(&format!("screen{}", self.number), "watch", self.grant)
    }

    fn tell(&self, what: &str) {
        let name = &self.client.screen.name;
        self.around.trace.tell(format!("{name} {what} at {:?}", self.client.at));
    }

    /// Watches until the world is calm, then until it has everything or the time is up.
    pub(crate) async fn watch(mut self, deadline: Duration) -> Screen {
        while !self.around.weather.is_calm() {
            self.connect().await;
            let away = match self.dice.below(10) {
                0 => 10_000 + self.dice.below(20_000),
                1 | 2 => self.dice.below(5000),
                _ => self.dice.below(1000),
            };
            pause(Duration::from_millis(away)).await;
        }
        let finish = async {
            while !self.is_done() {
                self.connect().await;
                pause(Duration::from_millis(500)).await;
            }
        };
        let _in_time = timeout(deadline, finish).await;
        self.client.screen
    }

    fn is_done(&self) -> bool {
        self.goal.borrow().as_ref().is_some_and(|goal| self.client.at.as_ref() == Some(goal))
    }

    /// One connection, until it ends.
    async fn connect(&mut self) {
        self.around.time.turn(self.actor).await;
        if self.dice.below(6) == 0 {
            self.change_mind();
        }
        let (frames, mut arriving) = mpsc::channel(self.around.weather.pipe);
        let (asks, asked) = mpsc::channel(1);
        let dial = Dial {
            token: self.token(),
            agents: format!("{}*", self.interest),
            cursor: self.client.cursor(),
            frames,
            asks: asked,
            actor: self.actor + 1,
            seed: self.dice.below(u64::from(u32::MAX)),
        };
        self.waits = false;
        if !self.around.door.call(Call::Watch(dial)) {
            return;
        }
        let mut left = 1 + self.dice.below(300);
        while let Ok(Some(frame)) = timeout(SILENT, arriving.recv()).await {
            self.around.time.turn(self.actor).await;
            self.read_slowly().await;
            let goes_on = self.take(&frame);
            left = left.saturating_sub(1);
            let cut = left == 0 && !self.around.weather.is_calm();
            if !goes_on || cut || self.is_done() {
                self.tell("is gone");
                return;
            }
            if !self.waits && self.dice.below(100) == 0 {
                self.ask(&asks);
            }
        }
    }

    /// The network takes a while, and sometimes so long that the connection is given up.
    async fn read_slowly(&mut self) {
        let slow = match self.dice.below(400) {
            0 => 10_000 + self.dice.below(35_000),
            1..=6 => self.dice.below(3000),
            7..=30 => self.dice.below(200),
            _ => return,
        };
        if !self.around.weather.is_calm() {
            pause(Duration::from_millis(slow)).await;
            self.around.time.turn(self.actor).await;
        }
    }

    fn change_mind(&mut self) {
        if self.dice.below(2) == 0 {
            self.grant = ["", "a"][usize::try_from(self.dice.below(2)).unwrap()];
        } else {
            self.interest = ["", "a", "b", "a1"][usize::try_from(self.dice.below(4)).unwrap()];
        }
        self.look_at();
    }

    fn ask(&mut self, asks: &mpsc::Sender<Ask>) {
        let before = self.grant;
        self.change_mind();
        let ask = if self.grant == before {
            Ask::Interest(format!("{}*", self.interest))
        } else {
            Ask::Refresh(self.token())
        };
        self.waits = asks.try_send(ask).is_ok();
        self.tell("asks for something else");
    }

    /// Takes a frame. Whether the connection goes on.
    fn take(&mut self, frame: &Bytes) -> bool {
        let frame: Value = serde_json::from_slice(frame).unwrap();
        match frame["type"].as_str().unwrap() {
            "goodbye" | "error" => return false,
            // Where it saw the same before and after, that is all; otherwise a beginning follows.
            "auth:refreshed" => return true,
            _ => {}
        }
        if let Some(reason) = self.client.take(&frame) {
            let mode = &frame["payload"]["mode"];
            self.tell(&format!("begins, {mode} since {reason},"));
            self.waits &= !reason.ends_with("_changed");
            if self.around.weather.fault == Some(Fault::CursorTooEarly)
                && let Some(seq) = frame["payload"]["seq"].as_u64()
            {
                self.client.at = Some((frame["payload"]["epoch"].as_str().unwrap().to_owned(), seq));
            }
        }
        true
    }
}
