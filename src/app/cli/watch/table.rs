//! The table in the terminal: a thread of its own draws it at a steady pace and takes the keys, so that
//! neither a flood of events nor a terminal that takes no more holds anybody up. The terminal is given back
//! however it ends.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};
use ratatui::crossterm::{cursor::Show, execute, terminal::disable_raw_mode};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::draw::{Palette, draw, rows_in};
use super::keys::Hands;
use crate::app::watch::{Board, Connection, Screen, ScreenGone};
use crate::ports::live_source::Received;

/// At most 15 pictures a second, however fast events come.
const PICTURE_EVERY: Duration = Duration::from_millis(66);
/// At least one a second: ages tick.
const TICK: Duration = Duration::from_secs(1);
/// How long the terminal may take to be given back.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// What the watching and the drawing share.
struct Shared {
    board: Mutex<Board>,
    /// The board is not as it was drawn.
    dirty: AtomicBool,
    /// The drawing is to end.
    leave: AtomicBool,
    /// It has ended.
    gone: AtomicBool,
}

impl Shared {
    /// A poisoned lock is entered: the board changes in whole steps.
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A table that is not on the terminal yet.
pub(super) struct Table {
    shared: Arc<Shared>,
    server: String,
    palette: Palette,
}

impl Table {
    pub(super) fn new(server: String, colour: bool) -> Self {
        let shared = Shared {
            board: Mutex::new(Board::default()),
            dirty: AtomicBool::new(true),
            leave: AtomicBool::new(false),
            gone: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared), server, palette: Palette::new(colour) }
    }

    /// Where frames go.
    pub(super) fn screen(&self) -> impl Screen + use<> {
        TableScreen { shared: Arc::clone(&self.shared) }
    }

    /// Takes the terminal. The future resolves when somebody quits, or the terminal is gone.
    pub(super) fn open(self) -> io::Result<(Open, impl Future<Output = ()> + Send + use<>)> {
        let (quit, quitted) = oneshot::channel::<()>();
        let shared = Arc::clone(&self.shared);
        // From here on a panic gives the terminal back before it tells of itself.
        let terminal = ratatui::try_init().inspect_err(|_| give_back())?;
        let drawing = std::thread::Builder::new().name("table".to_owned()).spawn(move || {
            // Dropped at the end, also by a panic.
            let _quit = quit;
            let ended = self.draw_until_quit(terminal);
            self.shared.gone.store(true, Ordering::Relaxed);
            give_back();
            ended
        });
        let drawing = drawing.inspect_err(|_| give_back())?;
        let quitted = async move {
            let _dropped = quitted.await;
        };
        Ok((Open { shared, drawing: Some(drawing) }, quitted))
    }

    fn draw_until_quit(&self, mut terminal: DefaultTerminal) -> io::Result<()> {
        let mut hands = Hands::default();
        let mut drawn_at: Option<Instant> = None;
        while !self.shared.leave.load(Ordering::Relaxed) {
            let now = Instant::now();
            let ticked = drawn_at.is_none_or(|at| now.saturating_duration_since(at) >= TICK);
            if self.shared.dirty.swap(false, Ordering::Relaxed) || ticked {
                drawn_at = Some(now);
                hands.look.take = rows_in(terminal.size()?.height);
                let view = self.shared.board().view(&hands.look, now);
                hands.above = view.above;
                terminal.draw(|frame| draw(frame, &view, &hands, &self.server, self.palette))?;
            }
            let next = now + PICTURE_EVERY;
            while event::poll(next.saturating_duration_since(Instant::now()))? {
                match event::read()? {
                    Event::Key(key) if hands.press(key) => return Ok(()),
                    Event::Key(_) | Event::Resize(..) => self.shared.dirty.store(true, Ordering::Relaxed),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// A table on the terminal.
pub(super) struct Open {
    shared: Arc<Shared>,
    drawing: Option<JoinHandle<io::Result<()>>>,
}

impl Open {
    /// Gives the terminal back.
    ///
    /// # Errors
    /// What ended the drawing before.
    pub(super) async fn close(mut self) -> io::Result<()> {
        self.shared.leave.store(true, Ordering::Relaxed);
        let Some(drawing) = self.drawing.take() else { return Ok(()) };
        let joined = tokio::task::spawn_blocking(move || drawing.join());
        match timeout(CLOSE_WITHIN, joined).await {
            Ok(Ok(Ok(ended))) => ended,
            // The panic told of itself.
            Ok(_) => Err(io::Error::other("a fault in drawing it")),
            // It takes no more; what can be given back without a word to it is.
            Err(_) => disable_raw_mode(),
        }
    }
}

impl Drop for Open {
    /// Without [`Open::close`] there was a panic: nothing may draw over what it says.
    fn drop(&mut self) {
        self.shared.leave.store(true, Ordering::Relaxed);
        if let Some(drawing) = self.drawing.take() {
            let _ended = drawing.join();
        }
    }
}

/// A terminal that is gone takes nothing back.
fn give_back() {
    let _gone = ratatui::try_restore();
    let _gone = execute!(io::stdout(), Show);
}

struct TableScreen {
    shared: Arc<Shared>,
}

#[async_trait]
impl Screen for TableScreen {
    async fn show(&mut self, received: &Received) -> Result<(), ScreenGone> {
        if self.shared.gone.load(Ordering::Relaxed) {
            return Err(ScreenGone);
        }
        self.shared.board().take(&received.frame, Instant::now());
        self.shared.dirty.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn tell(&mut self, connection: &Connection) {
        self.shared.board().tell(connection, Instant::now());
        self.shared.dirty.store(true, Ordering::Relaxed);
    }
}
