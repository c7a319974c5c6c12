//! Signing in by a one-time code. The issuer is a fake that seals in the clear and keeps to the port.

use std::collections::HashMap;

use super::*;
use crate::app::testing::*;
use crate::domain::revocation::Revocations;
use crate::ports::revocation_store::{MockRevocationStore, RevocationStoreError};
use crate::ports::token_issuer::MockTokenIssuer;

/// An issuer whose notes and tokens can be looked at.
#[derive(Default)]
struct Sealed {
    notes: Mutex<HashMap<String, (Purpose, Note)>>,
    tokens: Mutex<Vec<NewToken>>,
}

impl Sealed {
    fn issuer(self: &Arc<Self>) -> Arc<dyn TokenIssuer> {
        let mut issuer = MockTokenIssuer::new();
        let sealed = Arc::clone(self);
        issuer.expect_seal().returning(move |purpose, note| {
            let mut notes = sealed.notes.lock().unwrap();
            let text = format!("sealed-{}", notes.len());
            notes.insert(text.clone(), (purpose, note.clone()));
            Ok(SecretText::new(text))
        });
        let sealed = Arc::clone(self);
        issuer.expect_unseal().returning(move |purpose, text, now| {
            let notes = sealed.notes.lock().unwrap();
            let note = notes.get(text.reveal()).filter(|(of, note)| *of == purpose && note.expires_at > now);
            note.map(|(_, note)| note.clone()).ok_or(IssueError::Invalid)
        });
        let sealed = Arc::clone(self);
        issuer.expect_issue().returning(move |token| {
            sealed.tokens.lock().unwrap().push(token.clone());
            Ok(SecretText::new("token"))
        });
        Arc::new(issuer)
    }
}

struct Desk {
    sealed: Arc<Sealed>,
    issuer: Arc<dyn TokenIssuer>,
    clock: Arc<ManualClock>,
    sign_in: AppSignIn,
}

impl Desk {
    fn new() -> Self {
        let (sealed, clock) = (Arc::<Sealed>::default(), ManualClock::new());
        let issuer = sealed.issuer();
        let sign_in = sign_in(&issuer, &clock);
        Self { sealed, issuer, clock, sign_in }
    }

    /// A code with this id, written now.
    fn code(&self, id: &str) -> SecretText {
        sign_in_code(self.issuer.as_ref(), user("ada"), id.into(), self.clock.wall()).unwrap()
    }

    async fn signed_in(&self) -> SecretText {
        let id = self.sealed.notes.lock().unwrap().len().to_string();
        self.sign_in.redeem(&self.code(&id)).await.unwrap().cookie
    }
}

fn sign_in(issuer: &Arc<dyn TokenIssuer>, clock: &Arc<ManualClock>) -> AppSignIn {
    knowing(issuer, clock, Revocations::default()).0
}

/// A sign-in that starts with these revocations, and what it makes its store keep.
fn knowing(
    issuer: &Arc<dyn TokenIssuer>,
    clock: &Arc<ManualClock>,
    known: Revocations,
) -> (AppSignIn, Arc<Mutex<Vec<Revocation>>>) {
    let kept = Arc::<Mutex<Vec<_>>>::default();
    let mut store = MockRevocationStore::new();
    let of_store = Arc::clone(&kept);
    store.expect_keep().returning(move |one| {
        of_store.lock().unwrap().push(one.clone());
        Ok(())
    });
    let list = Arc::new(RevocationList::new(Arc::new(store), known));
    let entropy = Arc::new(CountingEntropy::default());
    (AppSignIn::new(Arc::clone(issuer), clock.port(), entropy, list), kept)
}

