//! What every [`TokenVerifier`] promises. It panics with a sentence that says which promise was broken.
//!
//! The suite knows nothing of how tokens look: the caller makes them, from what they are to say.

use std::time::Duration;

use crate::domain::grant::{Principal, Scope, Scopes};
use crate::domain::id::AgentId;
use crate::domain::time::Timestamp;
use crate::ports::token_verifier::{SecretText, TokenError, TokenVerifier};

/// What a token is to say. What is `None` it does not mention.
#[derive(Debug, Clone, Copy)]
pub struct Says<'a> {
    /// Whom it speaks for.
    pub user: &'a str,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Before when it is not good.
    pub not_before: Option<Timestamp>,
    /// When it was issued.
    pub issued_at: Option<Timestamp>,
    /// What it allows: words with spaces between.
    pub scope: Option<&'a str>,
    /// For which agents: patterns.
    pub agents: Option<&'a [&'a str]>,
    /// Its own id.
    pub token_id: Option<&'a str>,
}

/// A verifier, and the means to make tokens for it.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The verifier.
    pub verifier: &'a dyn TokenVerifier,
    /// Makes a token by a key that the verifier trusts. Every time given is a whole second.
    pub mint: &'a dyn Fn(&Says<'_>) -> SecretText,
    /// Makes the same by a key that it does not trust.
    pub forge: &'a dyn Fn(&Says<'_>) -> SecretText,
    /// Its leeway, in whole seconds and under a minute.
    pub leeway: Duration,
    /// What it takes a token without scope to allow.
    pub default_scope: Scopes,
}

/// The time of the suite: some day in 2033. A verifier that asks a clock of its own fails.
const NOW: Timestamp = Timestamp::saturating(2_000_000_000_000);
const MINUTE: Duration = Duration::from_secs(60);
const MILLISECOND: Duration = Duration::from_millis(1);

/// Runs the suite.
pub async fn suite(subject: &Subject<'_>) {
    what_was_said_comes_back(subject).await;
    silence_means_the_defaults(subject).await;
    no_scope_implies_another(subject).await;
    an_empty_list_allows_nothing(subject).await;
    it_ends_with_the_leeway(subject).await;
    it_begins_with_the_leeway(subject).await;
    what_cannot_be_meant_is_refused(subject).await;
    a_forged_token_is_never_good(subject).await;
    a_changed_token_is_never_good(subject).await;
    what_is_no_token_is_refused(subject).await;
}

fn before(at: Timestamp, by: Duration) -> Timestamp {
    Timestamp::saturating(at.millis().saturating_sub(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)))
}

fn says() -> Says<'static> {
    Says {
        user: "ada",
        expires_at: NOW.plus(MINUTE),
        not_before: None,
        issued_at: None,
        scope: None,
        agents: None,
        token_id: None,
    }
}

type Verdict = Result<Principal, TokenError>;

async fn minted(subject: &Subject<'_>, says: Says<'_>) -> Verdict {
    subject.verifier.verify(&(subject.mint)(&says), NOW).await
}

async fn what_was_said_comes_back(subject: &Subject<'_>) {
    let full = Says {
        user: "Ada Lovelace <ada@example.org>",
        not_before: Some(before(NOW, MINUTE)),
        issued_at: Some(before(NOW, MINUTE)),
        scope: Some("admin report"),
        agents: Some(&["build-*", "x"]),
        token_id: Some("t-1"),
        ..says()
    };
    let Ok(principal) = minted(subject, full).await else {
        unreachable!("a token that is good in every way is let in");
    };
    assert_eq!(principal.user.as_str(), full.user, "the user is the one the token speaks for");
    assert_eq!(principal.expires_at, full.expires_at, "the end is told as the token says it, without leeway");
    assert_eq!(principal.issued_at, full.issued_at, "the time of issue is told as the token says it");
    assert_eq!(principal.token_id.as_deref(), full.token_id, "the token's id is told as the token says it");
    let scopes = Scopes::of([Scope::Admin, Scope::Report]);
    assert_eq!(principal.grant.scopes, scopes, "the scopes are those the token names");
    let agents: Vec<&str> = principal.grant.agents.iter().map(|pattern| pattern.as_str()).collect();
    assert_eq!(agents, ["build-*", "x"], "the agents are those the token names");
}

async fn silence_means_the_defaults(subject: &Subject<'_>) {
    let Ok(principal) = minted(subject, says()).await else {
        unreachable!("a token needs no more than a user and an end");
    };
    assert_eq!(principal.grant.scopes, subject.default_scope, "no scope named means the default scope");
    assert!(principal.grant.agents.is_all(), "no agents named means all agents");
    assert_eq!(principal.issued_at, None, "a time of issue is not made up");
    assert_eq!(principal.token_id, None, "a token's id is not made up");
}

