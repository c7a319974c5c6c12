//! Views and patterns.

use super::*;
use mission_control::domain::pattern::Pattern;

/// Tries every way a star can be read. Slow, and plainly right.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|from| fits(rest, text.get(from..).unwrap_or_default())),
        Some((byte, rest)) => {
            text.split_first().is_some_and(|(first, left)| first == byte && fits(rest, left))
        }
    }
}

fn any_fits(patterns: &[&str], id: &str) -> bool {
    patterns.iter().any(|pattern| fits(pattern.as_bytes(), id.as_bytes()))
}

/// Runs of `a` and `b` between at most four stars.
fn pattern_text() -> impl Strategy<Value = String> {
    prop::collection::vec("[ab]{0,3}", 1..=5)
        .prop_map(|parts| parts.join("*"))
        .prop_filter("a pattern is not empty", |text| !text.is_empty())
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn a_pattern_matches_as_trying_every_way_does(pattern in pattern_text(), id in "[ab]{1,10}") {
        let matches = Pattern::parse(&pattern).unwrap().matches(&agent(&id));
        prop_assert_eq!(matches, fits(pattern.as_bytes(), id.as_bytes()));
    }

    #[test]
    fn a_pattern_is_all_only_where_it_matches_every_id(pattern in pattern_text(), id in "[ab]{1,10}") {
        let pattern = Pattern::parse(&pattern).unwrap();
        prop_assert_eq!(pattern.is_all(), pattern.as_str().bytes().all(|byte| byte == b'*'));
        prop_assert!(!pattern.is_all() || pattern.matches(&agent(&id)));
    }

    #[test]
    fn no_text_makes_a_pattern_panic(text in "(?s:.){0,20}|[ab*]{0,12}", id in "[ab]{1,5}") {
        if let Ok(pattern) = Pattern::parse(&text) {
            prop_assert_eq!(pattern.as_str(), text);
            let _ = pattern.matches(&agent(&id));
        }
    }

    #[test]
    fn an_interest_never_shows_what_the_grant_hides(asked in asked(), at in 0..AGENTS.len()) {
        let id = AGENTS.get(at).copied().unwrap_or("a");
        let view = asked.view();
        for event in one_of_each_kind(id) {
            let granted = asked.watch && any_fits(&asked.granted, id);
            let kind = event.kind() == EventKind::Removal || asked.kinds.contains(&event.kind());
            let wanted = kind && any_fits(&asked.wanted, id);
            prop_assert!(granted || !view.covers(&event), "the grant hides {:?}", event);
            prop_assert!(wanted || !view.covers(&event), "nobody asked for {:?}", event);
            prop_assert!(!(granted && wanted) || view.covers(&event), "{:?} is missing", event);
            prop_assert!(!view.complete() || view.covers(&event), "a complete view hides {:?}", event);
            prop_assert!(!view.shows_nothing() || !view.covers(&event));
            prop_assert!(!view.shows_every_agent() || view.shows(event.agent()));
        }
    }

    #[test]
    fn a_view_id_names_what_is_shown_and_not_how_it_was_written(one in asked(), other in asked()) {
        let mut again = one.clone();
        again.granted.reverse();
        again.wanted.extend(one.wanted.iter().copied());
        again.kinds.reverse();
        prop_assert_eq!(one.view().id(), again.view().id());
        if one.view().id() == other.view().id() {
            for event in AGENTS.into_iter().flat_map(one_of_each_kind) {
                prop_assert_eq!(one.view().covers(&event), other.view().covers(&event));
            }
        }
    }
}
