//! What cannot be waited for with a real socket: half a minute in which a peer takes nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;

use super::out::{self, BLOCKED_AFTER, Out};
use super::route::SseSettings;
use super::session::Session;
use crate::adapters::live::{Copies, Parts, Readers};
use crate::adapters::wire::caller::HangUp;
use crate::adapters::wire::handshake::OriginRule;
use crate::domain::cursor::{Epoch, Seq};
use crate::domain::event::{Event, Recorded};
use crate::domain::farewell::Farewell;
use crate::domain::fleet::Fleet;
use crate::domain::grant::{Grant, Principal, Scope, Scopes};
use crate::domain::id::{AgentId, ConnectionId, UserId};
use crate::domain::interest::Interest;
use crate::domain::pattern::Patterns;
use crate::domain::registry::Audience;
use crate::domain::resume::{Plan, Why};
use crate::domain::time::Moment;
use crate::domain::time::{Monotonic, Timestamp};
use crate::domain::view::View;
use crate::ports::clock::Clock;
use crate::ports::event_publisher::{Delivery, EventPublisher};
use crate::ports::live_feed::{Beginning, Material, MockLiveFeed, Opened, Past, Seat};

struct Stopped;

impl Clock for Stopped {
    fn wall(&self) -> Timestamp {
        Timestamp::saturating(0)
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::default()
    }
}

#[derive(Clone, Default)]
struct Told(Arc<AtomicBool>);

