//! Credentials (contract 2, threat S05).

use super::*;
use Code::{AmbiguousCredentials, InvalidRequest, InvalidToken, MissingToken};

fn open(fields: &[(&str, &str)], query: &str) -> Result<Credential, Fault> {
    credential(&headers(fields), asked(query), true)
}

fn token(text: &str) -> Credential {
    Credential::Token(SecretText::new(text))
}

const AUTH: &str = "authorization";
const PROTOCOL: &str = "sec-websocket-protocol";

#[test]
fn each_kind_of_credential_is_taken_alone() {
    for (fields, query, expected) in [
        (&[(AUTH, "Bearer a.b.c")][..], "", token("a.b.c")),
        (&[(AUTH, "bearer a.b.c")], "", token("a.b.c")),
        (&[(AUTH, "BEARER   a.b.c  ")], "", token("a.b.c")),
        (&[(PROTOCOL, "mission-control.v1, bearer.a.b.c")], "", token("a.b.c")),
        (&[(PROTOCOL, "bearer.a.b.c,mission-control.v1")], "", token("a.b.c")),
        (&[(PROTOCOL, "mission-control.v1"), (PROTOCOL, "bearer.a.b.c")], "", token("a.b.c")),
        (&[(PROTOCOL, "chat, mission-control.v1, bearer.a.b.c, soap")], "", token("a.b.c")),
        (&[], "token=a.b.c", token("a.b.c")),
        (&[], "x=1&token=a%2Eb.c&agents=*", token("a.b.c")),
        (&[(PROTOCOL, "mission-control.v1")], "token=a.b.c", token("a.b.c")),
        (&[], "ticket=t1", Credential::Ticket(SecretText::new("t1"))),
        (&[(PROTOCOL, "chat")], "ticket=t1", Credential::Ticket(SecretText::new("t1"))),
    ] {
        assert_eq!(open(fields, query), Ok(expected), "{fields:?} {query}");
    }
}

#[test]
fn two_credentials_are_refused_also_when_they_are_the_same_twice() {
    let kinds: [(&[(&str, &str)], &str); 6] = [
        (&[(AUTH, "Bearer same")], ""),
        (&[(PROTOCOL, "mission-control.v1, bearer.same")], ""),
        (&[], "token=same"),
        (&[], "ticket=same"),
        // Of no use, yet sent: no client means two, so one of them is not its own.
        (&[(AUTH, "Basic dXNlcjpwYXNz")], ""),
        (&[(AUTH, "Bearer")], ""),
    ];
    for (left_at, left) in kinds.iter().enumerate() {
        for (right_at, right) in kinds.iter().enumerate() {
            let fields: Vec<_> = left.0.iter().chain(right.0).copied().collect();
            let query = format!("{}&{}", left.1, right.1);
            let code = open(&fields, &query).unwrap_err().code;
            assert_eq!(code, AmbiguousCredentials, "{left_at} and {right_at}: {fields:?} {query}");
        }
    }
    for (fields, query) in [
        (&[(AUTH, "Bearer a"), (AUTH, "Bearer b")][..], ""),
        (&[(PROTOCOL, "mission-control.v1, bearer.a, bearer.b")], ""),
        (&[(PROTOCOL, "bearer.a, bearer.a")], ""),
        (&[(PROTOCOL, "bearer.a")], "token=a"),
        (&[], "token=a&token=b"),
        (&[], "token=&token="),
        (&[], "ticket=a&token=b"),
        (&[(AUTH, "Bearer a"), (PROTOCOL, "mission-control.v1, bearer.a")], "token=a&ticket=a"),
    ] {
        assert_eq!(open(fields, query).unwrap_err().code, AmbiguousCredentials, "{fields:?} {query}");
    }
}

#[test]
fn two_credentials_are_ambiguous_also_where_the_query_takes_no_token() {
    let both = credential(&headers(&[(AUTH, "Bearer a")]), asked("token=b"), false);
    assert_eq!(both.unwrap_err().code, AmbiguousCredentials);
}

#[test]
fn what_is_no_credential_is_a_missing_token() {
    for fields in [
        &[][..],
        &[(AUTH, "")],
        &[(AUTH, "Bearer")],
        &[(AUTH, "Bearer ")],
        &[(AUTH, "Bearer\ta.b.c")],
        &[(AUTH, "a.b.c")],
        &[(AUTH, "Basic dXNlcjpwYXNz")],
        &[(AUTH, "Bearertoken a.b.c")],
        &[(AUTH, "Bearer \u{e9}")],
        &[(PROTOCOL, "mission-control.v1")],
        &[(PROTOCOL, "Bearer.a.b.c, mission-control.v1")],
        &[(PROTOCOL, "chat")],
        &[("cookie", "token=a.b.c")],
    ] {
        assert_eq!(open(fields, "agents=a").unwrap_err().code, MissingToken, "{fields:?}");
    }
}

