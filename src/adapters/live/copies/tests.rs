//! Readers of copies side by side: that all read the same, whatever is kept for them, and what is held at most.

use proptest::prelude::*;

use super::*;
use crate::adapters::live::{Part, Parts};
use crate::adapters::wire::snapshot::Counted;
use crate::domain::cursor::{Cursor, Epoch, Seq};
use crate::domain::desk::{Command, Desk};
use crate::domain::event::Recorded;
use crate::domain::fleet::Fleet;
use crate::domain::grant::{Grant, Scope, Scopes};
use crate::domain::id::AgentId;
use crate::domain::interest::Interest;
use crate::domain::lifecycle::Status;
use crate::domain::limits::Limits;
use crate::domain::pattern::Patterns;
use crate::domain::report::{Report, ReportBody};
use crate::domain::text::Labels;
use crate::domain::time::Timestamp;
use crate::ports::live_feed::Past;

const ALL: Bounds = Bounds { parts_bytes: usize::MAX, sources_bytes: usize::MAX, ..BOUNDS };

/// A fleet of so many, and what happened to it: each came and then went into error.
fn history(agents: usize) -> (Arc<Fleet>, Vec<Recorded>) {
    let mut desk = Desk::new(Fleet::default(), Limits::default());
    let mut events = Vec::new();
    for number in 0..2 * agents {
        let agent = AgentId::parse(&format!("a{:05}", number % agents)).unwrap();
        let status = if number < agents { Status::Online } else { Status::Error };
        let body = ReportBody::Status { status, message: None, state: None, labels: None::<Labels> };
        let report = Report::new(agent, body);
        let decision = desk.decide(&Command::Report(report), Timestamp::saturating(7)).unwrap();
        events.extend(desk.keep(decision));
    }
    (Arc::new(desk.fleet().clone()), events)
}

fn fleet(agents: usize) -> Material {
    Material::Fleet(history(agents).0)
}

fn past(events: Vec<Recorded>) -> Arc<Past> {
    Arc::new(Past { epoch: Epoch::parse("e1").unwrap(), after: Seq::ZERO, events })
}

fn view(asked: &str) -> Arc<View> {
    let agents = Patterns::parse([asked]).unwrap();
    let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
    Arc::new(View::new(grant, Interest { agents, ..Interest::all() }))
}

fn lines(json: &[u8], _: Option<&Cursor>, part: &mut Vec<u8>) {
    part.extend_from_slice(json);
    part.push(b'\n');
}

fn copies(bounds: Bounds) -> Arc<Copies> {
    Arc::new(Copies::bounded(lines, bounds))
}

fn bytes(parts: &mut Parts) -> bytes::Bytes {
    match parts.read().unwrap() {
        Part::Bytes(bytes) => bytes,
        Part::End(_) => panic!("it has more parts"),
    }
}

/// What is left of it, its counts, and how many parts that were.
fn rest(parts: &mut Parts) -> (Vec<u8>, Counted, usize) {
    let mut text = Vec::new();
    for count in 0.. {
        match parts.read().unwrap() {
            Part::Bytes(part) => text.extend_from_slice(&part),
            Part::End(end) => return (text, end, count),
        }
    }
    unreachable!("a copy ends")
}

fn kept(copies: &Copies) -> usize {
    copies.bytes.load(Ordering::SeqCst)
}

#[test]
fn a_copy_is_read_in_parts_and_ends_with_what_was_in_them() {
    let (copies, fleet) = (copies(ALL), fleet(3000));
    let mut one = Parts::open(&copies, fleet.clone(), view("*"));
    let mut other = Parts::open(&copies, fleet, view("*"));
    let (text, end, parts) = rest(&mut one);
    assert_eq!(end, Counted { agents: 3000, ..Counted::default() });
    let text_of = String::from_utf8(text.clone()).unwrap();
    assert_eq!(text_of.lines().count(), 3000);
    assert!(text_of.lines().last().unwrap().contains("a02999"));
    assert!(parts > 3, "{parts} parts");
    assert_eq!(rest(&mut other), (text, end, parts), "and it is the same for everybody");
}

