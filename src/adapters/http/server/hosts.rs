//! Which hosts a listener answers for. A page of another site may let its own name lead to this machine
//! (DNS rebinding); the browser then takes our answers for that site's own, and only `Host` tells.

use std::net::IpAddr;

use warp::http::uri::Authority;
use warp::http::{HeaderMap, Request, Uri, Version, header};

use crate::domain::fault::{Code, Fault};

/// The hosts that are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hosts {
    /// All: others reach the listener anyway, under names that only they know.
    All,
    /// This machine's own, and these.
    Own(Vec<String>),
}

impl Hosts {
    /// What a listener at this address answers; `origins` are pages that may ask.
    pub(super) fn of(at: IpAddr, origins: Vec<String>) -> Self {
        if !at.to_canonical().is_loopback() {
            return Self::All;
        }
        let host = |origin: String| origin.parse::<Uri>().ok()?.host().map(str::to_owned);
        Self::Own(origins.into_iter().filter_map(host).collect())
    }

    /// Whether this request is for us.
    ///
    /// # Errors
    /// `invalid_request` when it does not name one host (RFC 9112, section 3.2), `misdirected_request`
    /// when that is somebody else.
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<(), Fault> {
        let named = only(request.headers())?;
        if named.is_none() && request.version() == Version::HTTP_11 {
            return Err(Fault::new(Code::InvalidRequest, "name the host, once"));
        }
        let Self::Own(also) = self else { return Ok(()) };
        let answers = |host: &str| is_own(host) || also.iter().any(|also| also.eq_ignore_ascii_case(host));
        // The target's own authority stands above Host; neither may lead elsewhere.
        let target = request.uri().authority().map(Authority::host);
        let host = named.map(|named| host_of(named).unwrap_or_default());
        if target.into_iter().chain(host).all(answers) {
            return Ok(());
        }
        let detail = "ask for localhost, or add the page's origin to server.allowed_origins";
        Err(Fault::new(Code::MisdirectedRequest, detail))
    }
}

/// The one `Host` of a request, if there is one.
fn only(headers: &HeaderMap) -> Result<Option<&[u8]>, Fault> {
    let mut hosts = headers.get_all(header::HOST).into_iter();
    let (first, second) = (hosts.next(), hosts.next());
    if second.is_some() {
        return Err(Fault::new(Code::InvalidRequest, "name the host, once"));
    }
    Ok(first.map(warp::http::HeaderValue::as_bytes))
}

/// The host in front of the port, as far as it is one.
fn host_of(named: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(named).ok().filter(|text| !text.contains('@'))?;
    let (host, port) = match text.rfind(':').filter(|at| !text.get(*at..).unwrap_or_default().contains(']')) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    port.bytes().skip(1).all(|digit| digit.is_ascii_digit()).then_some(host)
}

/// Whether a name or an address can only be this machine.
fn is_own(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Ok(address) = bare.unwrap_or(host).parse::<IpAddr>() {
        return address.is_ipv6() == bare.is_some() && address.to_canonical().is_loopback();
    }
    // RFC 6761, section 6.3: localhost and all names under it.
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(hosts: &Hosts, target: &str, named: &[&str]) -> Option<Code> {
        let request = named.iter().fold(Request::get(target), |request, host| request.header("host", *host));
        hosts.check(&request.body(()).unwrap()).err().map(|fault| fault.code)
    }

    fn own() -> Hosts {
        Hosts::of(
            IpAddr::from([127, 0, 0, 1]),
            vec!["https://Good.example:8443".into(), "http://[::2]".into()],
        )
    }

    #[test]
    fn a_listener_on_this_machine_answers_for_this_machine_and_the_pages_it_knows() {
        for host in [
            "localhost",
            "LocalHost:3000",
            "localhost.",
            "a.b.localhost:1",
            "127.0.0.1:3000",
            "127.8.9.1",
            "[::1]",
            "[::1]:3000",
            "[::ffff:127.0.0.1]:3000",
            "good.example",
            "GOOD.example:1",
            "[::2]:80",
        ] {
            assert_eq!(status(&own(), "/", &[host]), None, "{host}");
        }
    }

    #[test]
    fn any_other_host_is_somebody_else() {
        for host in [
            "attacker.example",
            "attacker.example:3000",
            "localhost.attacker.example",
            "127.0.0.1.attacker.example",
            "notlocalhost",
            "good.example.evil",
            "10.0.0.1",
            "0.0.0.0:3000",
            "[::]:3000",
            "[::2",
            "::1",
            "[127.0.0.1]",
            "localhost:3000:1",
            "localhost:x",
            "localhost@attacker.example",
            "attacker.example@localhost",
            "localhost/",
            "2130706433",
            "",
        ] {
            assert_eq!(status(&own(), "/", &[host]), Some(Code::MisdirectedRequest), "{host}");
        }
    }

    #[test]
    fn the_target_and_the_header_are_both_looked_at() {
        let (us, them) = ("http://localhost:3000/", "http://attacker.example/");
        assert_eq!(status(&own(), us, &["localhost"]), None);
        assert_eq!(status(&own(), them, &["localhost"]), Some(Code::MisdirectedRequest));
        assert_eq!(status(&own(), us, &["attacker.example"]), Some(Code::MisdirectedRequest));
    }

    #[test]
    fn a_host_is_named_once() {
        for hosts in [own(), Hosts::All] {
            assert_eq!(status(&hosts, "/", &[]), Some(Code::InvalidRequest));
            assert_eq!(status(&hosts, "/", &["localhost", "localhost"]), Some(Code::InvalidRequest));
        }
    }

    #[test]
    fn a_listener_that_others_reach_answers_every_host() {
        let open = Hosts::of(IpAddr::from([0, 0, 0, 0]), Vec::new());
        assert_eq!(open, Hosts::All);
        assert_eq!(status(&open, "/", &["attacker.example"]), None);
        assert_eq!(Hosts::of("::1".parse().unwrap(), Vec::new()), Hosts::Own(Vec::new()));
    }
}
