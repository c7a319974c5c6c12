//! A report, and at the same time the decision that its agent hung up.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use super::*;
use crate::app::presence::Partings;
use crate::app::reporter::Reporter;
use crate::domain::id::InstanceId;
use crate::domain::limits::Limits;
use crate::domain::report::Stamp;
use crate::domain::time::Timestamp;
use crate::ports::intake::Socket;

struct Rig {
    clock: Arc<ManualClock>,
    presence: Arc<Presence>,
    log: Arc<MemoryLog>,
    intake: AppIntake,
    reporter: Reporter,
}

impl Rig {
    fn new() -> Self {
        Self::of(MemoryLogLimits::default())
    }

    fn of(limits: MemoryLogLimits) -> Self {
        let (clock, stage) = (ManualClock::new(), Arc::new(Stage::default()));
        stage.set(Ok(()));
        let log = Arc::new(MemoryLog::new(epoch(), clock.port(), limits));
        let presence = presence(&clock);
        let (here, at) = (Arc::clone(&presence), Arc::clone(&stage));
        let reporter = Reporter::new(log.clone(), here, at, Limits::default());
        let intake = AppIntake::new(log.clone(), clock.port(), stage, RATE, 100, Arc::clone(&presence));
        Self { clock, presence, log, intake, reporter }
    }

    /// An agent whose socket is gone, when that is to be decided.
    async fn parted(end: fn(&Socket)) -> Self {
        let rig = Self::new();
        let socket = Socket::default();
        rig.report("a1", Some(&socket)).await;
        end(&socket);
        drop(socket);
        rig.clock.advance(Duration::from_secs(2));
        rig
    }

    async fn report(&self, id: &str, socket: Option<&Socket>) {
        let report = Report::new(agent(id), ReportBody::Heartbeat);
        let submission = Submission { report, key: None, fingerprint: [7; 32], socket: socket.cloned() };
        let by = reporter(&["*"]);
        assert_eq!(codes(&self.intake.report(&by, vec![submission]).await.unwrap()), [None]);
    }

    async fn submit(&self, report: Report, key: Option<&str>, over: &Socket) -> Result<Receipt, Fault> {
        let (key, socket) = (key.map(str::to_owned), Some(over.clone()));
        let submission = Submission { report, key, fingerprint: [7; 32], socket };
        let mut answers = self.intake.report(&reporter(&["*"]), vec![submission]).await.unwrap();
        answers.pop().unwrap()
    }

    async fn decide(&self, commands: Vec<Command>) {
        let proposals = commands.into_iter().map(|command| Proposal { command, key: None });
        self.log.append(proposals.collect()).await.unwrap();
    }

    /// Holds that the agent is online, and stays so however long it says nothing.
    async fn lives_by_its_socket(&self) {
        assert_eq!(self.status().await, Status::Online);
        self.clock.advance(Duration::from_secs(3_600));
        self.decide(vec![Command::Sweep]).await;
        assert_eq!(self.status().await, Status::Online, "its socket stands");
    }

    /// Holds that a report waits until the parting is decided.
    async fn comes_after<T>(&self, parting: Partings, report: impl Future<Output = T>) -> T {
        let mut report = pin!(report);
        let waits = poll_fn(|cx| Poll::Ready(report.as_mut().poll(cx).is_pending())).await;
        assert!(waits, "it would be undone by what was on its way before");
        self.decide(parting.commands()).await;
        drop(parting);
        report.await
    }

    async fn status(&self) -> Status {
        self.log.load().await.unwrap().fleet.get(&agent("a1")).unwrap().status.standing.status
    }
}

const ENDS: [fn(&Socket); 2] = [Socket::parted_by_peer, |_| {}];

#[tokio::test]
async fn a_report_over_another_socket_comes_after_what_is_said_of_the_one_before() {
    for end in ENDS {
        let rig = Rig::parted(end).await;
        let parting = rig.presence.due(1);
        let socket = Socket::default();
        rig.comes_after(parting, rig.report("a1", Some(&socket))).await;
        rig.lives_by_its_socket().await;
    }
}