impl Told {
    fn tell(&self) -> impl Fn() + Send + Sync + 'static {
        let told = Arc::clone(&self.0);
        move || told.store(true, Ordering::SeqCst)
    }

    fn is_told(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// How a connection begins that sees everything.
fn beginning(plan: Plan, material: Option<Material>, from: u64) -> Beginning {
    let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
    let (head, view) = (Seq::new(from), Arc::new(View::new(grant, Interest::all())));
    Beginning { plan, material, head, from: head, view }
}

/// A connection that goes on live, and whether its seat was given up.
fn connection(readers: &Arc<Readers>, out: Out) -> (Session, Told) {
    let copies = Arc::new(Copies::new(super::frames::put_part));
    connected(readers, out, beginning(Plan::Live, None, 0), &copies, MockLiveFeed::new())
}

/// A connection, and whether its seat was given up.
fn connected(
    readers: &Arc<Readers>,
    out: Out,
    beginning: Beginning,
    copies: &Arc<Copies>,
    feed: MockLiveFeed,
) -> (Session, Told) {
    let grant = beginning.view.grant().clone();
    let hour = Timestamp::saturating(3_600_000);
    let left = Told::default();
    let opened = Opened {
        connection: ConnectionId::new(1),
        principal: Principal {
            user: UserId::parse("ada").unwrap(),
            token_id: None,
            issued_at: None,
            expires_at: hour,
            grant,
        },
        epoch: Epoch::parse("e1").unwrap(),
        beginning,
        ends_at: hour,
        server_started_at: Timestamp::saturating(0),
        server_time: Timestamp::saturating(0),
        seat: Seat::new(left.tell()),
    };
    let settings = SseSettings {
        feed: Arc::new(feed),
        clock: Arc::new(Stopped),
        origins: OriginRule::default(),
        query_token: true,
        heartbeat: Duration::from_secs(10),
    };
    (Session::new(opened, Arc::new(settings), readers, Arc::clone(copies), out), left)
}

fn publish(readers: &Readers, seq: u64) {
    let event = Event::AgentRemoved(AgentId::parse("a").unwrap());
    let recorded = Arc::new(Recorded { seq: Seq::new(seq), at: Moment::default(), event });
    readers.publish(&[Delivery { recorded, audience: Audience::default() }]);
}

fn text(piece: Option<Result<Bytes, std::convert::Infallible>>) -> String {
    String::from_utf8(piece.unwrap().unwrap().to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_for_half_a_minute_is_ended_with_its_connection() {
    let readers = Arc::new(Readers::new(64, super::encode));
    let cut = Told::default();
    let (out, body) = out::body(Some(HangUp::new(cut.tell())));
    let (session, left) = connection(&readers, out);
    let running = tokio::spawn(session.run());
    let mut body = Box::pin(body);
    assert!(text(body.next().await).starts_with("event: hello\ndata: {"));
    // Heartbeats go on; whoever takes one now and then stays.
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_secs(25)).await;
        assert!(text(body.next().await).starts_with("id: e1:0:"));
    }
    assert!(!left.is_told() && !running.is_finished());
    let since = tokio::time::Instant::now();
    running.await.unwrap();
    assert!(left.is_told() && cut.is_told());
    assert!(since.elapsed() <= BLOCKED_AFTER + Duration::from_secs(20), "{:?}", since.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_waits_for_a_slow_peer_but_its_place_in_the_node_does_not() {
    let readers = Arc::new(Readers::new(64, super::encode));
    let cut = Told::default();
    let (out, body) = out::body(Some(HangUp::new(cut.tell())));
    let (session, left) = connection(&readers, out);
    let running = tokio::spawn(session.run());
    publish(&readers, 1);
    readers.dismiss(ConnectionId::new(1), Farewell::Restart, Some(Duration::from_millis(5)));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(left.is_told() && !cut.is_told());
    let rest: Vec<String> = body.map(|piece| text(Some(piece))).collect().await;
    let goodbye =
        "event: goodbye\ndata: {\"type\":\"goodbye\",\"payload\":{\"code\":\"restart\",\"retryMs\":5}}\n\n";
    assert_eq!(rest.last().map(String::as_str), Some(goodbye), "{rest:?}");
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_replay_that_gave_way_is_followed_by_what_changed_since_its_last_event() {
    let recorded = |seq| {
        let event = Event::AgentRemoved(AgentId::parse("a").unwrap());
        Recorded { seq: Seq::new(seq), at: Moment::default(), event }
    };
    let events = (1..=3000).map(recorded).collect();
    let past = Arc::new(Past { epoch: Epoch::parse("e1").unwrap(), after: Seq::ZERO, events });
    let (plan, replay) = (Plan::Replay { after: Seq::new(9) }, Material::Events(past, Seq::new(9)));
    let asked = Arc::new(std::sync::Mutex::new(None));
    let mut feed = MockLiveFeed::new();
    feed.expect_catch_up().times(1).returning({
        let asked = Arc::clone(&asked);
        move |_, delivered, known| {
            *asked.lock().unwrap() = Some((delivered, known));
            let plan = Plan::Delta { after: delivered, why: Why::SlowReader };
            Ok(beginning(plan, Some(Material::Changes(Arc::default(), delivered)), 3000))
        }
    });
    let (readers, copies) =
        (Arc::new(Readers::new(64, super::encode)), Arc::new(Copies::new(super::frames::put_part)));
    let (out, body) = out::body(None);
    let begins = beginning(plan, Some(replay), 3000);
    let (session, _left) = connected(&readers, out, begins.clone(), &copies, feed);
    let running = tokio::spawn(session.run());
    let mut body = Box::pin(body);
    let mut frames = text(body.next().await) + &text(body.next().await);
    // More than are held, while it reads slowly.
    let newer = || Material::Fleet(Arc::new(Fleet::default()));
    let held: Vec<_> = (0..256).map(|_| Parts::open(&copies, newer(), Arc::clone(&begins.view))).collect();
    while !frames.contains("sync:end") {
        frames += &text(body.next().await);
    }
    let (delivered, known) = asked.lock().unwrap().unwrap();
    assert!(delivered > Seq::new(9) && delivered < Seq::new(3000) && known == Some(delivered));
    let seqs = |text: &str| -> Vec<u64> {
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        let frames = data.map(|data| serde_json::from_str::<serde_json::Value>(data).unwrap());
        frames
            .filter(|frame| frame["type"] == "agent:removed")
            .filter_map(|frame| frame["seq"].as_u64())
            .collect()
    };
    let (before, after) = frames.split_once("event: resync").unwrap();
    let expected: Vec<u64> = (10..=delivered.get()).collect();
    assert_eq!(seqs(before), expected, "each once, and none behind that");
    assert!(after.contains(&format!(r#""from":{}"#, delivered.next())), "{after}");
    drop((held, body));
    running.await.unwrap();
}
