//! One bit flips in the database of a log that was stopped in order: nothing but the records' own checksums,
//! and the structure of the file, can notice it. What is given out then is right, or nothing is.

use super::*;
use crate::domain::cursor::Seq;
use crate::domain::event::Recorded;
use crate::domain::fleet::{Fleet, Removal};

/// Every so manieth byte is changed; no divisor of a page, so that all sorts of places are met.
const STEP: usize = 331;
const AGENTS: [&str; 4] = ["a1", "a2", "a3", "a4"];

/// What a log that is well says of everything.
struct Truth {
    epoch: Epoch,
    events: Vec<Recorded>,
    fleet: Fleet,
    receipts: Vec<Receipt>,
}

fn keyed(number: usize) -> Proposal {
    let key = IdempotencyKey {
        owner: UserId::parse("u").unwrap(),
        text: format!("key-{number}"),
        fingerprint: [1; 32],
    };
    Proposal { key: Some(key), ..signal(AGENTS[number % 3], Signal::Start) }
}

async fn stopped() -> (Directory, Truth) {
    let directory = Directory::new();
    let (log, _) = open(&directory);
    let mut receipts = Vec::new();
    for number in 0..12 {
        put(&log, activity(AGENTS[number % 4], &format!("message {number}"))).await;
        receipts.push(put(&log, keyed(number)).await);
    }
    put(&log, Proposal { command: Command::Forget(agent("a4")), key: None }).await;
    let (epoch, events) = history(&log).await;
    let fleet = log.load().await.unwrap().fleet;
    drop(log);
    (directory, Truth { epoch, events, fleet, receipts })
}

fn removals(fleet: &Fleet) -> Option<Vec<Removal>> {
    fleet.removals_since(Seq::ZERO).map(|removals| removals.cloned().collect())
}

/// Nothing, where it opens and tells the truth or nothing; otherwise what it lied about.
async fn lie(directory: &Directory, truth: &Truth) -> Option<String> {
    let opened = DiskLog::open(options(directory), Arc::new(ManualClock::default()), Arc::new(Counting));
    let Ok((log, why)) = opened else { return None };
    if let Ok(page) = log.read(Seq::ZERO, 1_000, None).await
        && page.events != truth.events
    {
        return Some("events".to_owned());
    }
    for id in AGENTS {
        let expected = truth.events.iter().filter(|one| *one.event.agent() == agent(id));
        if let Ok(page) = log.read(Seq::ZERO, 1_000, Some(agent(id))).await
            && !page.events.iter().eq(expected)
        {
            return Some(format!("events of {id}"));
        }
    }
    let Ok(loaded) = log.load().await else { return None };
    if loaded.epoch != truth.epoch && why.is_none() {
        return Some("epoch".to_owned());
    }
    if loaded.fleet.at() != truth.fleet.at() || loaded.fleet.len() != truth.fleet.len() {
        return Some("fleet".to_owned());
    }
    for (id, known) in truth.fleet.agents() {
        let same = loaded.fleet.get(id).is_some_and(|other| {
            (&other.status, other.rev, &other.sessions) == (&known.status, known.rev, &known.sessions)
        });
        if !same {
            return Some(format!("agent {id}"));
        }
    }
    if removals(&loaded.fleet).is_some_and(|some| Some(some) != removals(&truth.fleet)) {
        return Some("removals".to_owned());
    }
    for (number, receipt) in truth.receipts.iter().enumerate() {
        if let Ok(results) = log.append(vec![keyed(number)]).await
            && results[0].as_ref().is_ok_and(|again| again != receipt)
            // That one is taken twice then cannot be known, but was said.
            && !log.shared.pages.doubt.is_about_keys()
        {
            return Some(format!("key {number}"));
        }
    }
    None
}

/// Flips a bit in each of these places in turn; the lies that come of it.
async fn lies(
    places: impl IntoIterator<Item = (usize, u8)>,
    directory: &Directory,
    truth: &Truth,
) -> Vec<String> {
    let files = Files::of(&directory.0);
    assert_eq!(lie(directory, truth).await, None);
    files.put_back(&directory.0);
    let whole = std::fs::read(directory.file("events.db")).unwrap();
    let mut lies = Vec::new();
    for (place, bit) in places {
        files.put_back(&directory.0);
        let mut bytes = whole.clone();
        bytes[place] ^= bit;
        std::fs::write(directory.file("events.db"), bytes).unwrap();
        lies.extend(lie(directory, truth).await.map(|what| format!("byte {place}, bit {bit}: {what}")));
    }
    lies
}

fn size(directory: &Directory) -> usize {
    std::fs::metadata(directory.file("events.db")).unwrap().len().try_into().unwrap()
}

#[tokio::test]
async fn a_bit_that_flips_in_the_database_makes_no_lie() {
    let (directory, truth) = stopped().await;
    let places = (0..size(&directory)).step_by(STEP).map(|place| (place, 1 << (place % 8)));
    let lies = lies(places, &directory, &truth).await;
    assert!(lies.is_empty(), "{} lies:\n{}", lies.len(), lies.join("\n"));
}

#[tokio::test]
async fn a_bit_that_flips_in_the_head_of_a_page_hides_nothing() {
    let (directory, truth) = stopped().await;
    // The first page has the head of the file before its own.
    let heads = (0..size(&directory)).step_by(4096).chain([100]);
    let places = heads.flat_map(|head| (head..head + 8).flat_map(|place| [(place, 1), (place, 2)]));
    let lies = lies(places, &directory, &truth).await;
    assert!(lies.is_empty(), "{} lies:\n{}", lies.len(), lies.join("\n"));
}

#[tokio::test]
async fn a_history_without_its_state_is_no_new_log() {
    let (directory, _) = stopped().await;
    let connection = rusqlite::Connection::open(directory.file("events.db")).unwrap();
    connection.execute("DELETE FROM state", []).unwrap();
    drop(connection);
    let opened = DiskLog::open(options(&directory), Arc::new(ManualClock::default()), Arc::new(Counting));
    let Err(LogError::Unavailable(why)) = opened else { panic!("it opened") };
    assert!(why.to_string().contains("state cannot be read"), "{why}");
}
