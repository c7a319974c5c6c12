//! How a connection begins: by its cursor and what the rings hold, and within the bounds.

use super::super::*;
use crate::app::testing::*;
use crate::domain::grant::Scope;

/// A hub that began after event 10 and took events up to 30; its rings hold 15, and it replays 12.
fn at_thirty() -> (Arc<Hub>, Arc<Screens>) {
    let screens = Arc::default();
    let limits = HubLimits { ring_events: 15, replay_events: 12, ..ROOMY };
    let hub = hub(loaded(&[online(10, "a1")]), &screens, limits);
    hub.take((11..=30).map(|seq| activity(seq, "a1", "s1")).collect());
    (hub, screens)
}

fn join(hub: &Hub, cursor: Option<&str>) -> Beginning {
    let cursor = cursor.map(|text| Cursor::parse(text).unwrap());
    let (of, beginning) =
        hub.join(connection(1, "ada", view(&["*"])), cursor.as_ref(), None, &Stage::default()).unwrap();
    assert_eq!(of, epoch());
    hub.leave(ConnectionId::new(1));
    beginning
}

#[test]
fn a_connection_without_a_cursor_begins_with_a_copy_at_the_head() {
    let (hub, _) = at_thirty();
    let beginning = join(&hub, None);
    assert_eq!(beginning.plan, Plan::Snapshot(Why::New));
    assert_eq!((beginning.from, beginning.head), (Seq::new(30), Seq::new(30)));
    assert_eq!(
        beginning.material.as_ref().and_then(Material::fleet).map(|fleet| fleet.at()),
        Some(Seq::new(30))
    );
}

#[test]
fn a_cursor_that_is_held_is_continued_and_one_that_is_not_begins_anew() {
    let (hub, _) = at_thirty();
    for (cursor, plan, from) in [
        ("now:30", Plan::Live, 30),
        ("now:29", Plan::Replay { after: Seq::new(29) }, 29),
        ("now:18", Plan::Replay { after: Seq::new(18) }, 18),
        ("now:17", Plan::Delta { after: Seq::new(17), why: Why::Resumed }, 30),
        ("now:31", Plan::Snapshot(Why::CursorAhead), 30),
        ("old:30", Plan::Snapshot(Why::EpochChanged), 30),
    ] {
        let beginning = join(&hub, Some(cursor));
        assert_eq!((beginning.plan, beginning.from), (plan, Seq::new(from)), "{cursor}");
        let is_copy = matches!(plan, Plan::Snapshot(_) | Plan::Delta { .. });
        assert_eq!(beginning.material.is_some(), is_copy, "{cursor}: what is held needs no copy");
        assert_eq!(beginning.head, Seq::new(30), "{cursor}");
    }
}

#[test]
fn what_the_rings_do_not_hold_is_not_replayed() {
    let screens = Arc::default();
    let few = hub(loaded(&[]), &screens, HubLimits { ring_events: 3, ..ROOMY });
    few.take((1..=9).map(|seq| online(seq, "a1")).collect());
    assert_eq!(join(&few, Some("now:6")).plan, Plan::Replay { after: Seq::new(6) });
    assert_eq!(join(&few, Some("now:5")).plan, Plan::Delta { after: Seq::new(5), why: Why::Resumed });
}

#[test]
fn nothing_from_before_the_node_began_is_replayed_since_no_ring_has_it() {
    let hub = hub(loaded(&[online(10, "a1")]), &Arc::default(), ROOMY);
    assert_eq!(join(&hub, Some("now:10")).plan, Plan::Live);
    assert_eq!(join(&hub, Some("now:9")).plan, Plan::Delta { after: Seq::new(9), why: Why::Resumed });
    hub.take(vec![online(11, "a1")]);
    assert_eq!(join(&hub, Some("now:10")).plan, Plan::Replay { after: Seq::new(10) });
    assert_eq!(join(&hub, Some("now:9")).plan, Plan::Delta { after: Seq::new(9), why: Why::Resumed });
}