#[tokio::test]
async fn a_code_becomes_a_session_of_its_user_once() {
    let desk = Desk::new();
    let code_text = desk.code("one");
    let session = desk.sign_in.redeem(&code_text).await.unwrap();
    assert_eq!(session.expires_in, Duration::from_secs(7 * 24 * 60 * 60));
    let (purpose, note) = desk.sealed.notes.lock().unwrap()[session.cookie.reveal()].clone();
    assert_eq!((purpose, note.user), (Purpose::BrowserSession, user("ada")));
    assert_eq!((note.issued_at, note.expires_at), (at(NOW), at(NOW).plus(session.expires_in)));
    assert_eq!(code(desk.sign_in.redeem(&code_text).await), Code::InvalidCode);
}

#[tokio::test]
async fn a_code_that_was_used_does_not_use_up_another() {
    let desk = Desk::new();
    let (one, other) = (desk.code("one"), desk.code("other"));
    assert!(desk.sign_in.redeem(&one).await.is_ok());
    assert!(desk.sign_in.redeem(&other).await.is_ok());
}

#[tokio::test]
async fn a_code_is_good_for_ten_minutes() {
    let desk = Desk::new();
    let (early, late) = (desk.code("early"), desk.code("late"));
    desk.clock.advance(CODE_GOOD_FOR - Duration::from_millis(1));
    assert!(desk.sign_in.redeem(&early).await.is_ok());
    desk.clock.advance(Duration::from_millis(1));
    assert_eq!(code(desk.sign_in.redeem(&late).await), Code::InvalidCode);
}

#[tokio::test]
async fn a_code_from_before_the_restart_is_refused_since_nobody_knows_whether_it_was_used() {
    let desk = Desk::new();
    let (used, unused) = (desk.code("used"), desk.code("unused"));
    assert!(desk.sign_in.redeem(&used).await.is_ok());
    desk.clock.advance(Duration::from_millis(1));
    let restarted = sign_in(&desk.issuer, &desk.clock);
    for old in [used, unused] {
        assert_eq!(code(restarted.redeem(&old).await), Code::InvalidCode);
    }
    assert!(restarted.redeem(&desk.code("fresh")).await.is_ok(), "also in the moment of the start");
}

#[tokio::test]
async fn a_note_is_good_for_its_own_purpose_only() {
    let desk = Desk::new();
    let code_text = desk.code("one");
    assert_eq!(code(desk.sign_in.session_token(&code_text).await), Code::NotSignedIn);
    desk.sign_in.sign_out(&code_text).await;
    let cookie = desk.sign_in.redeem(&code_text).await.unwrap().cookie;
    assert_eq!(code(desk.sign_in.redeem(&cookie).await), Code::InvalidCode);
    assert!(desk.sign_in.session_token(&cookie).await.is_ok());
}

#[tokio::test]
async fn what_nobody_sealed_is_refused() {
    let desk = Desk::new();
    let made_up = SecretText::new("made up");
    assert_eq!(code(desk.sign_in.redeem(&made_up).await), Code::InvalidCode);
    assert_eq!(code(desk.sign_in.session_token(&made_up).await), Code::NotSignedIn);
    desk.sign_in.sign_out(&made_up).await;
}

#[tokio::test]
async fn a_session_gives_short_tokens_that_may_watch_and_no_more() {
    let desk = Desk::new();
    let cookie = desk.signed_in().await;
    desk.clock.advance(Duration::from_secs(60));
    let token = desk.sign_in.session_token(&cookie).await.unwrap();
    assert_eq!(token.expires_in, Duration::from_secs(15 * 60));
    desk.sign_in.session_token(&cookie).await.unwrap();
    let tokens = desk.sealed.tokens.lock().unwrap();
    let [first, second] = &tokens[..] else { panic!("two tokens: {tokens:?}") };
    assert_eq!(first.user, user("ada"));
    assert_eq!(first.grant, grant(&[Scope::Watch], &["*"]));
    let now = desk.clock.wall();
    assert_eq!((first.issued_at, first.expires_at), (now, now.plus(token.expires_in)));
    assert_ne!(first.token_id, second.token_id);
}