#[test]
fn a_part_is_encoded_once_for_all_who_see_the_same_and_kept_for_nobody_alone() {
    let (copies, fleet) = (copies(ALL), fleet(10));
    let mut alone = Parts::open(&copies, fleet.clone(), view("b*"));
    assert!(bytes(&mut alone).is_empty());
    let mut first = Parts::open(&copies, fleet.clone(), view("a*"));
    let whole = bytes(&mut first);
    assert_eq!(kept(&copies), 0, "nobody else reads it");
    let mut one = Parts::open(&copies, fleet.clone(), view("a*"));
    let mut other = Parts::open(&copies, fleet, view("a*"));
    let part = bytes(&mut one);
    assert_eq!(part.as_ptr(), bytes(&mut other).as_ptr());
    assert_eq!(part, whole);
    assert_eq!(kept(&copies), part.len());
    drop((first, one, other));
    assert_eq!(kept(&copies), 0);
}

#[test]
fn what_is_hidden_makes_no_part_long() {
    let copies = copies(ALL);
    let (text, end, parts) = rest(&mut Parts::open(&copies, fleet(9000), view("nobody")));
    assert_eq!((text.as_slice(), end), (&b""[..], Counted::default()));
    assert!(parts >= 4, "agents that are looked at count too: {parts} parts");
}

#[test]
fn nobody_waits_for_those_who_read_nothing() {
    let (copies, fleet) = (copies(BOUNDS), fleet(3000));
    let open = |name: usize| Parts::open(&copies, fleet.clone(), view(&format!("a{name:05}*")));
    let mut stalled: Vec<Parts> = (0..1000).map(open).collect();
    stalled.iter_mut().for_each(|parts| assert!(parts.read().is_some()));
    let late = rest(&mut Parts::open(&copies, fleet.clone(), view("*")));
    assert_eq!(late.1.agents, 3000);
    assert!(stalled.iter_mut().all(|parts| rest(parts).1.agents == 1), "and they get theirs");
}

#[test]
fn parts_are_given_up_first_where_few_read_them_and_who_reads_goes_on() {
    let copies = copies(Bounds { parts_bytes: 400_000, ..ALL });
    let fleet = fleet(3000);
    let open = |name: &str, readers: usize| -> Vec<Parts> {
        (0..readers).map(|_| Parts::open(&copies, fleet.clone(), view(name))).collect()
    };
    let (mut many, mut few) = (open("*", 3), open("a*", 2));
    let whole = rest(&mut many[0]);
    assert!(kept(&copies) > 400_000, "what most read is kept whatever it weighs");
    let half: Vec<_> = few.iter_mut().map(bytes).collect();
    assert_eq!(half[0], half[1]);
    assert_ne!(half[0].as_ptr(), half[1].as_ptr(), "given up at once");
    assert_eq!(kept(&copies), whole.0.len());
    for parts in &mut few {
        assert_eq!([&half[0][..], &rest(parts).0].concat(), whole.0);
    }
    assert_eq!(rest(&mut many[1]), whole);
    let second = rest(&mut many[2]);
    assert_eq!(second, whole);
}

#[test]
fn the_oldest_source_gives_way_and_says_what_its_readers_have() {
    let copies = copies(Bounds { sources_min: 2, sources_bytes: 0, ..ALL });
    let at = Seq::new(77);
    let (now, events) = history(600);
    let mut snapshot = Parts::open(&copies, fleet(1), view("*"));
    let mut replay = Parts::open(&copies, Material::Events(past(events), Seq::new(3)), view("*"));
    assert!(snapshot.read().is_some());
    let mut delta = Parts::open(&copies, Material::Changes(now, Seq::new(5)), view("*"));
    assert!(snapshot.read().is_none(), "there is room for two");
    assert_eq!(snapshot.broken_off(at), (at, None));
    assert_eq!(replay.broken_off(at), (Seq::new(3), Some(Seq::new(3))));
    let part = String::from_utf8(bytes(&mut replay).to_vec()).unwrap();
    let last: serde_json::Value = serde_json::from_str(part.lines().last().unwrap()).unwrap();
    let sent = Seq::new(last["seq"].as_u64().unwrap());
    assert!(sent > Seq::new(3) && sent < Seq::new(1200), "{sent}");
    let newest = Parts::open(&copies, fleet(1), view("*"));
    assert!(replay.read().is_none() && delta.read().is_some());
    assert_eq!(replay.broken_off(at), (sent, Some(sent)), "every event up to there was in its parts");
    assert_eq!(delta.broken_off(at), (at, Some(Seq::new(5))));
    drop((snapshot, replay, delta, newest));
    assert!(copies.read().copies.is_empty() && copies.read().sources.is_empty());
}

