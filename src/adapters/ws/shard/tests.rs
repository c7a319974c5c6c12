//! A shard, round by round, over real sockets: what happens when much is new at once.

use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::adapters::live::Parts;
use crate::adapters::wire::handshake::OriginRule;
use crate::adapters::ws::upgrade::Switched;
use crate::domain::cursor::Epoch;
use crate::domain::event::{Event, Recorded};
use crate::domain::fleet::Fleet;
use crate::domain::grant::{Grant, Principal, Scope, Scopes};
use crate::domain::id::{AgentId, UserId};
use crate::domain::interest::Interest;
use crate::domain::limits::Limits;
use crate::domain::pattern::Patterns;
use crate::domain::rate::Rate;
use crate::domain::registry::Audience;
use crate::domain::resume::{Plan, Why};
use crate::domain::time::Moment;
use crate::domain::time::Timestamp;
use crate::domain::view::View;
use crate::ports::clock::MockClock;
use crate::ports::event_log::Receipt;
use crate::ports::event_publisher::{Delivery, EventPublisher};
use crate::ports::intake::{MockIntake, Submission};
use crate::ports::live_feed::{Beginning, Material, MockLiveFeed, Opened, Past, Refreshed, Seat};

const ID: ConnectionId = ConnectionId::new(1);
const HOUR: Timestamp = Timestamp::saturating(3_600_000);

fn principal() -> Principal {
    let grant = Grant { scopes: Scopes::of([Scope::Watch, Scope::Report]), agents: Patterns::all() };
    let user = UserId::parse("ada").unwrap();
    Principal { user, token_id: None, issued_at: None, expires_at: HOUR, grant }
}

fn settings(feed: MockLiveFeed) -> Arc<WsSettings> {
    settings_with(feed, MockIntake::new())
}

fn settings_with(feed: MockLiveFeed, intake: MockIntake) -> Arc<WsSettings> {
    let mut clock = MockClock::new();
    clock.expect_wall().return_const(Timestamp::saturating(7));
    clock.expect_monotonic().return_const(Monotonic::default());
    let rate = Rate { per_second: 100, burst: 100 };
    Arc::new(WsSettings {
        feed: Arc::new(feed),
        intake: Arc::new(intake),
        clock: Arc::new(clock),
        origins: OriginRule::default(),
        query_token: true,
        heartbeat: Duration::from_secs(30),
        frame_bytes: 8192,
        frame_fragments: 16,
        frames: rate,
        interest_every: Duration::from_secs(1),
        reports: Limits::default(),
    })
}

/// How a connection begins that sees everything.
fn beginning(plan: Plan, material: Option<Material>, from: Seq) -> Beginning {
    let view = Arc::new(View::new(principal().grant, Interest::all()));
    Beginning { plan, material, head: from, from, view }
}

/// A shard with one connection, and its peer.
async fn shard(settings: &Arc<WsSettings>, beginning: Beginning) -> (Shard, Arc<LiveSockets>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (socket, _) = listener.accept().await.unwrap();
    let sockets = Arc::new(LiveSockets::new(64));
    let opened = Opened {
        connection: ID,
        principal: principal(),
        epoch: Epoch::parse("e1").unwrap(),
        beginning,
        ends_at: HOUR,
        server_started_at: Timestamp::saturating(1),
        server_time: Timestamp::saturating(7),
        seat: Seat::new(|| {}),
    };
    let registration = sockets.register(ID);
    let inbox = Arc::clone(registration.inbox());
    let switched = Switched { socket, came: bytes::Bytes::new(), answer: Vec::new() };
    let session = Session::new(opened, registration, switched, settings, sockets.copies());
    assert!(inbox.arrive(Box::new(session)));
    (Shard::new(Arc::clone(&sockets), inbox, Arc::clone(settings)), sockets, peer)
}

fn publish(sockets: &LiveSockets, seqs: &[u64]) {
    let event = Event::AgentRemoved(AgentId::parse("a").unwrap());
    let recorded =
        |seq: &u64| Arc::new(Recorded { seq: Seq::new(*seq), at: Moment::default(), event: event.clone() });
    let deliveries: Vec<_> =
        seqs.iter().map(|seq| Delivery { recorded: recorded(seq), audience: Audience::default() }).collect();
    sockets.publish(&deliveries);
}