#[test]
fn a_cursor_of_another_view_begins_anew_and_says_what_changed() {
    let (hub, _) = at_thirty();
    let here = view(&["*"]).id();
    let asked = view(&["a*"]).id();
    let granted = View::new(grant(&[Scope::Watch], &["a*"]), crate::domain::interest::Interest::all()).id();
    assert_eq!(join(&hub, Some(&format!("now:30:{here}"))).plan, Plan::Live);
    let of_asked = join(&hub, Some(&format!("now:30:{asked}")));
    assert_eq!(of_asked.plan, Plan::Snapshot(Why::InterestChanged));
    let of_granted = join(&hub, Some(&format!("now:30:{granted}")));
    assert_eq!(of_granted.plan, Plan::Snapshot(Why::GrantChanged));
}

#[test]
fn a_user_has_so_many_connections_and_another_user_is_not_affected() {
    let hub = hub(loaded(&[]), &Arc::default(), HubLimits { connections_per_user: 2, ..ROOMY });
    let stage = Stage::default();
    let join = |number, of| hub.join(connection(number, of, view(&["*"])), None, None, &stage).map(|_| ());
    assert_eq!((join(1, "ada"), join(2, "ada")), (Ok(()), Ok(())));
    let fault = join(3, "ada").unwrap_err();
    assert_eq!(fault.code, Code::TooManyConnections);
    assert!(fault.retry_after.is_some());
    assert_eq!(join(4, "bob"), Ok(()));
    hub.leave(ConnectionId::new(1));
    assert_eq!(join(5, "ada"), Ok(()));
    assert_eq!(registered(&hub), [2, 4, 5].map(ConnectionId::new));
}

#[test]
fn a_node_has_so_many_connections_whosever_they_are() {
    let hub = hub(loaded(&[]), &Arc::default(), HubLimits { connections: 2, ..ROOMY });
    let stage = Stage::default();
    let join = |number, of| hub.join(connection(number, of, view(&["*"])), None, None, &stage).map(|_| ());
    assert_eq!((join(1, "ada"), join(2, "bob")), (Ok(()), Ok(())));
    let fault = join(3, "cyd").unwrap_err();
    assert_eq!(fault.code, Code::Overloaded);
    assert!(fault.retry_after.is_some());
    hub.leave(ConnectionId::new(2));
    assert_eq!(join(4, "cyd"), Ok(()));
}

#[test]
fn beginning_again_gives_the_head_of_that_moment_for_any_reason() {
    let (hub, screens) = at_thirty();
    hub.join(connection(1, "ada", view(&["*"])), None, None, &Stage::default()).unwrap();
    let id = ConnectionId::new(1);
    hub.take(vec![activity(31, "a1", "s1")]);
    let anew =
        hub.begin_again(id, Why::InterestChanged, Seq::new(31), None, |_| Arc::new(view(&["b*"]))).unwrap();
    assert_eq!(anew.plan, Plan::Snapshot(Why::InterestChanged));
    assert_eq!((anew.from, anew.head), (Seq::new(31), Seq::new(31)));
    assert_eq!(anew.material.as_ref().and_then(Material::fleet).map(|fleet| fleet.at()), Some(Seq::new(31)));
    assert_eq!(*anew.view, view(&["b*"]));
    hub.take(vec![activity(32, "a1", "s1"), online(33, "b1")]);
    assert_eq!(screens.handed(id), [31, 33]);
    let narrowed = |before: &Arc<View>| {
        assert_eq!(**before, view(&["b*"]), "the view to change is the one of now");
        Arc::new(View::new(grant(&[Scope::Watch], &["a*"]), before.interest().clone()))
    };
    let anew = hub.begin_again(id, Why::GrantChanged, Seq::new(33), None, narrowed).unwrap();
    assert_eq!(anew.plan, Plan::Snapshot(Why::GrantChanged));
    hub.take(vec![activity(34, "a1", "s1"), activity(35, "b1", "s1")]);
    assert_eq!(screens.handed(id), [31, 33], "grant and interest have no agent in common");
}

#[test]
fn a_connection_that_is_gone_begins_nothing() {
    let (hub, _) = at_thirty();
    let again = hub.begin_again(ConnectionId::new(7), Why::SlowReader, Seq::ZERO, None, Arc::clone);
    assert_eq!(code(again), Code::NotFound);
    assert!(registered(&hub).is_empty());
}
