//! What every [`Transport`](crate::ports::transport::Transport) promises. It panics with a sentence
//! that says which promise was broken. Nothing here names a runtime: the caller's test brings its own,
//! and a limit of time.

use async_trait::async_trait;

use crate::ports::transport::TransportError;

/// A transport that serves in the background on a place of its own, and a way to be its peer.
#[async_trait]
pub trait Bench: Send + Sync {
    /// The transport's name.
    fn name(&self) -> &'static str;

    /// A whole exchange of a new peer; whether it was answered.
    async fn ask(&self) -> bool;

    /// An exchange of a new peer that the transport has begun to work on, and that waits.
    async fn begin(&self) -> Box<dyn Begun>;

    /// A peer that does everything wrong, and goes.
    async fn disturb(&self);

    /// Lets what was given as `stop` resolve.
    fn stop(&self);

    /// Whether `serve` has returned.
    fn has_returned(&self) -> bool;

    /// Waits until `serve` returns; asked once.
    async fn returned(&self) -> Result<(), TransportError>;
}

/// An exchange that was begun.
#[async_trait]
pub trait Begun: Send {
    /// Lets it go on; whether it was answered whole.
    async fn finish(self: Box<Self>) -> bool;
}

/// Runs the suite. Each check gets a transport of its own.
///
/// # Panics
/// With a sentence that says which promise was broken.
pub async fn suite(fresh: impl AsyncFn() -> Box<dyn Bench>) {
    it_has_a_name(&*fresh().await);
    it_serves_until_stopped(&*fresh().await).await;
    one_bad_peer_is_no_error(&*fresh().await).await;
    what_was_begun_is_finished(&*fresh().await).await;
    many_are_served_at_once(&*fresh().await).await;
}

fn it_has_a_name(bench: &dyn Bench) {
    let name = bench.name();
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase());
    assert!(!name.is_empty() && plain, "a transport's name is a word of small letters");
}

async fn it_serves_until_stopped(bench: &dyn Bench) {
    for _ in 0..3 {
        assert!(bench.ask().await, "it serves");
    }
    assert!(!bench.has_returned(), "it serves until it is stopped");
    bench.stop();
    assert!(bench.returned().await.is_ok(), "to be stopped is no error");
    assert!(!bench.ask().await, "once stopped it takes nothing new");
}

async fn one_bad_peer_is_no_error(bench: &dyn Bench) {
    for _ in 0..3 {
        bench.disturb().await;
        assert!(bench.ask().await, "one bad peer disturbs nobody");
    }
    assert!(!bench.has_returned(), "one bad peer ends nothing");
    bench.stop();
    assert!(bench.returned().await.is_ok(), "one bad peer is no error");
}

async fn what_was_begun_is_finished(bench: &dyn Bench) {
    let begun = bench.begin().await;
    bench.stop();
    while bench.ask().await {
        // The stop is on its way.
    }
    assert!(!bench.has_returned(), "it does not return while something that was begun is open");
    assert!(begun.finish().await, "what was begun is finished");
    assert!(bench.returned().await.is_ok(), "then it returns");
}

async fn many_are_served_at_once(bench: &dyn Bench) {
    let waiting = [bench.begin().await, bench.begin().await, bench.begin().await];
    assert!(bench.ask().await, "one that waits holds up nobody");
    for begun in waiting {
        assert!(begun.finish().await, "each is answered");
    }
}