#[test]
fn a_token_among_the_subprotocols_needs_ours_beside_it() {
    for offer in
        ["bearer.a.b.c", "chat, bearer.a.b.c", "Mission-Control.v1, bearer.a", "mission-control.v2, bearer.a"]
    {
        assert_eq!(open(&[(PROTOCOL, offer)], "").unwrap_err().code, InvalidRequest, "{offer}");
    }
    assert!(offers_subprotocol(&headers(&[(PROTOCOL, "bearer.a , mission-control.v1")])));
    assert!(!offers_subprotocol(&headers(&[(PROTOCOL, "mission-control.v1.x, bearer.mission-control.v1")])));
    assert!(!offers_subprotocol(&headers(&[])));
}

#[test]
fn a_subprotocol_header_full_of_spaces_or_commas_is_read_in_one_pass() {
    let spaces = format!("b{}x", " ".repeat(32_000));
    let padded = format!("mission-control.v1{},{}bearer.a.b.c", " ".repeat(32_000), " ".repeat(32_000));
    let commas = ",".repeat(64_000);
    // A quadratic reading of these would take minutes and not go unnoticed.
    for _ in 0..20 {
        assert_eq!(open(&[(PROTOCOL, &spaces)], "").unwrap_err().code, MissingToken);
        assert_eq!(open(&[(PROTOCOL, &commas)], "").unwrap_err().code, MissingToken);
        assert_eq!(open(&[(PROTOCOL, &padded)], ""), Ok(token("a.b.c")));
    }
}

#[test]
fn a_query_token_is_refused_where_it_is_turned_off_and_nothing_else_is() {
    let off = |fields: &[(&str, &str)], query| credential(&headers(fields), asked(query), false);
    let fault = off(&[], "token=a.b.c").unwrap_err();
    assert_eq!(fault.code, InvalidToken);
    assert!(!fault.to_string().contains("a.b.c"));
    assert_eq!(off(&[], "ticket=t"), Ok(Credential::Ticket(SecretText::new("t"))));
    assert_eq!(off(&[(AUTH, "Bearer a")], ""), Ok(token("a")));
    assert_eq!(off(&[(PROTOCOL, "mission-control.v1, bearer.a")], ""), Ok(token("a")));
    assert_eq!(off(&[], "").unwrap_err().code, MissingToken);
}

#[test]
fn a_token_past_its_bound_is_refused_before_anybody_looks_at_it() {
    for (length, good) in [(8192, true), (8193, false), (16_384, false)] {
        let text = "t".repeat(length);
        let header = format!("Bearer {text}");
        let offer = format!("mission-control.v1, bearer.{text}");
        let results = [
            open(&[(AUTH, &header)], "").map(|_| ()),
            open(&[(PROTOCOL, &offer)], "").map(|_| ()),
            open(&[], &format!("token={text}")).map(|_| ()),
            bearer(&headers(&[(AUTH, &header)])).map(|_| ()),
        ];
        for result in results {
            assert_eq!(result.map_err(|fault| fault.code), if good { Ok(()) } else { Err(InvalidToken) });
        }
    }
}

#[test]
fn requests_outside_the_stream_take_the_header_alone() {
    let of = |fields: &[(&str, &str)]| bearer(&headers(fields)).map_err(|fault| fault.code);
    assert_eq!(of(&[(AUTH, "bEaReR a.b.c")]), Ok(SecretText::new("a.b.c")));
    assert_eq!(of(&[]), Err(MissingToken));
    assert_eq!(of(&[(AUTH, "Basic x")]), Err(MissingToken));
    assert_eq!(of(&[(AUTH, "Bearer a"), (AUTH, "Bearer a")]), Err(AmbiguousCredentials));
    assert_eq!(of(&[(AUTH, "Bearer a"), (AUTH, "Basic x")]), Err(AmbiguousCredentials));
    assert_eq!(of(&[(PROTOCOL, "mission-control.v1, bearer.a")]), Err(MissingToken));
}

#[test]
fn no_credential_shows_in_debug_output() {
    let shown = format!("{:?} {:?}", asked("token=hush&ticket=hush"), open(&[(AUTH, "Bearer hush")], ""));
    assert!(!shown.contains("hush"), "{shown}");
}