async fn no_scope_implies_another(subject: &Subject<'_>) {
    for scope in Scope::ALL {
        let verdict = minted(subject, Says { scope: Some(scope.as_str()), ..says() }).await;
        let scopes = verdict.map(|principal| principal.grant.scopes);
        assert_eq!(scopes, Ok(Scopes::of([scope])), "a token with one scope allows that one and no other");
    }
    let verdict = minted(subject, Says { scope: Some("openid Watch ADMIN reporting"), ..says() }).await;
    let scopes = verdict.map(|principal| principal.grant.scopes);
    assert_eq!(scopes, Ok(Scopes::default()), "words that are not exactly ours allow nothing");
}

async fn an_empty_list_allows_nothing(subject: &Subject<'_>) {
    let verdict = minted(subject, Says { scope: Some(""), agents: Some(&[]), ..says() }).await;
    let Ok(Principal { grant, .. }) = verdict else {
        unreachable!("a token that allows nothing is a token all the same");
    };
    assert_eq!(grant.scopes, Scopes::default(), "an empty scope is not the default scope");
    let covers = AgentId::parse("a").is_ok_and(|agent| grant.agents.contains(&agent));
    assert!(!covers, "an empty list of agents is not all agents");
}

async fn it_ends_with_the_leeway(subject: &Subject<'_>) {
    let token = (subject.mint)(&says());
    let end = says().expires_at.plus(subject.leeway);
    let after = subject.verifier.verify(&token, end).await;
    assert_eq!(after, Err(TokenError::Expired), "a token has ended when the leeway is over");
    let long_after = subject.verifier.verify(&token, Timestamp::MAX).await;
    assert_eq!(long_after, Err(TokenError::Expired), "a token stays ended");
    // After the refusals: time is an argument, and nothing is remembered of a token.
    let within = subject.verifier.verify(&token, before(end, MILLISECOND)).await;
    assert!(within.is_ok(), "a token is good until the leeway is over, by the time that was given");
}

async fn it_begins_with_the_leeway(subject: &Subject<'_>) {
    let start = NOW.plus(MINUTE);
    let late = Says { expires_at: start.plus(MINUTE), ..says() };
    for says in [Says { not_before: Some(start), ..late }, Says { issued_at: Some(start), ..late }] {
        let token = (subject.mint)(&says);
        let first = before(start, subject.leeway);
        let early = subject.verifier.verify(&token, before(first, MILLISECOND)).await;
        assert_eq!(early, Err(TokenError::Invalid), "a token from the future is not good yet: {says:?}");
        let in_time = subject.verifier.verify(&token, first).await;
        assert!(in_time.is_ok(), "a token is good from its begin, less the leeway: {says:?}");
    }
}

async fn what_cannot_be_meant_is_refused(subject: &Subject<'_>) {
    let long = "x".repeat(300);
    let many: Vec<String> = (0..65).map(|n| format!("a{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for says in [
        Says { user: "", ..says() },
        Says { user: &long, ..says() },
        Says { user: "a\nb", ..says() },
        Says { agents: Some(&["a b"]), ..says() },
        Says { agents: Some(&["ok", ""]), ..says() },
        Says { agents: Some(&["*a*b*c*d*"]), ..says() },
        Says { agents: Some(&many), ..says() },
        Says { token_id: Some(&long), ..says() },
    ] {
        let verdict = minted(subject, says).await;
        assert_eq!(
            verdict,
            Err(TokenError::Invalid),
            "a claim that breaks a rule refuses the token: {says:?}"
        );
    }
}

async fn a_forged_token_is_never_good(subject: &Subject<'_>) {
    let ended = Says { expires_at: before(NOW, MINUTE + MINUTE), ..says() };
    for says in [says(), ended] {
        let verdict = subject.verifier.verify(&(subject.forge)(&says), NOW).await;
        // Also when it has ended: whoever did not sign it is told nothing of what it says.
        assert_eq!(verdict, Err(TokenError::Invalid), "a token by another's key is not valid: {says:?}");
    }
}

async fn a_changed_token_is_never_good(subject: &Subject<'_>) {
    let token = (subject.mint)(&says());
    for (at, old) in token.reveal().char_indices() {
        for new in ['A', 'b', '.', '=', 'é'] {
            let (head, tail) = token.reveal().split_at(at);
            let rest = tail.get(old.len_utf8()..).unwrap_or_default();
            if new == old {
                continue;
            }
            let changed = SecretText::new(format!("{head}{new}{rest}"));
            let verdict = subject.verifier.verify(&changed, NOW).await;
            assert_eq!(verdict, Err(TokenError::Invalid), "a token changed at {at} to {new:?} is not valid");
        }
    }
    let twice = SecretText::new(format!("{0}{0}", token.reveal()));
    let verdict = subject.verifier.verify(&twice, NOW).await;
    assert_eq!(verdict, Err(TokenError::Invalid), "two tokens are not a token");
}

async fn what_is_no_token_is_refused(subject: &Subject<'_>) {
    for text in ["", " ", ".", "..", "...", "a.b.c", "Bearer x", "é.é.é", "\0", &"a".repeat(1 << 20)] {
        let verdict = subject.verifier.verify(&SecretText::new(text), NOW).await;
        assert_eq!(verdict, Err(TokenError::Invalid), "a text that is no token is not valid");
    }
}
