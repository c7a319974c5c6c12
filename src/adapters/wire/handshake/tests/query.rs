//! The query: percent-decoding, cursors, interests.

use super::*;
use crate::domain::cursor::{Seq, ViewId};
use crate::domain::event::EventKind;
use crate::domain::id::AgentId;

fn refused(query: &str) -> Code {
    StreamQuery::parse(query).expect_err(query).code
}

fn interest_of(query: &str) -> Result<Interest, (Code, String)> {
    let told = |fault: Fault| (fault.code, fault.pointer.unwrap_or_default().into_owned());
    asked(query).interest().map_err(told)
}

#[test]
fn a_query_that_says_nothing_asks_for_everything_from_now() {
    for query in ["", "&", "&&&", "x", "x=1&x=2&=&=y", "after=&agents=&types=", "agents&types&after"] {
        let read = asked(query);
        assert_eq!(read.cursor(), Ok(None), "{query}");
        assert_eq!(read.interest(), Ok(Interest::all()), "{query}");
    }
}

#[test]
fn percent_and_plus_are_decoded_once() {
    for (text, decoded) in [
        ("", ""),
        ("abc", "abc"),
        ("a+b", "a b"),
        ("%41%62%63", "Abc"),
        ("%2b%2B", "++"),
        ("%2541", "%41"),
        ("%C3%a9", "é"),
        ("é", "é"),
        ("%00", "\0"),
    ] {
        assert_eq!(decode(text).as_deref(), Ok(decoded), "{text}");
    }
}

#[test]
fn broken_escapes_are_refused_and_not_guessed() {
    for bad in ["%", "%4", "%4%41", "%zz", "%4g", "%é", "%C3", "%ff", "%C3%28", "%ED%A0%80", "%+1", "%-1"] {
        assert_eq!(decode(bad).unwrap_err().code, Code::InvalidRequest, "{bad}");
        assert_eq!(refused(&format!("after={bad}")), Code::InvalidRequest, "{bad}");
        assert_eq!(refused(&format!("{bad}=1")), Code::InvalidRequest, "{bad}");
    }
}

#[test]
fn a_parameter_that_comes_twice_is_refused() {
    for query in ["after=a:1&after=a:1", "agents=a&agents=b", "types=&types=", "agents=a&%61gents=b"] {
        assert_eq!(refused(query), Code::InvalidRequest, "{query}");
    }
}

#[test]
fn a_cursor_is_read_or_refused() {
    let cursor = asked("after=k3f9%3A1042%3A0000000100000002").cursor().unwrap().unwrap();
    assert_eq!(cursor.epoch.as_str(), "k3f9");
    assert_eq!(cursor.seq, Seq::new(1042));
    assert_eq!(cursor.view, Some(ViewId { grant: 1, interest: 2 }));
    assert_eq!(asked("after=k3f9:0").cursor().unwrap().unwrap().view, None);
    for bad in [
        "7",
        "k3f9",
        "k3f9:",
        ":1",
        "k3f9:-1",
        "k3f9:1:xyz",
        "k3f9:1:",
        "K:1",
        "k:1:2:3",
        "k:99999999999999999999",
        "k:1%00",
    ] {
        let fault = asked(&format!("after={bad}")).cursor().unwrap_err();
        assert_eq!((fault.code, fault.pointer.as_deref()), (Code::InvalidCursor, Some("/after")), "{bad}");
        assert!(!fault.detail.contains(bad), "{fault}");
    }
}

#[test]
fn an_interest_names_agents_and_types() {
    let interest = interest_of("agents=build-*,a1,&types=agent:status,session%3Aactivity").unwrap();
    let shown = |id: &str| interest.agents.contains(&AgentId::parse(id).unwrap());
    assert!(shown("build-7") && shown("a1") && !shown("a2"));
    assert!(interest.kinds.status && interest.kinds.activity && !interest.kinds.lifecycle);
    assert!(interest.kinds.has(EventKind::Removal), "removals always come");
}

#[test]
fn a_pattern_or_type_that_is_none_is_refused() {
    let many = |count: usize| (0..count).map(|n| format!("a{n}")).collect::<Vec<_>>().join(",");
    let long = "a".repeat(129);
    for bad in ["a b", "a/b", "*****", "a%00", "a%3E", "%C3%A9", long.as_str(), many(65).as_str()] {
        let answer = interest_of(&format!("agents={bad}"));
        assert_eq!(answer, Err((Code::InvalidPattern, "/agents".into())), "{bad}");
    }
    assert!(interest_of(&format!("agents={}", many(64))).is_ok());
    assert!(interest_of("agents=a*b*c*d*").is_ok());
    for bad in ["heartbeat", "agent:removed", "Agent:Status", "status", "agent:status%20", "__proto__"] {
        let answer = interest_of(&format!("types={bad}"));
        assert_eq!(answer, Err((Code::UnknownType, "/types".into())), "{bad}");
    }
}

#[test]
fn an_empty_list_in_a_subscription_asks_for_nothing() {
    let none = interest(Some(Vec::new()), Some(Vec::new())).unwrap();
    assert!(!none.agents.contains(&AgentId::parse("a").unwrap()));
    assert_eq!(none.kinds, Kinds::of([]));
}
