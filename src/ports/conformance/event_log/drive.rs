//! Futures side by side without a runtime: each is polled when it was woken, and only then.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Something to be done, on any thread.
pub type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Does all of it side by side, on the caller's task; gives the results in the order given.
///
/// A future that nobody wakes is not polled again, so a missed wake-up shows as a wait without end.
pub async fn join_all<T>(work: Vec<Work<T>>) -> Vec<T> {
    let mut children: Vec<_> =
        work.into_iter().map(|work| Child { work, done: None, bell: Arc::default() }).collect();
    poll_fn(|cx| {
        for child in &mut children {
            child.poll(cx);
        }
        if children.iter().all(|child| child.done.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    children.into_iter().filter_map(|child| child.done).collect()
}

struct Child<T> {
    work: Work<T>,
    done: Option<T>,
    bell: Arc<Bell>,
}

impl<T> Child<T> {
    fn poll(&mut self, cx: &Context<'_>) {
        if self.done.is_some() {
            return;
        }
        // First who is to be woken, then whether it rang: a ring in between wakes the new waker.
        *self.bell.parent.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        if self.bell.silent.swap(true, Ordering::AcqRel) {
            return;
        }
        let waker = Waker::from(Arc::clone(&self.bell));
        if let Poll::Ready(done) = self.work.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.done = Some(done);
        }
    }
}

/// Rung when a child can go on; a new one counts as rung.
#[derive(Default)]
struct Bell {
    silent: AtomicBool,
    parent: Mutex<Option<Waker>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.silent.store(false, Ordering::Release);
        let parent = self.parent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(parent) = parent {
            parent.wake();
        }
    }
}

/// Lets everything else that can go on do so once.
pub(super) async fn stand_back() {
    let mut stood = false;
    poll_fn(|cx| {
        if stood {
            return Poll::Ready(());
        }
        stood = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Polls a future this many times, standing back in between. Nothing when it is not done by then.
pub(super) async fn try_for<T>(
    work: &mut Pin<Box<dyn Future<Output = T> + Send + '_>>,
    polls: usize,
) -> Option<T> {
    for _ in 0..polls {
        let polled = poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await;
        if let Poll::Ready(done) = polled {
            return Some(done);
        }
        stand_back().await;
    }
    None
}
