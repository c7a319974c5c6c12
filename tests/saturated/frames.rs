//! Those who report over a WebSocket, a frame for each report, 32 of them under way.

use std::collections::VecDeque;
use std::net::SocketAddr;

use serde_json::json;

use crate::bursts::{WINDOW, agents, message, position};
use crate::history::{Dice, Position, Report};
use crate::load::token;
use crate::progress::Counter;
use crate::support::screen::Screen;

pub(crate) struct Frames {
    pub(crate) address: SocketAddr,
    pub(crate) number: u64,
    pub(crate) dice: Dice,
    pub(crate) counter: Counter,
}

/// A report that was not answered yet.
struct UnderWay {
    word: String,
    frame: serde_json::Value,
    /// It was sent before, and may stand where it came to then.
    again: bool,
}

impl Frames {
    /// So many reports, and at last one for each agent, so that all are believed as long as the socket stays open.
    pub(crate) async fn report(mut self, count: u64) -> (Vec<Report>, Screen) {
        let token = token(&format!("frames{}", self.number), "report");
        let mut screen = Screen::open(self.address, &token).await;
        let (mut reports, mut last) = (Vec::new(), None);
        let (mut under_way, mut sent) = (VecDeque::new(), 0);
        let agents = agents();
        let sides = u64::try_from(agents.len()).unwrap();
        while sent < count + sides || !under_way.is_empty() {
            while under_way.len() < WINDOW && sent < count + sides {
                let agent = if sent < count { self.dice.below(sides) } else { sent - count };
                let report = self.next(sent, &agents[usize::try_from(agent).unwrap()]);
                screen.send(&report.frame).await;
                under_way.push_back(report);
                sent += 1;
            }
            let (report, at) = Self::answered(&mut screen, &mut under_way).await;
            self.counter.add(1);
            if !report.again {
                assert!(
                    last.as_ref().is_none_or(|last| *last < at),
                    "{} is answered out of order",
                    report.word
                );
                last = Some(at.clone());
            }
            reports.push(Report { id: report.word, answers: vec![at], key_taken_in: None });
            if sent < count && self.dice.below(300) == 0 {
                // What it had under way is sent again, and counts once.
                drop(screen);
                screen = Screen::open(self.address, &token).await;
                for report in &mut under_way {
                    report.again = true;
                    screen.send(&report.frame).await;
                }
            }
        }
        (reports, screen)
    }

    fn next(&mut self, sent: u64, agent: &str) -> UnderWay {
        let word = format!("f{}r{sent}", self.number);
        let text = message(&word, &mut self.dice);
        let frame = json!({"type": "report", "payload": {"id": word, "kind": "activity", "agentId": agent,
            "sessionId": "s", "lastMessage": text, "idempotencyKey": word}});
        UnderWay { word, frame, again: false }
    }

    /// The next answer, which is that of the oldest report.
    async fn answered(screen: &mut Screen, under_way: &mut VecDeque<UnderWay>) -> (UnderWay, Position) {
        loop {
            let frame = screen.next().await;
            let payload = &frame["payload"];
            match frame["type"].as_str().unwrap() {
                "hello" | "sync:end" | "heartbeat" => {}
                "reported" => {
                    let report = under_way.pop_front().expect("nothing is under way");
                    assert_eq!(payload["id"], report.word, "answers come in order");
                    return (report, position(payload));
                }
                // So many a second may all sockets report together; a quick machine gets there.
                "error" if payload["code"] == "rate_limited" => {
                    let mut report = under_way.pop_front().expect("nothing is under way");
                    assert_eq!(payload["id"], report.word, "answers come in order");
                    report.again = true;
                    screen.send(&report.frame).await;
                    under_way.push_back(report);
                }
                _ => panic!("{frame}"),
            }
        }
    }
}
