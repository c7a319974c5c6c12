//! Right histories, made by a world that does what the contract says: for the tests of the checker.

use std::collections::BTreeMap;

use super::history::{Dice, Event, Frame, History, Position, Report, Screen, View};

struct Client {
    screen: Screen,
    sees: View,
    /// Up to where it was served; nothing while it is away.
    connected: Option<u64>,
    at: Option<Position>,
}

/// A history of so many steps.
pub(crate) fn history(seed: u64, steps: usize) -> History {
    let mut dice = Dice::new(seed);
    let mut history = History::default();
    let mut clients: Vec<Client> = ["", "a", "b", ""]
        .into_iter()
        .enumerate()
        .map(|(number, sees)| Client {
            screen: Screen { name: format!("screen {number}"), frames: Vec::new() },
            sees: View::beginning(sees),
            connected: None,
            at: None,
        })
        .collect();
    for step in 0..steps {
        match dice.below(10) {
            0..=5 => report(&mut history, &mut dice, step),
            6 => {
                let client = &mut clients[usize::try_from(dice.below(4)).unwrap()];
                client.connected = None;
            }
            _ => {
                let client = &mut clients[usize::try_from(dice.below(4)).unwrap()];
                go_on(client, &history, &mut dice);
            }
        }
    }
    for client in &mut clients {
        go_on(client, &history, &mut dice);
        go_on(client, &history, &mut dice);
    }
    history.screens = clients.into_iter().map(|client| client.screen).collect();
    history
}

fn position(history: &History) -> u64 {
    u64::try_from(history.events.len()).unwrap()
}

fn report(history: &mut History, dice: &mut Dice, step: usize) {
    let agent = ["a1", "a2", "b1"][usize::try_from(dice.below(3)).unwrap()].to_owned();
    let at = ("e".to_owned(), position(history) + 1);
    if dice.below(8) == 0 {
        history.events.push((at, Event::Gone { agent }));
        return;
    }
    let id = format!("r{step}");
    // Answered, answered twice (asked again), kept without an answer, or not kept and not answered.
    let answers = match dice.below(6) {
        0 => vec![at.clone(), at.clone()],
        1 | 5 => Vec::new(),
        _ => vec![at.clone()],
    };
    if !answers.is_empty() || dice.below(2) == 0 {
        history.events.push((at, Event::Said { agent, id: id.clone() }));
    }
    history.reports.push(Report { id, answers, key_taken_in: None });
}

fn go_on(client: &mut Client, history: &History, dice: &mut Dice) {
    let head = position(history);
    let after = match client.connected {
        Some(after) => after,
        None => begin(client, history, dice),
    };
    let (start, end) = (usize::try_from(after).unwrap(), usize::try_from(head).unwrap());
    for ((_, seq), event) in history.events.iter().take(end).skip(start) {
        if client.sees.shows(event) {
            client.screen.frames.push(Frame::Event(*seq, event.clone()));
        }
    }
    client.screen.frames.push(Frame::Heartbeat(head));
    client.at = Some(("e".to_owned(), head));
    client.connected = Some(head);
}

/// Connects: gives up to where it is served by that.
fn begin(client: &mut Client, history: &History, dice: &mut Dice) -> u64 {
    let head = position(history);
    let (cursor, sees) = (client.at.clone(), client.sees.clone());
    let mode = match &cursor {
        None => "snapshot",
        Some((_, seq)) if *seq == head => "live",
        Some(_) => ["replay", "delta", "snapshot"][usize::try_from(dice.below(3)).unwrap()],
    };
    let began =
        Frame::Began { cursor: cursor.clone(), sees, mode: mode.into(), epoch: "e".into(), seq: head };
    client.screen.frames.push(began);
    let after = match (mode, &cursor) {
        ("delta", Some((_, after))) => *after,
        ("replay" | "live", Some((_, after))) => return *after,
        _ => 0,
    };
    let since = history.events.iter().skip(usize::try_from(after).unwrap());
    let shown = since.filter(|(_, event)| client.sees.shows(event));
    // The latest of each agent, in order; a snapshot has no removals.
    let mut latest: BTreeMap<&str, (u64, &Event)> = BTreeMap::new();
    for ((_, seq), event) in shown {
        latest.insert(event.agent(), (*seq, event));
    }
    let mut latest: Vec<_> = latest.into_values().collect();
    latest.sort_by_key(|(seq, _)| *seq);
    for (seq, event) in latest {
        if mode == "delta" || !matches!(event, Event::Gone { .. }) {
            client.screen.frames.push(Frame::Copied(seq, event.clone()));
        }
    }
    client.screen.frames.push(Frame::CopyEnd(head));
    head
}