#[test]
fn all_that_is_read_of_one_source_counts_once() {
    let copies = copies(Bounds { sources_min: 1, sources_bytes: 0, ..ALL });
    let (fleet, _) = history(3);
    let whole = Material::Fleet(Arc::clone(&fleet));
    let changes = |after| Material::Changes(Arc::clone(&fleet), Seq::new(after));
    let opened = [(whole.clone(), "*"), (whole, "a*"), (changes(1), "*"), (changes(2), "*")];
    let mut parts = opened.map(|(material, asked)| Parts::open(&copies, material, view(asked)));
    assert_eq!(copies.read().sources.len(), 1);
    parts.iter_mut().for_each(|parts| assert!(parts.read().is_some()));
    drop(parts);
    assert_eq!(Arc::strong_count(&fleet), 1, "nobody reads it");
}

#[test]
fn fleets_weigh_what_they_do_not_share_with_newer_ones() {
    let (mut desk, mut sources) = (Desk::new(Fleet::default(), Limits::default()), Vec::new());
    for number in 0..3_000_u64 {
        let agent = AgentId::parse(&format!("a{:05}", number % 1000)).unwrap();
        let status = if number % 2000 < 1000 { Status::Online } else { Status::Error };
        let body = ReportBody::Status { status, message: None, state: None, labels: None::<Labels> };
        let report = Command::Report(Report::new(agent, body));
        let decision = desk.decide(&report, Timestamp::saturating(number)).unwrap();
        desk.keep(decision);
        if [999, 1999, 2899, 2999].contains(&number) {
            sources.push(Source::of(&Material::Fleet(Arc::new(desk.fleet().clone()))));
        }
    }
    let newest = desk.fleet().at();
    let weights: Vec<usize> = sources.iter().map(|source| source.weight(newest)).collect();
    assert!(weights[0] == weights[1] && weights[1] == weights[3], "nothing is shared: {weights:?}");
    assert!(weights[2] < weights[3] / 2, "all but a hundred are: {weights:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// However readers come, read side by side, and lose the parts that were kept for them.
    #[test]
    fn everybody_reads_the_same_whatever_is_kept(
        kind in 0..3_u8,
        asked in prop::sample::select(vec!["*", "a0*", "*5"]),
        parts_bytes in prop::sample::select(vec![0, 100_000, usize::MAX]),
        turns in prop::collection::vec(0..4_usize, 0..60),
    ) {
        let (now, events) = history(700);
        let material = match kind {
            0 => Material::Fleet(now),
            1 => Material::Changes(now, Seq::new(900)),
            _ => Material::Events(past(events), Seq::new(100)),
        };
        let alone = rest(&mut Parts::open(&copies(ALL), material.clone(), view(asked)));
        // Another copy that more read is the one that is kept.
        let copies = copies(Bounds { parts_bytes, ..ALL });
        let mut others: Vec<Parts> =
            (0..9).map(|_| Parts::open(&copies, fleet(3), view("*"))).collect();
        others.iter_mut().for_each(|parts| drop(parts.read()));
        let mut readers: Vec<Option<(Parts, Vec<u8>)>> = (0..4).map(|_| None).collect();
        for turn in turns {
            let open = || (Parts::open(&copies, material.clone(), view(asked)), Vec::new());
            let (parts, text) = readers[turn].get_or_insert_with(open);
            if let Some(Part::Bytes(bytes)) = parts.read() {
                text.extend_from_slice(&bytes);
            }
        }
        for (mut parts, mut text) in readers.into_iter().flatten() {
            let (left, end, _) = rest(&mut parts);
            text.extend_from_slice(&left);
            prop_assert_eq!(&text, &alone.0);
            prop_assert_eq!(end, alone.1);
        }
        drop(others);
        prop_assert_eq!(kept(&copies), 0);
        prop_assert!(copies.read().copies.is_empty() && copies.read().sources.is_empty());
    }
}
