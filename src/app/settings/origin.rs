//! An exact web origin, `scheme://host[:port]`, as a browser writes it in its `Origin` header.
//! Wildcards and `null` are refused: `null` is what every sandboxed page sends, so allowing it
//! allows everybody.

use std::net::Ipv6Addr;
use std::str::FromStr;

/// An origin in the form that browsers send: lower case, no default port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// Why a text is not an [`Origin`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// No `scheme://` in front.
    #[error("an origin begins with its scheme, like `https://`")]
    Scheme,
    /// The host is empty, has a wildcard, a user, a path or a character no host has.
    #[error("after the scheme comes a host and nothing else: no path, no `*`")]
    Host,
    /// The port is not 1 to 65535.
    #[error("the port is 1 to 65535")]
    Port,
}

impl Origin {
    /// The origin as a browser sends it, to be compared byte by byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.to_ascii_lowercase();
        let (scheme, rest) = text.split_once("://").ok_or(OriginError::Scheme)?;
        if !is_scheme(scheme) {
            return Err(OriginError::Scheme);
        }
        let (host, port) = split_port(rest)?;
        if !is_host(host) {
            return Err(OriginError::Host);
        }
        let port: Option<u16> = match port {
            None => None,
            Some(digits) if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err(OriginError::Port);
            }
            Some(digits) => Some(digits.parse().map_err(|_| OriginError::Port)?),
        };
        match (scheme, port) {
            (_, Some(0)) => Err(OriginError::Port),
            // Browsers leave the default port out; kept in, this origin would never match.
            (_, None) | ("http", Some(80)) | ("https", Some(443)) => Ok(Self(format!("{scheme}://{host}"))),
            (_, Some(port)) => Ok(Self(format!("{scheme}://{host}:{port}"))),
        }
    }
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// Host and port; the colons inside `[::1]` are the host's.
fn split_port(rest: &str) -> Result<(&str, Option<&str>), OriginError> {
    let Some(bracketed) = rest.strip_prefix('[') else {
        return Ok(rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port))));
    };
    let end = bracketed.find(']').and_then(|inside| inside.checked_add(2)).ok_or(OriginError::Host)?;
    let (host, after) = rest.split_at_checked(end).ok_or(OriginError::Host)?;
    match (after.strip_prefix(':'), after) {
        (Some(port), _) => Ok((host, Some(port))),
        (None, "") => Ok((host, None)),
        (None, _) => Err(OriginError::Host),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_kept_as_browsers_send_it() {
        for (text, sent) in [
            ("https://app.example.com", "https://app.example.com"),
            ("HTTPS://App.Example.com:443", "https://app.example.com"),
            ("http://localhost:80", "http://localhost"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("https://a:80", "https://a:80"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("http://[::1]", "http://[::1]"),
            ("tauri://localhost", "tauri://localhost"),
        ] {
            assert_eq!(text.parse::<Origin>().map(|origin| origin.as_str().to_owned()), Ok(sent.to_owned()));
        }
    }

    #[test]
    fn what_is_not_an_exact_origin_is_refused() {
        for (text, error) in [
            ("*", OriginError::Scheme),
            ("null", OriginError::Scheme),
            ("app.example.com", OriginError::Scheme),
            ("://a", OriginError::Scheme),
            ("1http://a", OriginError::Scheme),
            ("https://", OriginError::Host),
            ("https://*", OriginError::Host),
            ("https://*.example.com", OriginError::Host),
            ("https://a/", OriginError::Host),
            ("https://a/path", OriginError::Host),
            ("https://a?q", OriginError::Host),
            ("https://a#f", OriginError::Host),
            ("https://user@a", OriginError::Host),
            ("https://a b", OriginError::Host),
            ("https://bücher.example", OriginError::Host),
            ("http://[::1", OriginError::Host),
            ("http://[::1]x", OriginError::Host),
            ("http://[local]", OriginError::Host),
            ("https://a:", OriginError::Port),
            ("https://a:0", OriginError::Port),
            ("https://a:+1", OriginError::Port),
            ("https://a:65536", OriginError::Port),
            ("https://a:80/", OriginError::Port),
        ] {
            assert_eq!(text.parse::<Origin>(), Err(error), "{text}");
        }
    }
}
