//! Somebody who reads the API: the fleet now and then, and in the end all events. Each read of the fleet is a snapshot
//! as a screen gets it, and is judged as one.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::clock::pause;
use crate::history::{Dice, Event, Frame, Position, Screen, View, event};
use crate::network::Call;
use crate::world::Surroundings;

const ACTOR: u64 = 50;
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Reading {
    around: Surroundings,
    dice: Dice,
    screen: Screen,
    /// What it read last: no read goes back before that.
    at: Option<Position>,
}

impl Reading {
    pub(crate) fn new(around: Surroundings, seed: u64) -> Self {
        let screen = Screen { name: "the reader of the fleet".to_owned(), frames: Vec::new() };
        Self { around, dice: Dice::new(seed), screen, at: None }
    }

    /// Reads the fleet until the world is calm.
    pub(crate) async fn watch(mut self) -> Self {
        while !self.around.weather.is_calm() {
            pause(Duration::from_millis(self.dice.below(4000))).await;
            self.around.time.turn(ACTOR).await;
            self.fleet().await;
        }
        self
    }

    /// Reads the fleet once more, and all events after a position.
    pub(crate) async fn finish(mut self, after: &Position) -> (Screen, Vec<(Position, Event)>) {
        self.fleet().await;
        let (mut cursor, mut all) = (format!("{}:{}", after.0, after.1), Vec::new());
        loop {
            let page = self.get(&format!("/api/v1/events?limit=300&after={cursor}")).await.unwrap();
            for frame in page["events"].as_array().unwrap() {
                all.push(((after.0.clone(), frame["seq"].as_u64().unwrap()), event(frame)));
            }
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return (self.screen, all),
            }
        }
    }

    async fn get(&self, path: &str) -> Option<Value> {
        let (to, answer) = oneshot::channel();
        let sent = self.around.door.call(Call::Read { path: path.to_owned(), answer: to });
        if !sent {
            return None;
        }
        timeout(PATIENCE, answer).await.ok()?.ok()?
    }

    async fn fleet(&mut self) {
        let Some(fleet) = self.get("/api/v1/fleet").await else { return };
        let (epoch, seq) = (fleet["epoch"].as_str().unwrap().to_owned(), fleet["seq"].as_u64().unwrap());
        let (cursor, at) = (self.at.clone(), (epoch.clone(), seq));
        let began = Frame::Began { cursor, sees: View::default(), mode: "snapshot".to_owned(), epoch, seq };
        self.screen.frames.push(began);
        let (agents, sessions) = (fleet["agents"].as_array().unwrap(), fleet["sessions"].as_array().unwrap());
        for item in agents.iter().chain(sessions) {
            self.screen.frames.push(Frame::Copied(item["rev"].as_u64().unwrap(), event(item)));
        }
        self.screen.frames.push(Frame::CopyEnd(seq));
        self.at = Some(at);
    }
}
