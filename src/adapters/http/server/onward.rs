//! Goes on at once with a future that woke itself while it was polled.
//!
//! hyper does so for each request with a body: the handler asks for it, which wakes the very task that it runs in. A runtime
//! takes that for a task that gives way, puts it behind all others, and wakes another thread to look after it: the body
//! that was there all the time would cost a report two changes of threads.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// How often a future is polled before others get their turn.
const POLLS_MAX: usize = 4;

/// It is being polled.
const POLLED: u8 = 1;
/// It was woken since that began.
const WOKEN: u8 = 2;

/// Takes the wake-ups of one future.
pub(super) struct Onward {
    wakes: Arc<Wakes>,
    waker: Waker,
}

struct Wakes {
    task: AtomicWaker,
    state: AtomicU8,
}

impl Onward {
    /// For a future that was not polled yet.
    pub(super) fn new() -> Self {
        let wakes = Arc::new(Wakes { task: AtomicWaker::new(), state: AtomicU8::new(0) });
        Self { waker: Waker::from(Arc::clone(&wakes)), wakes }
    }

    /// Polls the future, and again while it was woken meanwhile.
    pub(super) fn poll<F: Future>(
        &self,
        mut future: Pin<&mut F>,
        context: &mut Context<'_>,
    ) -> Poll<F::Output> {
        self.wakes.task.register(context.waker());
        for _ in 0..POLLS_MAX {
            self.wakes.state.store(POLLED, Ordering::Release);
            let polled = future.as_mut().poll(&mut Context::from_waker(&self.waker));
            if polled.is_ready() || self.wakes.state.swap(0, Ordering::AcqRel) & WOKEN == 0 {
                return polled;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // One step that always sees the newest state: either the poll sees this, or it is over and the task is woken.
        if self.state.fetch_or(WOKEN, Ordering::AcqRel) & POLLED == 0 {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// A future that wakes itself so often before it is ready, polled once: how often it did, and the task's wake-ups.
    fn poll(times: usize) -> (Poll<()>, usize, usize) {
        let (task, onward) = (Arc::new(Task::default()), Onward::new());
        let mut polls = 0;
        let future = poll_fn(|context| {
            if polls == times {
                return Poll::Ready(());
            }
            polls += 1;
            context.waker().wake_by_ref();
            Poll::Pending
        });
        let polled = onward.poll(pin!(future), &mut Context::from_waker(&Waker::from(Arc::clone(&task))));
        (polled, polls, task.0.load(Ordering::SeqCst))
    }

    #[test]
    fn who_wakes_itself_goes_on_at_once_and_gives_way_in_the_end() {
        assert_eq!(poll(POLLS_MAX - 1), (Poll::Ready(()), POLLS_MAX - 1, 0));
        assert_eq!(poll(usize::MAX), (Poll::Pending, POLLS_MAX, 1));
    }

    #[test]
    fn who_waits_is_woken_by_others_through_its_task() {
        let (task, onward) = (Arc::new(Task::default()), Onward::new());
        let mut polls = 0;
        let mut future = pin!(poll_fn(|_| {
            polls += 1;
            if polls < 3 { Poll::Pending } else { Poll::Ready(()) }
        }));
        let waker = Waker::from(Arc::clone(&task));
        for woken in 0..2 {
            assert_eq!(task.0.load(Ordering::SeqCst), woken);
            assert!(onward.poll(future.as_mut(), &mut Context::from_waker(&waker)).is_pending());
            onward.waker.wake_by_ref();
            onward.waker.wake_by_ref();
        }
        assert_eq!(task.0.load(Ordering::SeqCst), 2, "once for each time that it waited");
        assert!(onward.poll(future.as_mut(), &mut Context::from_waker(&waker)).is_ready());
    }
}
