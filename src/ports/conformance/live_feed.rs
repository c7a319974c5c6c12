//! What every [`LiveFeed`] promises. It panics with a sentence that says which promise was broken.

use crate::domain::cursor::{Cursor, Epoch, Seq};
use crate::domain::event::EventKind;
use crate::domain::fault::{Code, Fault};
use crate::domain::grant::Scope;
use crate::domain::interest::{Interest, Kinds};
use crate::domain::pattern::Patterns;
use crate::domain::resume::{Plan, Why};
use crate::ports::gate::Credential;
use crate::ports::live_feed::{Arrival, LiveFeed, Material, Opened};
use crate::ports::token_verifier::SecretText;

/// A feed that is ready, and the means to come to it.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The feed.
    pub feed: &'a dyn LiveFeed,
    /// A token of this user with these scopes for these agents, good for a while.
    pub token: &'a dyn Fn(&str, &[Scope], &str) -> SecretText,
    /// How many connections are registered now.
    pub registered: &'a dyn Fn() -> usize,
}

/// Runs the suite on a feed without connections.
pub async fn suite(subject: &Subject<'_>) {
    a_stranger_is_refused_and_leaves_nothing(subject).await;
    a_watcher_begins_with_a_copy_and_leaves_nothing_when_it_goes(subject).await;
    a_reporter_is_let_in_and_shown_nothing(subject).await;
    who_comes_back_goes_on_where_it_stood(subject).await;
    a_new_interest_begins_anew_within_the_grant(subject).await;
    a_refresh_is_of_the_same_user_and_resyncs_only_another_grant(subject).await;
    who_is_gone_is_told_so(subject).await;
    assert_eq!((subject.registered)(), 0, "nothing is left behind");
}

impl Subject<'_> {
    async fn come(&self, token: SecretText, cursor: Option<Cursor>) -> Result<Opened, Fault> {
        let credential = Ok(Credential::Token(token));
        let arrival =
            Arrival { transport: "suite", peer: None, credential, interest: Interest::all(), cursor };
        self.feed.open(arrival).await
    }

    async fn watcher(&self) -> Opened {
        match self.come((self.token)("ada", &[Scope::Watch], "*"), None).await {
            Ok(opened) => opened,
            Err(fault) => unreachable!("a watcher is let in: {fault}"),
        }
    }
}

fn code(result: Result<impl Sized, Fault>, promise: &str) -> Code {
    match result {
        Ok(_) => unreachable!("{promise}"),
        Err(fault) => fault.code,
    }
}

async fn a_stranger_is_refused_and_leaves_nothing(subject: &Subject<'_>) {
    let refused = subject.come(SecretText::new("not a token"), None).await;
    assert_eq!(code(refused, "a stranger is refused"), Code::InvalidToken);
    let admin = subject.come((subject.token)("root", &[Scope::Admin], "*"), None).await;
    assert_eq!(code(admin, "a connection is for watching or reporting"), Code::ForbiddenScope);
    let fault = Fault::new(Code::MissingToken, "none came");
    let nameless = Arrival {
        transport: "suite",
        peer: None,
        credential: Err(fault.clone()),
        interest: Interest::all(),
        cursor: None,
    };
    assert_eq!(
        subject.feed.open(nameless).await.err(),
        Some(fault),
        "why no credential could be read is told"
    );
    assert_eq!((subject.registered)(), 0, "who was refused is not registered");
}

async fn a_watcher_begins_with_a_copy_and_leaves_nothing_when_it_goes(subject: &Subject<'_>) {
    let (one, other) = (subject.watcher().await, subject.watcher().await);
    assert_ne!(one.connection, other.connection, "no two connections share an id");
    assert_eq!(one.beginning.plan, Plan::Snapshot(Why::New), "without a cursor there is a copy");
    let copied = one.beginning.material.as_ref().and_then(Material::fleet).map(|fleet| fleet.at());
    assert_eq!(copied, Some(one.beginning.from), "what is not in the copy follows it");
    assert!(one.beginning.view.complete(), "nothing is hidden from who may see and asks for all");
    assert!(one.ends_at >= one.principal.expires_at, "a connection lives as long as its token");
    assert_eq!((subject.registered)(), 2, "who was let in is registered");
    drop(one);
    assert_eq!((subject.registered)(), 1, "who goes is forgotten");
}

async fn a_reporter_is_let_in_and_shown_nothing(subject: &Subject<'_>) {
    match subject.come((subject.token)("hook", &[Scope::Report], "*"), None).await {
        Ok(opened) => assert!(opened.beginning.view.shows_nothing(), "reporting does not imply watching"),
        Err(fault) => unreachable!("a reporter may connect: {fault}"),
    }
}

