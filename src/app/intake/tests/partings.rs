//! A report, and at the same time the decision that its agent hung up.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use super::*;
use crate::app::reporter::Reporter;
use crate::domain::fleet::Agent;
use crate::domain::limits::Limits;
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
        let (clock, stage) = (ManualClock::new(), Arc::new(Stage::default()));
        stage.set(Ok(()));
        let log = Arc::new(MemoryLog::new(epoch(), clock.port(), MemoryLogLimits::default()));
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

    async fn decide(&self, commands: Vec<Command>) {
        let proposals = commands.into_iter().map(|command| Proposal { command, key: None });
        self.log.append(proposals.collect()).await.unwrap();
    }

    async fn agent(&self) -> Agent {
        self.log.load().await.unwrap().fleet.get(&agent("a1")).unwrap().clone()
    }
}

const ENDS: [fn(&Socket); 2] = [Socket::parted_by_peer, |_| {}];

#[tokio::test]
async fn a_report_over_another_socket_comes_after_what_is_said_of_the_one_before() {
    for end in ENDS {
        let rig = Rig::parted(end).await;
        let parting = rig.presence.due(1);
        let socket = Socket::default();
        {
            let mut report = pin!(rig.report("a1", Some(&socket)));
            let waits = poll_fn(|cx| Poll::Ready(report.as_mut().poll(cx).is_pending())).await;
            assert!(waits, "it would be undone by what was on its way before");
            rig.decide(parting.commands()).await;
            drop(parting);
            report.await;
        }
        assert_eq!(rig.agent().await.status.standing.status, Status::Online);
        rig.clock.advance(Duration::from_secs(3_600));
        rig.decide(vec![Command::Sweep]).await;
        assert_eq!(rig.agent().await.status.standing.status, Status::Online, "its socket stands");
    }
}

#[tokio::test]
async fn a_report_without_a_socket_comes_after_it_too_and_those_of_others_wait_for_nothing() {
    for end in ENDS {
        let rig = Rig::parted(end).await;
        let parting = rig.presence.due(1);
        rig.report("b1", None).await;
        {
            let mut report = pin!(rig.report("a1", None));
            let waits = poll_fn(|cx| Poll::Ready(report.as_mut().poll(cx).is_pending())).await;
            assert!(waits, "it would be undone by what was on its way before");
            rig.decide(parting.commands()).await;
            drop(parting);
            report.await;
        }
        assert_eq!(rig.agent().await.status.standing.status, Status::Online);
    }
}

#[tokio::test]
async fn so_does_a_report_from_within_the_process() {
    let rig = Rig::parted(Socket::parted_by_peer).await;
    let parting = rig.presence.due(1);
    {
        let mut report = pin!(rig.reporter.report_status(agent("a1"), Status::Online));
        let waits = poll_fn(|cx| Poll::Ready(report.as_mut().poll(cx).is_pending())).await;
        assert!(waits, "it would be undone by what was on its way before");
        rig.decide(parting.commands()).await;
        drop(parting);
        assert!(report.await.unwrap().changed);
    }
    assert_eq!(rig.agent().await.status.standing.status, Status::Online);
}

#[tokio::test]
async fn a_report_waits_no_longer_where_the_log_did_not_take_the_decision() {
    let rig = Rig::parted(Socket::parted_by_peer).await;
    rig.presence.due(1).again();
    let socket = Socket::default();
    rig.report("a1", Some(&socket)).await;
    assert!(rig.presence.due(1).is_empty(), "it came back");
    assert_eq!(rig.agent().await.status.standing.status, Status::Online);
}
