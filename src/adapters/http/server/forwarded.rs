//! The address that counts for limits when a proxy stands in front.

use std::net::IpAddr;

use warp::http::HeaderMap;

/// The peer's own address, unless it is a proxy of ours: then the last address in `X-Forwarded-For`
/// that is not one. What comes before that was written by strangers and is not believed.
pub(super) fn address(peer: IpAddr, headers: &HeaderMap, trusts: &dyn Fn(IpAddr) -> bool) -> IpAddr {
    if !trusts(peer) {
        return peer;
    }
    let values = headers.get_all("x-forwarded-for").into_iter();
    let hops: Vec<&str> = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .collect();
    let mut address = peer;
    for hop in hops.into_iter().rev() {
        let Ok(hop) = hop.parse() else { break };
        address = hop;
        if !trusts(hop) {
            break;
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(peer: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", warp::http::HeaderValue::from_static(value));
        }
        let trusts = |ip: IpAddr| ip.to_string().starts_with("10.");
        address(peer.parse().unwrap(), &headers, &trusts).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_as_far_as_it_saw() {
        assert_eq!(of("9.9.9.9", &["1.1.1.1"]), "9.9.9.9");
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &["1.1.1.1"]), "1.1.1.1");
        assert_eq!(of("10.0.0.1", &["6.6.6.6, 1.1.1.1"]), "1.1.1.1");
        assert_eq!(of("10.0.0.1", &["6.6.6.6", "1.1.1.1, 10.0.0.2"]), "1.1.1.1");
        assert_eq!(of("10.0.0.1", &["6.6.6.6, nonsense"]), "10.0.0.1");
    }
}
