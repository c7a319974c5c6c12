//! Origins (contract 2, threat S02).

use super::*;

fn check(rule: &OriginRule, fields: &[(&str, &str)]) -> Result<Option<String>, Code> {
    let headers = headers(fields);
    rule.check(&headers).map(|origin| origin.map(str::to_owned)).map_err(|fault| fault.code)
}

fn rule(allowed: &[&str], behind_tls_proxy: bool) -> OriginRule {
    OriginRule { allowed: allowed.iter().map(|origin| (*origin).to_owned()).collect(), behind_tls_proxy }
}

const HOST: &str = "good.example";

#[test]
fn another_site_may_not_ask() {
    for origin in [
        "https://evil.example",
        "http://evil.example",
        "null",
        "",
        "http://",
        "https://good.example",
        "http://good.example.evil.com",
        "http://goodXexample",
        "http://evil.good.example",
        "http://good.example:8080",
        "http://good.example:443",
        "http://good.example/",
        "http://good.example@evil.com",
        "http://good.example evil",
        "HTTP://good.example",
        "ws://good.example",
        "file://",
        "good.example",
        "http://good.exampl\u{e9}",
    ] {
        let answer = check(&rule(&[], false), &[("host", HOST), ("origin", origin)]);
        assert_eq!(answer, Err(Code::ForbiddenOrigin), "{origin}");
    }
}

#[test]
fn no_origin_is_no_browser_and_fine() {
    assert_eq!(check(&rule(&[], false), &[("host", HOST)]), Ok(None));
    assert_eq!(check(&rule(&[], true), &[]), Ok(None));
}

#[test]
fn our_own_origin_is_the_host_header_with_the_scheme_that_browsers_see() {
    for (behind, host, origin) in [
        (false, "good.example", "http://good.example"),
        (false, "good.example", "http://GOOD.example"),
        (false, "Good.Example", "http://good.example"),
        (false, "127.0.0.1:3000", "http://127.0.0.1:3000"),
        (false, "[::1]:3000", "http://[::1]:3000"),
        (false, "good.example:80", "http://good.example"),
        (true, "good.example", "https://good.example"),
        (true, "good.example:443", "https://good.example"),
        (true, "good.example:8443", "https://good.example:8443"),
    ] {
        let answer = check(&rule(&[], behind), &[("host", host), ("origin", origin)]);
        assert_eq!(answer, Ok(Some(origin.to_owned())), "{behind} {host} {origin}");
    }
    for (behind, host, origin) in [
        (true, "good.example", "http://good.example"),
        (false, "good.example", "https://good.example"),
        (false, "good.example:3000", "http://good.example"),
        (false, "good.example:443", "http://good.example"),
        (true, "good.example:80", "https://good.example"),
        (true, "good.example:8443", "https://good.example"),
        (false, "127.0.0.1:3000", "http://localhost:3000"),
    ] {
        let answer = check(&rule(&[], behind), &[("host", host), ("origin", origin)]);
        assert_eq!(answer, Err(Code::ForbiddenOrigin), "{behind} {host} {origin}");
    }
}

#[test]
fn two_origins_are_refused_even_when_each_is_fine() {
    let own = "http://good.example";
    for second in [own, "http://evil.example"] {
        let fields = [("host", HOST), ("origin", own), ("origin", second)];
        assert_eq!(check(&rule(&[own], false), &fields), Err(Code::ForbiddenOrigin), "{second}");
    }
    let joined = [("host", HOST), ("origin", "http://good.example, http://good.example")];
    assert_eq!(check(&rule(&[own], false), &joined), Err(Code::ForbiddenOrigin));
}

#[test]
fn an_allowed_origin_is_matched_exactly() {
    let rule = rule(&["https://page.example", "http://localhost:5173"], false);
    let from = |origin: &str| check(&rule, &[("host", HOST), ("origin", origin)]);
    assert_eq!(from("https://page.example"), Ok(Some("https://page.example".into())));
    assert_eq!(from("http://localhost:5173"), Ok(Some("http://localhost:5173".into())));
    for near in [
        "http://page.example",
        "https://page.example:443",
        "https://page.example.evil.com",
        "https://pageXexample",
        "https://a.page.example",
        "http://localhost:5174",
        "null",
    ] {
        assert_eq!(from(near), Err(Code::ForbiddenOrigin), "{near}");
    }
}

#[test]
fn without_a_host_no_origin_is_our_own() {
    assert_eq!(check(&rule(&[], false), &[("origin", "http://good.example")]), Err(Code::ForbiddenOrigin));
    let empty = [("host", ""), ("origin", "http://")];
    assert_eq!(check(&rule(&[], false), &empty), Err(Code::ForbiddenOrigin));
    let port_alone = [("host", ":80"), ("origin", "http://")];
    assert_eq!(check(&rule(&[], false), &port_alone), Err(Code::ForbiddenOrigin));
}