#[tokio::test]
async fn a_session_ends_after_its_time() {
    let desk = Desk::new();
    let cookie = desk.signed_in().await;
    desk.clock.advance(SESSION_GOOD_FOR - Duration::from_millis(1));
    assert!(desk.sign_in.session_token(&cookie).await.is_ok());
    desk.clock.advance(Duration::from_millis(1));
    assert_eq!(code(desk.sign_in.session_token(&cookie).await), Code::NotSignedIn);
}

#[tokio::test]
async fn signing_out_ends_this_session_and_no_other() {
    let desk = Desk::new();
    let (gone, stays) = (desk.signed_in().await, desk.signed_in().await);
    desk.sign_in.sign_out(&gone).await;
    assert_eq!(code(desk.sign_in.session_token(&gone).await), Code::NotSignedIn);
    desk.sign_in.sign_out(&gone).await;
    assert!(desk.sign_in.session_token(&stays).await.is_ok());
}

#[tokio::test]
async fn without_random_bytes_nobody_is_signed_in_and_the_code_is_spent() {
    let desk = Desk::new();
    let dry =
        AppSignIn::new(Arc::clone(&desk.issuer), desk.clock.port(), Arc::new(NoEntropy), nothing_revoked());
    let code_text = desk.code("one");
    assert_eq!(code(dry.redeem(&code_text).await), Code::Internal);
    assert_eq!(code(dry.redeem(&code_text).await), Code::InvalidCode);
}

#[tokio::test]
async fn without_a_secret_no_session_and_no_token_is_made() {
    let mut issuer = MockTokenIssuer::new();
    let note = Note { user: user("ada"), id: "n".into(), issued_at: at(NOW), expires_at: at(NOW + 1) };
    issuer.expect_unseal().returning(move |_, _, _| Ok(note.clone()));
    issuer.expect_seal().returning(|_, _| Err(IssueError::NoSecret));
    issuer.expect_issue().returning(|_| Err(IssueError::NoSecret));
    let issuer: Arc<dyn TokenIssuer> = Arc::new(issuer);
    let sign_in = sign_in(&issuer, &ManualClock::new());
    let any = SecretText::new("any");
    assert_eq!(code(sign_in.redeem(&any).await), Code::Internal);
    assert_eq!(code(sign_in.session_token(&any).await), Code::Internal);
    let linked = sign_in_code(issuer.as_ref(), user("ada"), "n".into(), at(NOW));
    assert_eq!(linked.unwrap_err(), IssueError::NoSecret);
}

#[tokio::test]
async fn a_restart_does_not_bring_back_a_session_that_was_ended() {
    let desk = Desk::new();
    let (before, kept) = knowing(&desk.issuer, &desk.clock, Revocations::default());
    let cookie = before.redeem(&desk.code("one")).await.unwrap().cookie;
    before.sign_out(&cookie).await;
    let mut known = Revocations::default();
    kept.lock().unwrap().drain(..).for_each(|one| known.add(one));
    let (after, _) = knowing(&desk.issuer, &desk.clock, known);
    assert_eq!(code(after.session_token(&cookie).await), Code::NotSignedIn);
}

#[tokio::test]
async fn a_session_ends_also_where_that_cannot_be_kept() {
    let desk = Desk::new();
    let mut store = MockRevocationStore::new();
    store.expect_keep().returning(|_| Err(RevocationStoreError("no disk".into())));
    let list = Arc::new(RevocationList::new(Arc::new(store), Revocations::default()));
    let entropy = Arc::new(CountingEntropy::default());
    let sign_in = AppSignIn::new(Arc::clone(&desk.issuer), desk.clock.port(), entropy, list);
    let cookie = sign_in.redeem(&desk.code("one")).await.unwrap().cookie;
    sign_in.sign_out(&cookie).await;
    assert_eq!(code(sign_in.session_token(&cookie).await), Code::NotSignedIn);
}