async fn who_comes_back_goes_on_where_it_stood(subject: &Subject<'_>) {
    let before = subject.watcher().await;
    let (epoch, seq, view) = (before.epoch.clone(), before.beginning.head, before.beginning.view.id());
    drop(before);
    let plan = async |epoch: Epoch, seq, view| {
        let token = (subject.token)("ada", &[Scope::Watch], "*");
        subject.come(token, Some(Cursor { epoch, seq, view })).await.map(|opened| opened.beginning.plan)
    };
    assert_eq!(plan(epoch.clone(), seq, Some(view)).await, Ok(Plan::Live), "who missed nothing is live");
    let ahead = plan(epoch, seq.next(), None).await;
    assert_eq!(ahead, Ok(Plan::Snapshot(Why::CursorAhead)), "a cursor ahead is not believed");
    let Ok(other) = Epoch::parse("another0history") else { unreachable!("a good epoch") };
    let anew = plan(other, seq, Some(view)).await;
    assert_eq!(anew, Ok(Plan::Snapshot(Why::EpochChanged)), "another history begins anew");
}

async fn a_new_interest_begins_anew_within_the_grant(subject: &Subject<'_>) {
    let Ok(opened) = subject.come((subject.token)("ada", &[Scope::Watch], "a*"), None).await else {
        unreachable!("a watcher of some agents is let in")
    };
    assert!(!opened.beginning.view.complete(), "what a grant hides is hidden");
    let Ok(agents) = Patterns::parse(["*"]) else { unreachable!("a good pattern") };
    let interest = Interest { agents, kinds: Kinds::of([EventKind::Status]) };
    match subject.feed.change_interest(opened.connection, interest.clone(), opened.beginning.from).await {
        Ok(beginning) => {
            assert!(beginning.from >= opened.beginning.from, "nothing that was sent is taken back");
            assert_eq!(beginning.plan, Plan::Snapshot(Why::InterestChanged), "a new interest begins anew");
            assert_eq!(beginning.view.interest(), &interest, "it is the one that was asked for");
            assert!(!beginning.view.shows_every_agent(), "an interest never shows what a grant hides");
        }
        Err(fault) => unreachable!("an interest can be changed: {fault}"),
    }
}

async fn a_refresh_is_of_the_same_user_and_resyncs_only_another_grant(subject: &Subject<'_>) {
    let opened = subject.watcher().await;
    let refresh = async |token: SecretText| {
        subject.feed.refresh(opened.connection, &token, opened.beginning.from).await
    };
    let foreign = refresh((subject.token)("bob", &[Scope::Watch], "*")).await;
    assert_eq!(code(foreign, "a refresh is of the same user"), Code::InvalidToken);
    let useless = refresh((subject.token)("ada", &[Scope::Admin], "*")).await;
    assert_eq!(code(useless, "a connection is for watching or reporting"), Code::ForbiddenScope);
    let same = refresh((subject.token)("ada", &[Scope::Watch], "*")).await;
    let resync = same.map(|refreshed| refreshed.resync.is_some());
    assert_eq!(resync, Ok(false), "the same grant goes on; refused refreshes changed nothing");
    match refresh((subject.token)("ada", &[Scope::Watch], "a*")).await {
        Ok(refreshed) => {
            let resync = refreshed.resync.map(|beginning| (beginning.plan, beginning.from));
            let plan = resync.map(|(plan, _)| plan);
            assert_eq!(plan, Some(Plan::Snapshot(Why::GrantChanged)), "another grant begins anew");
            let from = resync.map(|(_, from)| from);
            assert!(from >= Some(opened.beginning.from), "nothing that was sent is taken back");
        }
        Err(fault) => unreachable!("a grant may change: {fault}"),
    }
}

async fn who_is_gone_is_told_so(subject: &Subject<'_>) {
    let opened = subject.watcher().await;
    let id = opened.connection;
    drop(opened);
    let again = subject.feed.catch_up(id, Seq::ZERO, None).await;
    assert_eq!(code(again, "who is gone cannot catch up"), Code::NotFound);
    let wish = subject.feed.change_interest(id, Interest::all(), Seq::ZERO).await;
    assert_eq!(code(wish, "who is gone has no wishes"), Code::NotFound);
    let token = (subject.token)("ada", &[Scope::Watch], "*");
    assert_eq!(code(subject.feed.refresh(id, &token, Seq::ZERO).await, "nor a token"), Code::NotFound);
}
