//! Watching, with a server, tokens, a screen and a clock that the tests hold.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::given::{copy_end, event, heartbeat};
use super::*;
use crate::ports::entropy::MockEntropy;
use crate::ports::live_source::{MockLiveFrames, MockLiveSource, Start};

/// What one connection does: frames, and how it ends; or how it does not come about.
type Script = Result<(Vec<Frame>, Ending), Ending>;

/// What a test sees of a watch that ended.
struct Seen {
    /// The cursor and the token of each opening, and the seconds since the first.
    opened: Vec<(String, String, u64)>,
    /// Tokens that were sent on an open connection.
    refreshed: Vec<String>,
    shown: usize,
    told: Vec<String>,
    ended: Result<(), Stopped>,
}

/// Tokens in the order in which they are asked for; the last one again and again.
struct List(Mutex<VecDeque<&'static str>>);

impl Tokens for List {
    fn token(&self) -> Result<SecretText, NoToken> {
        let mut list = self.0.lock().unwrap();
        let token = if list.len() > 1 { list.pop_front() } else { list.front().copied() };
        token.map(SecretText::new).ok_or_else(|| NoToken("none".to_owned()))
    }
}

/// Keeps what is told and counts what is shown.
#[derive(Clone, Default)]
struct Paper {
    kept: Arc<Mutex<(usize, Vec<String>)>>,
    /// It is gone at this frame.
    gone_at: Option<usize>,
    /// How long each frame takes.
    slow: Duration,
}

#[async_trait]
impl Screen for Paper {
    async fn show(&mut self, _: &Received) -> Result<(), ScreenGone> {
        sleep(self.slow).await;
        let mut kept = self.kept.lock().unwrap();
        kept.0 += 1;
        if Some(kept.0) == self.gone_at { Err(ScreenGone) } else { Ok(()) }
    }

    fn tell(&mut self, connection: &Connection) {
        self.kept.lock().unwrap().1.push(connection.to_string());
    }
}

/// Watches a server that follows the scripts; after the last one it dismisses the watcher.
async fn watch(tokens: &[&'static str], scripts: Vec<Script>, paper: Paper) -> Seen {
    let opened = Arc::new(Mutex::new(Vec::new()));
    let refreshed = Arc::new(Mutex::new(Vec::new()));
    let scripts = Mutex::new(VecDeque::from(scripts));
    let begun = Instant::now();
    let mut source = MockLiveSource::new();
    let (opened_here, refreshed_here) = (Arc::clone(&opened), Arc::clone(&refreshed));
    source.expect_open().returning(move |ask, token| {
        let after = ask.after.as_ref().map(ToString::to_string).unwrap_or_default();
        opened_here.lock().unwrap().push((after, token.reveal().to_owned(), begun.elapsed().as_secs()));
        let (frames, ending) = scripts.lock().unwrap().pop_front().unwrap_or_else(|| Err(close(4503)))?;
        let frames = Mutex::new(VecDeque::from(frames));
        let mut connection = MockLiveFrames::new();
        connection.expect_next().returning(move || match frames.lock().unwrap().pop_front() {
            Some(frame) => Ok(Received { text: "{}".to_owned(), frame }),
            None => Err(ending.clone()),
        });
        let refreshed = Arc::clone(&refreshed_here);
        connection.expect_refresh().returning(move |token| {
            refreshed.lock().unwrap().push(token.reveal().to_owned());
            Ok(())
        });
        Ok(Box::new(connection))
    });
    let mut entropy = MockEntropy::new();
    // The longest wait of each try: one second, two, four.
    entropy.expect_bytes().returning(|| Ok([255; 16]));
    let tokens = Box::new(List(Mutex::new(tokens.iter().copied().collect())));
    let watch = Watch::new(Arc::new(source), tokens, Arc::new(entropy), Ask::default(), paper.clone());
    let ended = watch.run(Box::pin(std::future::pending())).await;
    let (shown, told) = paper.kept.lock().unwrap().clone();
    let (opened, refreshed) = (opened.lock().unwrap().clone(), refreshed.lock().unwrap().clone());
    Seen { opened, refreshed, shown, told, ended }
}

fn close(code: u16) -> Ending {
    Ending::Closed { code, word: "word".to_owned(), retry_after: None }
}

fn broken() -> Ending {
    Ending::Broken("cut".to_owned())
}

fn hello(epoch: &str, mode: &str) -> Frame {
    let start = Start {
        mode: mode.to_owned(),
        reason: "new".to_owned(),
        copy: mode == "snapshot",
        view: Some("v".to_owned()),
        complete: Some(true),
    };
    given::hello(epoch, start)
}

#[tokio::test(start_paused = true)]
async fn after_a_loss_it_goes_on_from_the_last_place_and_an_unfinished_copy_moves_nothing() {
    let scripts = vec![
        Ok((vec![hello("e", "snapshot"), copy_end(7), event(8)], broken())),
        Ok((vec![hello("f", "snapshot"), event(3)], broken())),
        Ok((vec![hello("f", "snapshot"), copy_end(3), heartbeat(3)], broken())),
    ];
    let seen = watch(&["t"], scripts, Paper::default()).await;
    let after: Vec<_> = seen.opened.iter().map(|(after, ..)| after.as_str()).collect();
    assert_eq!(after, ["", "e:8:v", "e:8:v", "f:3:v"]);
    assert_eq!(seen.shown, 8);
    assert_eq!(seen.told[0], "connected as alice: snapshot (new)");
    assert_eq!(seen.ended, Err(Stopped::Dismissed(close(4503))));
}

#[tokio::test(start_paused = true)]
async fn each_failed_try_waits_longer_and_so_does_one_that_lived_a_moment() {
    let mut scripts: Vec<Script> = vec![Err(Ending::Unreachable("nobody".to_owned())); 7];
    scripts.push(Ok((vec![hello("e", "live")], broken())));
    let seen = watch(&["t"], scripts, Paper::default()).await;
    let at: Vec<_> = seen.opened.iter().map(|(.., at)| *at).collect();
    assert_eq!(at, [0, 1, 3, 7, 15, 31, 61, 91, 121]);
    assert_eq!(seen.told[0], "cannot reach the server: nobody; next try in 1.0 s");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_steady_makes_the_next_wait_a_first_one_and_forgives_wrong_words() {
    let paper = Paper { slow: STEADY_AFTER, ..Paper::default() };
    let scripts = vec![Ok((vec![hello("e", "live")], close(1002))); 4];
    let seen = watch(&["t"], scripts, paper).await;
    let at: Vec<_> = seen.opened.iter().map(|(.., at)| *at).collect();
    assert_eq!(at, [0, 11, 22, 33, 44]);
}

#[tokio::test(start_paused = true)]
async fn the_server_is_obeyed_in_when_to_come_back() {
    let retry_after = Some(Duration::from_secs(7));
    let closed = Ending::Closed { code: 1012, word: "restart".to_owned(), retry_after };
    let goodbye = vec![hello("e", "live"), Frame::Goodbye { retry_after }];
    let scripts = vec![Ok((vec![hello("e", "live")], closed)), Ok((goodbye, broken()))];
    let seen = watch(&["t"], scripts, Paper::default()).await;
    let at: Vec<_> = seen.opened.iter().map(|(.., at)| *at).collect();
    assert_eq!(at, [0, 8, 17], "the hint, and what spreads the herd");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_served_and_said_goodbye_is_no_failed_try_though_it_lived_a_moment() {
    let nobody = || Err(Ending::Unreachable("nobody".to_owned()));
    let served = |end: Option<Frame>| [hello("e", "snapshot"), copy_end(1)].into_iter().chain(end).collect();
    let goodbye = Frame::Goodbye { retry_after: Some(Duration::from_millis(1)) };
    for (last, tries) in [
        (Ok((served(None), close(1012))), [0, 1, 3, 7, 8]),
        (Ok((served(Some(goodbye)), broken())), [0, 1, 3, 7, 8]),
        // One that falls over each time is one.
        (Ok((served(None), broken())), [0, 1, 3, 7, 15]),
    ] {
        let scripts = vec![nobody(), nobody(), nobody(), last];
        let seen = watch(&["t"], scripts, Paper::default()).await;
        let at: Vec<_> = seen.opened.iter().map(|(.., at)| *at).collect();
        assert_eq!(at, tries);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ended_is_replaced_and_without_another_it_is_signed_out() {
    let ended = || Ok((vec![hello("e", "live")], close(4401)));
    let seen = watch(&["t1", "t2"], vec![ended()], Paper::default()).await;
    let tokens: Vec<_> = seen.opened.iter().map(|(_, token, _)| token.as_str()).collect();
    assert_eq!(tokens, ["t1", "t2"]);
    let seen = watch(&["t1"], vec![ended()], Paper::default()).await;
    assert_eq!(seen.opened.len(), 1);
    assert!(matches!(seen.ended, Err(Stopped::SignedOut(_))), "{:?}", seen.ended);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_about_to_end_is_refreshed_where_there_is_another() {
    let script = || Ok((vec![hello("e", "live"), Frame::TokenEnding, event(1)], broken()));
    let seen = watch(&["t1", "t2"], vec![script()], Paper::default()).await;
    assert_eq!(seen.refreshed, ["t2"]);
    let seen = watch(&["t1"], vec![script()], Paper::default()).await;
    assert!(seen.refreshed.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_and_no_token_stop_it() {
    let refused = Ending::Refused {
        status: 401,
        code: "invalid_token".to_owned(),
        detail: "get another".to_owned(),
        retry_after: None,
    };
    let seen = watch(&["t"], vec![Err(refused.clone())], Paper::default()).await;
    assert_eq!((seen.opened.len(), seen.ended), (1, Err(Stopped::SignedOut(refused))));
    let seen = watch(&[], vec![], Paper::default()).await;
    assert_eq!(seen.ended, Err(Stopped::NoToken(NoToken("none".to_owned()))));
}

#[tokio::test(start_paused = true)]
async fn three_wrong_words_in_a_row_stop_it_and_not_with_another_end_between() {
    let wrong = |code| Ok((vec![hello("e", "live")], close(code)));
    let seen = watch(&["t"], vec![wrong(1002), wrong(1007), wrong(1009)], Paper::default()).await;
    assert_eq!((seen.opened.len(), seen.ended), (3, Err(Stopped::Misunderstood(close(1009)))));
    let scripts = vec![wrong(1002), wrong(1009), wrong(1012), wrong(1009), wrong(1002)];
    let seen = watch(&["t"], scripts, Paper::default()).await;
    assert_eq!(seen.ended, Err(Stopped::Dismissed(close(4503))));
}

#[tokio::test(start_paused = true)]
async fn every_code_from_4500_on_stops_it_at_once() {
    for code in [4500, 4501, 4503, 4999] {
        let seen = watch(&["t"], vec![Ok((vec![hello("e", "live")], close(code)))], Paper::default()).await;
        assert_eq!((seen.opened.len(), seen.ended), (1, Err(Stopped::Dismissed(close(code)))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_hole_is_filled_by_coming_back_before_it_is_shown() {
    let scripts = vec![Ok((vec![hello("e", "snapshot"), copy_end(7), event(9)], broken()))];
    let seen = watch(&["t"], scripts, Paper::default()).await;
    assert_eq!((seen.shown, seen.opened[1].0.as_str()), (2, "e:7:v"));
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_the_server_cannot_read_is_forgotten() {
    let refused = Ending::Refused {
        status: 422,
        code: "invalid_cursor".to_owned(),
        detail: String::new(),
        retry_after: None,
    };
    let scripts = vec![Ok((vec![hello("e", "snapshot"), copy_end(7)], broken())), Err(refused)];
    let seen = watch(&["t"], scripts, Paper::default()).await;
    let after: Vec<_> = seen.opened.iter().map(|(after, ..)| after.as_str()).collect();
    assert_eq!(after, ["", "e:7:v", ""]);
}

#[tokio::test(start_paused = true)]
async fn a_screen_that_is_gone_and_a_stop_end_it_in_peace() {
    let script = Ok((vec![hello("e", "live"), event(1), event(2)], broken()));
    let seen = watch(&["t"], vec![script], Paper { gone_at: Some(2), ..Paper::default() }).await;
    assert_eq!((seen.shown, seen.ended), (2, Ok(())));

    let mut source = MockLiveSource::new();
    source.expect_open().returning(|_, _| {
        let mut connection = MockLiveFrames::new();
        connection
            .expect_next()
            .returning(|| Ok(Received { text: "{}".to_owned(), frame: hello("e", "live") }));
        connection.expect_close().times(1).returning(|| ());
        Ok(Box::new(connection))
    });
    let tokens = Box::new(List(Mutex::new(VecDeque::from(["t"]))));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let screen = StopsAt(Some(stop));
    let watch = Watch::new(Arc::new(source), tokens, Arc::new(MockEntropy::new()), Ask::default(), screen);
    let ended = watch.run(Box::pin(async move { drop(stopped.await) })).await;
    assert_eq!(ended, Ok(()));
}

/// Asks to stop at the first frame, and waits there.
struct StopsAt(Option<tokio::sync::oneshot::Sender<()>>);

#[async_trait]
impl Screen for StopsAt {
    async fn show(&mut self, _: &Received) -> Result<(), ScreenGone> {
        drop(self.0.take());
        std::future::pending().await
    }

    fn tell(&mut self, _: &Connection) {}
}

#[test]
fn the_advice_to_get_a_new_token_is_given_once() {
    let refused = |detail: &str| {
        let (code, detail) = ("invalid_token".to_owned(), detail.to_owned());
        Stopped::SignedOut(Ending::Refused { status: 401, code, detail, retry_after: None }).to_string()
    };
    for detail in ["get a new token", "it ended"] {
        assert_eq!(refused(detail).to_lowercase().matches("get a new token").count(), 1, "{detail}");
    }
}
