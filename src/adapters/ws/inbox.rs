//! How the rest of the node reaches the connections of one shard: everything that is new since it looked,
//! each kind bounded by the number of connections, and one wake for all of it.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use tokio::sync::Notify;

use super::place::Mark;
use super::session::{Outcome, Session};
use crate::adapters::live::{Dismissal, Early};
use crate::domain::cursor::Seq;
use crate::domain::id::ConnectionId;

/// What is new for a shard.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Up to where events were published, and all marks made.
    pub(super) head: Seq,
    /// Connections that are shown some agents, and the events for each.
    pub(super) marks: HashMap<ConnectionId, Mark>,
    /// Connections that come.
    pub(super) arrivals: HashMap<ConnectionId, Box<Session>>,
    /// Connections whose socket can be read or written again.
    pub(super) ready: Vec<ConnectionId>,
    /// What became of that which connections asked for: at most one each.
    pub(super) outcomes: Vec<(ConnectionId, Outcome)>,
    /// Connections that are to end; the first reason stands.
    pub(super) dismissals: HashMap<ConnectionId, Dismissal>,
}

#[derive(Debug, Default)]
struct Queue {
    news: News,
    /// Which connections are here, or on their way in [`News::arrivals`].
    here: HashSet<ConnectionId>,
    early: Early,
    /// Whether a task serves the shard.
    served: bool,
}

/// One shard's inbox.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    queue: Mutex<Queue>,
    wake: Notify,
}

impl Inbox {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says up to where events were published, and who of this shard is to look from where on.
    pub(super) fn publish(&self, head: Seq, marks: impl Iterator<Item = (ConnectionId, Seq)>) {
        let mut queue = self.queue();
        queue.news.head = head;
        for (id, seq) in marks {
            if queue.here.contains(&id) {
                queue.news.marks.entry(id).or_insert(Mark { first: seq, last: seq }).last = seq;
            }
        }
        let wanted = !queue.here.is_empty();
        drop(queue);
        if wanted {
            self.wake.notify_one();
        }
    }

    /// Says that another history begins, of which nothing was published yet.
    pub(super) fn begin_anew(&self) {
        let mut queue = self.queue();
        queue.news.head = Seq::ZERO;
        queue.news.marks.clear();
    }

    /// Ends a connection, also one that is just coming.
    pub(super) fn dismiss(&self, id: ConnectionId, dismissal: Dismissal) {
        let mut queue = self.queue();
        if queue.here.contains(&id) {
            queue.news.dismissals.entry(id).or_insert(dismissal);
            drop(queue);
            self.wake.notify_one();
            return;
        }
        queue.early.keep(id, dismissal);
    }

    /// Says that a connection is coming: from now on it can be dismissed.
    pub(super) fn expect(&self, id: ConnectionId) {
        let mut queue = self.queue();
        queue.here.insert(id);
        if let Some(dismissal) = queue.early.take(id) {
            queue.news.dismissals.insert(id, dismissal);
        }
    }

    /// Brings a connection that was expected. Whether a task has to be started to serve the shard.
    #[must_use]
    pub(super) fn arrive(&self, session: Box<Session>) -> bool {
        let mut queue = self.queue();
        queue.news.arrivals.insert(session.id(), session);
        let start = !std::mem::replace(&mut queue.served, true);
        drop(queue);
        self.wake.notify_one();
        start
    }

    /// Forgets a connection.
    pub(super) fn forget(&self, id: ConnectionId) {
        let mut queue = self.queue();
        queue.here.remove(&id);
        queue.news.marks.remove(&id);
        queue.news.dismissals.remove(&id);
    }

    /// Brings what became of that which a connection asked for.
    pub(super) fn answer(&self, id: ConnectionId, outcome: Outcome) {
        self.queue().news.outcomes.push((id, outcome));
        self.wake.notify_one();
    }

    /// Takes all that is new. Dismissals of those who have not arrived stay.
    pub(super) fn take(&self, known: impl Fn(&ConnectionId) -> bool) -> News {
        let mut queue = self.queue();
        let head = queue.news.head;
        let mut news = std::mem::replace(&mut queue.news, News { head, ..News::default() });
        let (now, later) = std::mem::take(&mut news.dismissals)
            .into_iter()
            .partition(|(id, _)| known(id) || news.arrivals.contains_key(id));
        news.dismissals = now;
        queue.news.dismissals = later;
        news
    }

    /// Says that the task stops serving; not while somebody came meanwhile.
    pub(super) fn leave(&self) -> bool {
        let mut queue = self.queue();
        let leave = queue.news.arrivals.is_empty();
        queue.served = !leave;
        leave
    }

    /// Says that the task that served the shard is no more. Who came since it looked last goes as those
    /// whom it had; who comes next is served by another.
    pub(super) fn broke_down(&self) {
        let mut queue = self.queue();
        queue.served = false;
        let lost = std::mem::take(&mut queue.news.arrivals);
        // They say that they are gone, for which the lock must be free.
        drop(queue);
        drop(lost);
    }

    /// Waits until there is something new. Cancel safe.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// What a socket of this connection wakes.
    pub(super) fn bell(self: &Arc<Self>, id: ConnectionId) -> Arc<Bell> {
        Arc::new(Bell { inbox: Arc::clone(self), id, rung: AtomicBool::new(false) })
    }
}

/// Says that a connection's socket can be read or written again; however often before the shard looks.
#[derive(Debug)]
pub(super) struct Bell {
    inbox: Arc<Inbox>,
    id: ConnectionId,
    rung: AtomicBool,
}

impl Bell {
    /// The shard looks now: what comes later rings again.
    pub(super) fn heard(&self) {
        self.rung.store(false, Ordering::SeqCst);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::SeqCst) {
            self.inbox.queue().news.ready.push(self.id);
            self.inbox.wake.notify_one();
        }
    }
}

/// A connection that is expected or here; until it is dropped.
#[derive(Debug)]
pub(super) struct Registration {
    inbox: Arc<Inbox>,
    id: ConnectionId,
}

impl Registration {
    /// Makes a connection reachable.
    pub(super) fn new(inbox: &Arc<Inbox>, id: ConnectionId) -> Self {
        inbox.expect(id);
        Self { inbox: Arc::clone(inbox), id }
    }

    pub(super) const fn id(&self) -> ConnectionId {
        self.id
    }

    pub(super) const fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.inbox.forget(self.id);
    }
}
