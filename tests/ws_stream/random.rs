//! Random reports and random screens, from seeds: every screen is right in the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::fold::Fold;
use crate::support::reports::{fleet, status};
use crate::support::{TestServer, http};

const REPORTERS: u64 = 4;
const REPORTS: usize = 150;
const SCREENS: u64 = 10;

/// xorshift64*: the same run for the same seed.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::try_from(self.below(u64::try_from(words.len()).unwrap())).unwrap()]
    }
}

/// One random report of a reporter, or the end of an agent.
async fn report(server: &TestServer, dice: &mut Dice, number: usize, tokens: &(String, String)) {
    let agent = dice.one_of(&["a1", "a2", "a3", "b1", "b2"]);
    let path = format!("/api/v1/agents/{agent}");
    let post = async |way: &str, body: Value| {
        let answer = http::post(server.address, &format!("{path}/{way}"), &tokens.0, &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    match dice.below(20) {
        0 => {
            let answer = http::delete(server.address, &path, &tokens.1).await;
            assert!([200, 204, 404].contains(&answer.status), "{answer:?}");
        }
        1..=6 => {
            let status = dice.one_of(&["online", "offline", "error"]);
            let labels = [json!({}), json!({"team": "x"}), Value::Null][number % 3].clone();
            let state = [json!("working"), json!("idle"), Value::Null][number / 3 % 3].clone();
            post("status", json!({"status": status, "message": "m", "state": state, "labels": labels})).await;
        }
        7..=11 => {
            let event = dice.one_of(&["start", "stop", "restart", "crash"]);
            let labels = [json!({}), json!({"team": "y"}), Value::Null, Value::Null][number % 4].clone();
            post("lifecycle", json!({"event": event, "labels": labels})).await;
        }
        _ => {
            let session = dice.one_of(&["s1", "s2", "s3", "s4"]);
            let body = json!({"lastMessage": format!("message {number}")});
            post(&format!("sessions/{session}/activity"), body).await;
        }
    }
}

/// A screen that comes and goes while there are reporters, then stays until it has seen everything.
async fn watch(server: &TestServer, seed: u64, reporting: &AtomicUsize) -> Fold {
    let mut dice = Dice::new(seed);
    let token = server.token("u1", "watch");
    let query = ["", "agents=a*", "agents=b1,b2&types=agent:status,agent:lifecycle,session:activity"];
    let query = query[usize::try_from(seed % 3).unwrap()];
    let mut fold = Fold::default();
    while reporting.load(Ordering::Acquire) > 0 {
        let mut screen = fold.resume(server.address, query, &token).await;
        let mut frames = dice.below(30);
        while frames > 0 && reporting.load(Ordering::Acquire) > 0 {
            fold.take(&screen.next().await);
            frames -= 1;
        }
        if dice.below(2) == 0 {
            let _answered = screen.socket.close(None).await;
        }
        drop(screen);
        fold.disconnected();
    }
    let mut screen = fold.resume(server.address, query, &token).await;
    let head = fleet(server, &token, |_| true).await.1;
    fold.follow(&mut screen, |fold| fold.synced && fold.seq >= head).await;
    assert_eq!(fold.complete, query.is_empty());
    fold
}

async fn run(seed: u64) {
    let settings = [
        ("stream.heartbeat_ms", "1000"),
        ("stream.ring_events", "48"),
        ("stream.replay_events", "32"),
        ("limits.sessions_per_agent", "3"),
        ("limits.reports_burst", "100000"),
    ];
    let server = Arc::new(TestServer::with(&settings).await);
    let reporting = Arc::new(AtomicUsize::new(usize::try_from(REPORTERS).unwrap()));
    let tokens = Arc::new((server.token("r", "report"), server.token("r", "admin")));
    let reporters = (0..REPORTERS).map(|number| {
        let (server, reporting, tokens) = (server.clone(), reporting.clone(), tokens.clone());
        tokio::spawn(async move {
            let mut dice = Dice::new(seed * 1000 + number);
            for number in 0..REPORTS {
                report(&server, &mut dice, number, &tokens).await;
            }
            // Reads show this one before it returns, and with it all that was answered before.
            status(&server, "a1", "online", &format!("the end of {number}")).await;
            reporting.fetch_sub(1, Ordering::AcqRel);
        })
    });
    let reporters: Vec<_> = reporters.collect();
    let screens = (0..SCREENS).map(|number| {
        let (server, reporting) = (server.clone(), reporting.clone());
        tokio::spawn(async move { watch(&server, seed * 1000 + 500 + number, &reporting).await })
    });
    let screens: Vec<_> = screens.collect();
    for reporter in reporters {
        reporter.await.unwrap();
    }
    let token = server.token("u1", "watch");
    for (number, screen) in (0..SCREENS).zip(screens) {
        let fold = screen.await.unwrap();
        let prefix = ["", "a", "b"][usize::try_from((seed * 1000 + 500 + number) % 3).unwrap()];
        let expected = fleet(&server, &token, |agent| agent.starts_with(prefix)).await.0;
        assert_eq!(
            fold.fleet, expected,
            "seed {seed}, screen {number} at {}: {:?}",
            fold.seq, fold.beginnings
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn screens_that_come_and_go_at_random_are_right_in_the_end() {
    for seed in [1, 2, 3, 5, 8] {
        run(seed).await;
    }
}