/// A text frame under a mask of zeros.
fn text(json: &str) -> Vec<u8> {
    let length = u8::try_from(json.len()).unwrap();
    assert!(length < 126);
    [&[0x81, 0x80 | length, 0, 0, 0, 0], json.as_bytes()].concat()
}

/// Goes round until the peer has received this.
async fn receive(shard: &mut Shard, peer: &mut TcpStream, received: &mut String, what: &str) {
    let until = async {
        let mut bytes = [0; 4096];
        while !received.contains(what) {
            shard.round().await;
            tokio::select! {
                count = peer.read(&mut bytes) => {
                    received.push_str(&String::from_utf8_lossy(&bytes[..count.unwrap()]));
                }
                () = shard.inbox.woken() => {}
            }
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(10), until).await;
    assert!(in_time.is_ok(), "{what} does not come: {received}");
}

#[tokio::test]
async fn events_that_come_with_a_question_are_not_taken_for_delivered() {
    let asked = Arc::new(Mutex::new(None));
    let mut feed = MockLiveFeed::new();
    feed.expect_refresh().times(1).returning({
        let asked = Arc::clone(&asked);
        move |_, _, delivered| {
            *asked.lock().unwrap() = Some(delivered);
            Ok(Refreshed { principal: principal(), ends_at: HOUR, resync: None })
        }
    });
    let settings = settings(feed);
    let (mut shard, sockets, mut peer) = shard(&settings, beginning(Plan::Live, None, Seq::ZERO)).await;
    let mut received = String::new();
    receive(&mut shard, &mut peer, &mut received, "hello").await;
    shard.round().await;
    // Both are new for the same round: the peer's question first, by its socket.
    peer.write_all(&text(r#"{"type":"auth:refresh","payload":{"token":"t"}}"#)).await.unwrap();
    shard.inbox.woken().await;
    publish(&sockets, &[1, 2]);
    receive(&mut shard, &mut peer, &mut received, r#""seq":2"#).await;
    assert_eq!(*asked.lock().unwrap(), Some(Seq::ZERO));
    let place = |what| received.find(what).unwrap();
    assert!(place("auth:refreshed") < place(r#""seq":1"#) && place(r#""seq":1"#) < place(r#""seq":2"#));
}

#[tokio::test]
async fn reports_that_came_together_are_asked_for_together_and_answered_in_the_order_of_all_frames() {
    let mut intake = MockIntake::new();
    let asked = Arc::new(Mutex::new(Vec::new()));
    intake.expect_report().times(2).returning({
        let asked = Arc::clone(&asked);
        move |_, submissions: Vec<Submission>| {
            asked.lock().unwrap().push(submissions.len());
            let receipt =
                Receipt { applied: true, changed: false, epoch: Epoch::parse("e1").unwrap(), seq: Seq::ZERO };
            Ok(submissions.iter().map(|_| Ok(receipt.clone())).collect())
        }
    });
    let settings = settings_with(MockLiveFeed::new(), intake);
    let (mut shard, _sockets, mut peer) = shard(&settings, beginning(Plan::Live, None, Seq::ZERO)).await;
    let report = |id, kind| {
        text(&format!(r#"{{"type":"report","payload":{{"id":"{id}","kind":"{kind}","agentId":"a"}}}}"#))
    };
    let ping = text(r#"{"type":"ping","payload":{"id":"3"}}"#);
    // The second is none: it is refused in its place, and fails no other.
    let all =
        [report(1, "heartbeat"), report(2, "status"), report(4, "heartbeat"), ping, report(5, "heartbeat")];
    peer.write_all(&all.concat()).await.unwrap();
    let mut received = String::new();
    receive(&mut shard, &mut peer, &mut received, r#""id":"5""#).await;
    assert_eq!(*asked.lock().unwrap(), [2, 1]);
    let place = |id| received.find(&format!(r#""id":"{id}""#)).unwrap();
    let places = [1, 2, 4, 3, 5].map(place);
    assert!(places.is_sorted(), "{received}");
    let answers =
        ["reported", "error", "pong"].map(|what| received.matches(&format!(r#""type":"{what}""#)).count());
    assert_eq!(answers, [3, 1, 1], "{received}");
}

#[tokio::test]
async fn a_walk_for_those_who_are_here_sends_no_copy_to_those_who_come() {
    let material = Some(Material::Fleet(Arc::default()));
    let comes = beginning(Plan::Snapshot(Why::New), material, Seq::ZERO);
    let settings = settings(MockLiveFeed::new());
    let (mut shard, sockets, mut peer) = shard(&settings, comes).await;
    publish(&sockets, &[1]);
    let news = shard.inbox.take(|_| true);
    shard.take(news).await;
    assert!(shard.broad.contains_key(&ID) && shard.head == Seq::new(1));
    // What had been written would be heard of by now.
    tokio::task::yield_now().await;
    let error = peer.try_read(&mut [0; 64]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    let mut received = String::new();
    receive(&mut shard, &mut peer, &mut received, r#""seq":1"#).await;
    let place = |what| received.find(what).unwrap();
    assert!(place("hello") < place("sync:end") && place("sync:end") < place(r#""seq":1"#), "{received}");
}

#[tokio::test]
async fn one_that_only_reports_is_not_too_slow_for_events_that_it_is_never_shown() {
    let grant = Grant { scopes: Scopes::of([Scope::Report]), agents: Patterns::all() };
    let view = Arc::new(View::new(grant, Interest::all()));
    let (plan, material) = (Plan::Snapshot(Why::New), Some(Material::Fleet(Arc::default())));
    let only_reports = Beginning { view, ..beginning(plan, material, Seq::ZERO) };
    // Nobody is asked to bring it up to date.
    let settings = settings(MockLiveFeed::new());
    let (mut shard, sockets, mut peer) = shard(&settings, only_reports).await;
    // More than the ring holds, before the connection had its first turn.
    publish(&sockets, &(1..=100).collect::<Vec<_>>());
    let mut received = String::new();
    receive(&mut shard, &mut peer, &mut received, "sync:end").await;
    shard.with(ID, Session::beat);
    receive(&mut shard, &mut peer, &mut received, r#""seq":100"#).await;
    assert!(received.contains("heartbeat") && !received.contains("resync"), "{received}");
}

#[tokio::test]
async fn one_whose_copy_gave_way_begins_anew_from_what_it_knows() {
    let (from, after) = (Seq::new(5), Seq::new(3));
    let (delta, replay) = (Plan::Delta { after, why: Why::Resumed }, Plan::Replay { after });
    let past = Past { epoch: Epoch::parse("e1").unwrap(), after, events: Vec::new() };
    let cases = [
        (Plan::Snapshot(Why::New), Material::Fleet(Arc::default()), (from, None)),
        (delta, Material::Changes(Arc::default(), after), (from, Some(after))),
        (replay, Material::Events(Arc::new(past), after), (after, Some(after))),
    ];
    for (plan, material, asked) in cases {
        let mut feed = MockLiveFeed::new();
        let ask = move |_: &_, delivered: &_, known: &_| (*delivered, *known) == asked;
        let again = beginning(Plan::Snapshot(Why::SlowReader), Some(Material::Fleet(Arc::default())), from);
        feed.expect_catch_up().withf(ask).times(1).returning(move |_, _, _| Ok(again.clone()));
        let (mut shard, sockets, mut peer) =
            shard(&settings(feed), beginning(plan, Some(material), from)).await;
        // More than are held, before the connection had its first turn.
        let (copies, view) = (sockets.copies(), Arc::new(View::new(principal().grant, Interest::all())));
        let newer = || Material::Fleet(Arc::new(Fleet::default()));
        let held: Vec<_> = (0..256).map(|_| Parts::open(copies, newer(), Arc::clone(&view))).collect();
        let mut received = String::new();
        receive(&mut shard, &mut peer, &mut received, "sync:end").await;
        let resync = format!(r#""from":{}"#, asked.0.next());
        assert!(received.contains("resync") && received.contains(&resync), "{resync}: {received}");
        assert_eq!(received.matches("sync:end").count(), 1, "{received}");
        drop(held);
    }
}