#[tokio::test]
async fn a_report_without_a_socket_comes_after_it_too_and_those_of_others_wait_for_nothing() {
    for end in ENDS {
        let rig = Rig::parted(end).await;
        let parting = rig.presence.due(1);
        rig.report("b1", None).await;
        rig.comes_after(parting, rig.report("a1", None)).await;
        assert_eq!(rig.status().await, Status::Online);
    }
}

#[tokio::test]
async fn so_does_a_report_from_within_the_process() {
    let rig = Rig::parted(Socket::parted_by_peer).await;
    let parting = rig.presence.due(1);
    let report = rig.reporter.report_status(agent("a1"), Status::Online);
    assert!(rig.comes_after(parting, report).await.unwrap().changed);
    assert_eq!(rig.status().await, Status::Online);
}

#[tokio::test]
async fn a_report_waits_no_longer_where_the_log_did_not_take_the_decision() {
    let rig = Rig::parted(Socket::parted_by_peer).await;
    rig.presence.due(1).again();
    let socket = Socket::default();
    rig.report("a1", Some(&socket)).await;
    assert!(rig.presence.due(1).is_empty(), "it came back");
    assert_eq!(rig.status().await, Status::Online);
}

fn up(id: &str) -> Report {
    status_of(id).report
}

fn instance(id: &str, began: u64) -> Stamp {
    let started_at = Some(Timestamp::saturating(began));
    Stamp { id: InstanceId::parse(id).unwrap(), started_at, report_seq: Some(1) }
}

#[tokio::test]
async fn who_sends_a_report_again_over_another_socket_lives_by_that_one() {
    let stamped = |stamp| Report { instance: Some(stamp), ..up("a1") };
    let of_key = (up("a1"), Some("k"));
    let overtaken = (stamped(instance("life", 5)), None);
    for (report, key) in [of_key, overtaken] {
        let rig = Rig::new();
        let socket = Socket::default();
        let first = rig.submit(report.clone(), key, &socket).await;
        socket.parted_by_peer();
        drop(socket);
        rig.clock.advance(Duration::from_secs(2));
        rig.decide(rig.presence.due(1).commands()).await;
        assert_eq!(rig.status().await, Status::Offline);
        let socket = Socket::default();
        let again = rig.submit(report, key, &socket).await;
        assert!(again == first || !again.unwrap().applied, "its answer is as it was");
        rig.lives_by_its_socket().await;
    }
}

#[tokio::test]
async fn the_socket_of_a_process_that_is_over_stands_for_nobody() {
    let rig = Rig::new();
    let (now, before) = (Socket::default(), Socket::default());
    let from = |id, began| Report { instance: Some(instance(id, began)), ..up("a1") };
    assert!(rig.submit(from("new", 9), None, &now).await.unwrap().applied);
    assert!(!rig.submit(from("old", 5), None, &before).await.unwrap().applied);
    now.parted_by_peer();
    drop(now);
    rig.clock.advance(Duration::from_secs(2));
    assert_eq!(rig.presence.due(1).commands(), [Command::Left(agent("a1"))]);
}

#[tokio::test]
async fn a_socket_stands_for_nobody_by_what_was_refused_and_takes_no_parting_back() {
    let desk = Limits { agents: 1, ..Limits::default() };
    let rig = Rig::of(MemoryLogLimits { desk, ..MemoryLogLimits::default() });
    let (first, other) = (Socket::default(), Socket::default());
    let from = |id, began| Report { instance: Some(instance(id, began)), ..up("a1") };
    assert!(rig.submit(from("new", 9), None, &first).await.unwrap().applied);
    first.parted_by_peer();
    drop(first);
    assert!(!rig.submit(from("old", 5), None, &other).await.unwrap().applied);
    assert_eq!(rig.submit(up("b1"), None, &other).await.unwrap_err().code, Code::FleetFull);
    rig.clock.advance(Duration::from_secs(2));
    assert_eq!(rig.presence.due(9).commands(), [Command::Left(agent("a1"))]);
    other.parted_by_peer();
    drop(other);
    rig.clock.advance(Duration::from_secs(2));
    assert!(rig.presence.due(9).is_empty());
}
