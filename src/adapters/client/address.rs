//! Where a server is: `http://host:port/prefix`, and what its parts are called from there.

use std::str::FromStr;

use http::Uri;

use crate::ports::live_source::{AddressError, Ask};

/// The address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Of the live stream, without a query.
    stream: String,
    /// Of batches of reports.
    reports: String,
}

impl FromStr for Address {
    type Err = AddressError;

    /// Takes `http://` and `https://`, with a path where a proxy puts the server below one.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let form = || AddressError::Form(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(form)?;
        let (web, scheme) = match scheme.to_ascii_lowercase().as_str() {
            "http" => ("http", "ws"),
            "https" => ("https", "wss"),
            _ => return Err(AddressError::Scheme),
        };
        if rest.contains(['@', '?', '#']) {
            return Err(AddressError::Extras);
        }
        let uri: Uri = format!("{scheme}://{rest}").parse().map_err(|_| form())?;
        let authority = uri.authority().ok_or_else(form)?;
        // What stands behind the host must be a port; the library would take the scheme's own for it.
        let port = authority.as_str().strip_prefix(authority.host()).ok_or_else(form)?;
        if authority.host().is_empty() || !(port.is_empty() || authority.port_u16().is_some()) {
            return Err(form());
        }
        let place = format!("{authority}{}", uri.path().trim_end_matches('/'));
        Ok(Self {
            stream: format!("{scheme}://{place}/ws"),
            reports: format!("{web}://{place}/api/v1/reports"),
        })
    }
}

impl Address {
    /// The address that takes batches of reports.
    pub(super) fn reports(&self) -> &str {
        &self.reports
    }

    /// The address of the live stream for this ask.
    pub(super) fn stream(&self, ask: &Ask) -> String {
        let mut parts = Vec::new();
        if let Some(after) = &ask.after {
            parts.push(format!("after={}", encoded(&after.to_string())));
        }
        for (name, items) in [("agents", &ask.agents), ("types", &ask.types)] {
            if !items.is_empty() {
                let items: Vec<_> = items.iter().map(|item| encoded(item)).collect();
                parts.push(format!("{name}={}", items.join(",")));
            }
        }
        let mark = if parts.is_empty() { "" } else { "?" };
        format!("{}{mark}{}", self.stream, parts.join("&"))
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cursor::Seq;
    use crate::ports::live_source::Bookmark;

    fn stream(text: &str) -> String {
        text.parse::<Address>().unwrap().stream(&Ask::default())
    }

    #[test]
    fn the_stream_lies_below_the_address() {
        for (address, expected) in [
            ("http://127.0.0.1:3000", "ws://127.0.0.1:3000/ws"),
            ("http://127.0.0.1:3000/", "ws://127.0.0.1:3000/ws"),
            ("https://watch.example", "wss://watch.example/ws"),
            ("HTTPS://watch.example/team/mission//", "wss://watch.example/team/mission/ws"),
            ("http://[::1]:3000/a", "ws://[::1]:3000/a/ws"),
        ] {
            assert_eq!(stream(address), expected);
        }
    }

    #[test]
    fn reports_go_below_the_address_too() {
        for (address, expected) in [
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000/api/v1/reports"),
            ("HTTPS://watch.example/team/", "https://watch.example/team/api/v1/reports"),
        ] {
            assert_eq!(address.parse::<Address>().unwrap().reports(), expected);
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused() {
        for bad in
            ["", "127.0.0.1:3000", "localhost", "http://", "http:///ws", "http://a b", "http://h:99999"]
        {
            assert!(matches!(bad.parse::<Address>(), Err(AddressError::Form(_))), "{bad}");
        }
        for bad in ["ws://h", "ftp://h", "file:///etc/passwd", "://h"] {
            assert_eq!(bad.parse::<Address>(), Err(AddressError::Scheme), "{bad}");
        }
        for bad in ["http://alice:secret@h", "http://h?token=x", "http://h/#code=x"] {
            assert_eq!(bad.parse::<Address>(), Err(AddressError::Extras), "{bad}");
        }
    }

    #[test]
    fn what_is_asked_for_goes_into_the_query_and_cannot_break_out_of_it() {
        let address: Address = "http://h/p".parse().unwrap();
        let after = Bookmark { epoch: "k3f9".to_owned(), seq: Seq::new(7), view: "a&b=c#ü".to_owned() };
        let ask = Ask {
            after: Some(after),
            agents: vec!["build-*".to_owned(), "a,b c".to_owned()],
            types: vec!["agent:status".to_owned()],
        };
        let expected =
            "ws://h/p/ws?after=k3f9%3A7%3Aa%26b%3Dc%23%C3%BC&agents=build-%2A,a%2Cb%20c&types=agent%3Astatus";
        assert_eq!(address.stream(&ask), expected);
    }
}
