//! A walk over a shared copy, for transports that have a task for each connection.

use std::sync::{Arc, Weak};

use super::copies::{ASK_AGAIN_AFTER, ASK_FOR, Copies, Copy, Part};
use crate::domain::view::View;
use crate::ports::clock::Clock;
use crate::ports::live_feed::Material;

/// A place in a copy. Dropping it lets the copy go, when nobody else reads it.
#[derive(Debug)]
pub struct Parts {
    copies: Arc<Copies>,
    copy: Weak<Copy>,
    place: usize,
}

impl Parts {
    /// Begins to read this material through this view, as soon as there is a place for it. Nothing
    /// when there is none for [`ASK_FOR`]: the node has as much to do as it takes.
    pub async fn open(
        copies: &Arc<Copies>,
        material: Material,
        view: Arc<View>,
        clock: &dyn Clock,
    ) -> Option<Self> {
        let since = clock.monotonic();
        loop {
            let now = clock.monotonic();
            if let Some(copy) = copies.open(&material, &view, now) {
                return Some(Self { copies: Arc::clone(copies), copy, place: 0 });
            }
            if now.since(since) >= ASK_FOR {
                return None;
            }
            tokio::time::sleep(ASK_AGAIN_AFTER).await;
        }
    }

    /// The next part; nothing when the copy gave way to others, since reading it took too long.
    #[must_use]
    pub fn read(&mut self) -> Option<Part> {
        let part = self.copy.upgrade()?.part(self.place);
        self.place = self.place.saturating_add(1);
        Some(part)
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        self.copy = Weak::new();
        self.copies.tidy();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::adapters::wire::snapshot::Counted;
    use crate::domain::grant::{Grant, Scope, Scopes};
    use crate::domain::interest::Interest;
    use crate::domain::pattern::Patterns;
    use crate::domain::time::{Monotonic, Timestamp};

    /// Shows the seconds that it was set to.
    #[derive(Default)]
    struct Hand(AtomicU64);

    impl Clock for Hand {
        fn wall(&self) -> Timestamp {
            Timestamp::saturating(7)
        }

        fn monotonic(&self) -> Monotonic {
            Monotonic::new(Duration::from_secs(self.0.load(Ordering::SeqCst)))
        }
    }

    fn copies() -> Arc<Copies> {
        Arc::new(Copies::fewest(|json, _, part| part.extend_from_slice(json)))
    }

    fn view(agent: &str) -> Arc<View> {
        let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
        Arc::new(View::new(grant, Interest { agents: Patterns::parse([agent]).unwrap(), ..Interest::all() }))
    }

    /// As many walks as there are places, each over a copy of its own.
    async fn all_places(copies: &Arc<Copies>, fleet: &Material, clock: &Hand) -> Vec<Parts> {
        let mut walks = Vec::new();
        for number in 0..8 {
            let view = view(&format!("a{number}"));
            walks.push(Parts::open(copies, fleet.clone(), view, clock).await.unwrap());
        }
        walks
    }

    #[tokio::test(start_paused = true)]
    async fn a_walk_waits_for_a_place_and_gives_it_back() {
        let (copies, fleet, clock) = (copies(), Material::Fleet(Arc::default()), Hand::default());
        let mut walks = all_places(&copies, &fleet, &clock).await;
        let ninth = Parts::open(&copies, fleet.clone(), view("late"), &clock);
        let mut ninth = std::pin::pin!(ninth);
        let waiting = tokio::time::timeout(Duration::from_secs(60), ninth.as_mut()).await;
        assert!(waiting.is_err(), "all places are taken");
        walks.pop();
        let mut walk = ninth.await.unwrap();
        while let Some(part) = walk.read() {
            if let Part::End(end) = part {
                assert_eq!(end, Counted::default());
                return;
            }
        }
        panic!("the copy gave way to nobody");
    }

    #[tokio::test(start_paused = true)]
    async fn a_walk_that_takes_too_long_is_told_so_when_another_wants_its_place() {
        let (copies, fleet, clock) = (copies(), Material::Fleet(Arc::default()), Hand::default());
        let mut walks = all_places(&copies, &fleet, &clock).await;
        clock.0.store(15, Ordering::SeqCst);
        let mut late = Parts::open(&copies, fleet.clone(), view("late"), &clock).await.unwrap();
        assert!(walks[0].read().is_none(), "the oldest gave way");
        assert!(walks[1].read().is_some() && late.read().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_finds_no_place_for_half_a_minute_is_told_so() {
        let (copies, fleet, clock) = (copies(), Material::Fleet(Arc::default()), Hand::default());
        let mut walks = all_places(&copies, &fleet, &clock).await;
        let ninth = Parts::open(&copies, fleet.clone(), view("late"), &clock);
        let mut ninth = std::pin::pin!(ninth);
        for seconds in [14, 28] {
            let waiting = tokio::time::timeout(Duration::from_secs(1), ninth.as_mut()).await;
            assert!(waiting.is_err(), "before {seconds} s");
            clock.0.store(seconds, Ordering::SeqCst);
            walks.clear();
            walks = all_places(&copies, &fleet, &clock).await;
        }
        clock.0.store(30, Ordering::SeqCst);
        assert!(ninth.await.is_none());
        drop(walks);
    }
}
