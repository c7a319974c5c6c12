//! Those who report over HTTP, 32 in one request, as fast as they are answered.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::history::{Dice, Position, Report};
use crate::load::{insist, token};
use crate::progress::Counter;
use crate::support::http::Connection;

/// Reports that are under way at once.
pub(crate) const WINDOW: usize = 32;

/// An agent that every view shows.
pub(crate) const IN_ALL_VIEWS: &str = "a7";

/// All agents.
pub(crate) fn agents() -> Vec<String> {
    ["a", "b"].iter().flat_map(|team| (0..16).map(move |number| format!("{team}{number}"))).collect()
}

/// A message of this word, mostly short.
pub(crate) fn message(word: &str, dice: &mut Dice) -> String {
    let length = if dice.below(10) == 0 { 3_000 } else { 20 + dice.below(400) };
    let words = 1 + usize::try_from(length).unwrap() / (word.len() + 1);
    vec![word; words].join(" ")
}

/// Something that an agent says, which is written down, or something else that happens to it, which is not.
fn item(word: &str, dice: &mut Dice) -> (Value, bool) {
    let agents = agents();
    let agent = &agents[usize::try_from(dice.below(u64::try_from(agents.len()).unwrap())).unwrap()];
    let status = ["online", "offline", "error"][usize::try_from(dice.below(3)).unwrap()];
    // No restarts: a crash loop ends by time, perhaps behind what is taken for the end.
    let event = ["start", "stop"][usize::try_from(dice.below(2)).unwrap()];
    let item = match dice.below(20) {
        0 => json!({"kind": "lifecycle", "agentId": agent, "event": event, "idempotencyKey": word}),
        1 | 2 => json!({"kind": "status", "agentId": agent, "status": status, "idempotencyKey": word}),
        _ => {
            let text = message(word, dice);
            let said = json!({"kind": "activity", "agentId": agent, "sessionId": "s", "lastMessage": text,
                "idempotencyKey": word});
            return (said, true);
        }
    };
    (item, false)
}

pub(crate) struct Bursts {
    pub(crate) address: SocketAddr,
    pub(crate) number: u64,
    pub(crate) dice: Dice,
    pub(crate) counter: Counter,
}

impl Bursts {
    /// So many requests. At times nobody waits for the answer and it is asked again, or what was answered is.
    pub(crate) async fn report(mut self, requests: u64) -> Vec<Report> {
        let token = token(&format!("bursts{}", self.number), "report admin");
        let (mut reports, mut connection) = (Vec::new(), Connection::open(self.address).await);
        for request in 0..requests {
            let words: Vec<_> =
                (0..WINDOW).map(|item| format!("h{}r{request}i{item}", self.number)).collect();
            let items: Vec<_> = words.iter().map(|word| item(word, &mut self.dice)).collect();
            let body = Value::Array(items.iter().map(|(item, _)| item.clone()).collect()).to_string();
            let text = format!(
                "POST /api/v1/reports HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                self.address,
                body.len()
            );
            if self.dice.below(15) == 0 {
                connection.write(text.as_bytes()).await;
                connection = Connection::open(self.address).await;
            }
            let mut answers = vec![self.ask(&mut connection, &text).await];
            if self.dice.below(15) == 0 {
                answers.push(self.ask(&mut connection, &text).await);
            }
            for (place, (word, (_, said))) in words.into_iter().zip(items).enumerate() {
                if said {
                    let answers = answers.iter().map(|answer| answer[place].clone()).collect();
                    reports.push(Report { id: word, answers, key_taken_in: None });
                }
            }
            if self.dice.below(20) == 0 {
                let agent = format!("b{}", self.dice.below(16));
                let head = format!("DELETE /api/v1/agents/{agent} HTTP/1.1\r\nAuthorization: Bearer {token}");
                let _gone_or_unknown = insist(self.address, &head, "").await;
            }
        }
        reports
    }

    /// The positions that are answered: of one request in its order.
    async fn ask(&self, connection: &mut Connection, text: &str) -> Vec<Position> {
        connection.write(text.as_bytes()).await;
        let answer = connection.answer().await.expect("closed without an answer");
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = answer.json();
        let positions: Vec<_> = body["results"].as_array().unwrap().iter().map(position).collect();
        assert!(positions.is_sorted(), "a batch is not in its order: {positions:?}");
        self.counter.add(u64::try_from(positions.len()).unwrap());
        positions
    }
}

/// The position of an answer.
pub(crate) fn position(answer: &Value) -> Position {
    assert_eq!(answer["applied"], true, "{answer}");
    (answer["epoch"].as_str().unwrap().to_owned(), answer["seq"].as_u64().unwrap())
}
