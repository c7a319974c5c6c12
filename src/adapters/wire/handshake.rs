//! What a handshake carries: credentials (contract 2), the interest, the cursor, the origin.
//!
//! ```
//! use http::HeaderMap;
//! use mission_control::adapters::wire::handshake::{
//!     OriginRule, StreamQuery, bearer, credential, cursor, decode, interest, offers_subprotocol, once,
//! };
//!
//! let query = StreamQuery::parse("after=k3f9%3A7%3A5d0c5d0c5d0c5d0c&agents=build-*").unwrap();
//! assert_eq!(query.cursor().unwrap(), Some(cursor("k3f9:7:5d0c5d0c5d0c5d0c").unwrap()));
//! assert_eq!(query.interest().unwrap(), interest(Some(vec!["build-*".into()]), None).unwrap());
//!
//! let mut headers = HeaderMap::new();
//! headers.insert("authorization", "Bearer a.b.c".parse().unwrap());
//! assert_eq!(bearer(&headers).unwrap().reveal(), "a.b.c");
//! assert!(credential(&headers, StreamQuery::parse("token=d.e.f").unwrap(), true).is_err(), "two are one too many");
//! assert!(!offers_subprotocol(&headers));
//!
//! headers.insert("host", "watch.example".parse().unwrap());
//! headers.insert("origin", "https://elsewhere.example".parse().unwrap());
//! let rule = OriginRule { allowed: Vec::new(), behind_tls_proxy: true };
//! assert!(rule.check(&headers).is_err());
//!
//! let mut slot = None;
//! assert!(once(&mut slot, 1, "after").is_ok() && once(&mut slot, 2, "after").is_err());
//! assert_eq!(decode("a%20b").unwrap(), "a b");
//! ```

#[cfg(test)]
mod tests;

use http::{HeaderMap, HeaderValue, header};

use super::event_type;
use crate::domain::cursor::Cursor;
use crate::domain::fault::{Code, Fault};
use crate::domain::interest::{Interest, Kinds};
use crate::domain::pattern::Patterns;
use crate::ports::gate::Credential;
use crate::ports::token_verifier::{SecretText, TOKEN_BYTES_MAX};

/// The subprotocol that goes before `bearer.<jwt>`; the only one that is echoed.
pub const SUBPROTOCOL: &str = "mission-control.v1";

/// The query of a live connection.
#[derive(Debug, Default)]
pub struct StreamQuery {
    after: Option<String>,
    agents: Option<Vec<String>>,
    types: Option<Vec<String>>,
    credentials: Vec<Credential>,
}

impl StreamQuery {
    /// Reads a raw query. Parameters that are not known are left alone, as everywhere on the web.
    ///
    /// # Errors
    /// `invalid_request` when it is no query or a parameter comes twice; `ambiguous_credentials` for
    /// credentials.
    pub fn parse(query: &str) -> Result<Self, Fault> {
        let mut read = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            match name.as_str() {
                "after" => once(&mut read.after, value, "after")?,
                "agents" => once(&mut read.agents, list(&value), "agents")?,
                "types" => once(&mut read.types, list(&value), "types")?,
                "token" => read.credentials.push(Credential::Token(SecretText::new(value))),
                "ticket" => read.credentials.push(Credential::Ticket(SecretText::new(value))),
                _ => {}
            }
        }
        Ok(read)
    }

    /// Where the client stood before.
    ///
    /// # Errors
    /// `invalid_cursor`.
    pub fn cursor(&self) -> Result<Option<Cursor>, Fault> {
        self.after.as_deref().filter(|text| !text.is_empty()).map(cursor).transpose()
    }

    /// What the client asks for. A parameter without a value asks for nothing in particular: all.
    ///
    /// # Errors
    /// `invalid_pattern`, `unknown_type`.
    pub fn interest(&self) -> Result<Interest, Fault> {
        let asked = |list: &Option<Vec<String>>| list.clone().filter(|list| !list.is_empty());
        interest(asked(&self.agents), asked(&self.types))
    }
}

/// Takes the value of a parameter that may come once.
///
/// # Errors
/// `invalid_request` when it came before.
pub fn once<T>(slot: &mut Option<T>, value: T, name: &'static str) -> Result<(), Fault> {
    if slot.is_some() {
        return Err(Fault::new(Code::InvalidRequest, format!("send {name} once")));
    }
    *slot = Some(value);
    Ok(())
}

fn list(value: &str) -> Vec<String> {
    value.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// Reads a cursor.
///
/// # Errors
/// `invalid_cursor`.
pub fn cursor(text: &str) -> Result<Cursor, Fault> {
    Cursor::parse(text).map_err(|error| Fault::new(Code::InvalidCursor, error.to_string()).at("/after"))
}

/// Reads an interest; what is absent means all.
///
/// # Errors
/// `invalid_pattern`, `unknown_type`.
pub fn interest(agents: Option<Vec<String>>, types: Option<Vec<String>>) -> Result<Interest, Fault> {
    let agents = match agents {
        None => Patterns::all(),
        Some(texts) => Patterns::parse(texts.iter().map(String::as_str))
            .map_err(|error| Fault::new(Code::InvalidPattern, error.to_string()).at("/agents"))?,
    };
    let kind = |text: &String| {
        let detail = "choose among agent:status, agent:lifecycle and session:activity";
        event_type::parse(text).ok_or_else(|| Fault::new(Code::UnknownType, detail).at("/types"))
    };
    let kinds = match types {
        None => Kinds::ALL,
        Some(texts) => Kinds::of(texts.iter().map(kind).collect::<Result<Vec<_>, _>>()?),
    };
    Ok(Interest { agents, kinds })
}

/// Decodes `%XX` and `+` of a query part.
///
/// # Errors
/// `invalid_request` when the escapes are broken or the result is no UTF-8.
pub fn decode(text: &str) -> Result<String, Fault> {
    let broken = || Fault::new(Code::InvalidRequest, "the query is not well formed");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
                let (high, low) = digit().zip(digit()).ok_or_else(broken)?;
                u8::try_from(high * 16 + low).map_err(|_| broken())?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| broken())
}

/// The one bearer token of the `Authorization` header, for requests that take no other credential.
///
/// # Errors
/// `missing_token`, `ambiguous_credentials`, `invalid_token`.
pub fn bearer(headers: &HeaderMap) -> Result<SecretText, Fault> {
    not_ambiguous(headers.get_all(header::AUTHORIZATION).iter().count())?;
    within_bounds(from_authorization(headers)?.ok_or_else(missing)?)
}

/// The one credential of a live connection: header, subprotocol pair, ticket, or token in the query.
///
/// # Errors
/// `missing_token`, `ambiguous_credentials` (also for the same one twice, and for one that is of no
/// use beside one that is), `invalid_token`.
pub fn credential(headers: &HeaderMap, query: StreamQuery, query_token: bool) -> Result<Credential, Fault> {
    let offered = offered(headers);
    let sent = headers.get_all(header::AUTHORIZATION).iter().count();
    not_ambiguous(sent.saturating_add(offered.len()).saturating_add(query.credentials.len()))?;
    if let Some(token) = from_authorization(headers)? {
        return within_bounds(token).map(Credential::Token);
    }
    if let Some(token) = offered.first() {
        if !offers_subprotocol(headers) {
            let detail = "offer mission-control.v1 beside bearer.<token>";
            return Err(Fault::new(Code::InvalidRequest, detail));
        }
        return within_bounds(SecretText::new(*token)).map(Credential::Token);
    }
    match query.credentials.into_iter().next().ok_or_else(missing)? {
        Credential::Token(_) if !query_token => {
            let detail = "tokens in the query are turned off: use a ticket or the Authorization header";
            Err(Fault::new(Code::InvalidToken, detail))
        }
        Credential::Token(token) => within_bounds(token).map(Credential::Token),
        ticket @ Credential::Ticket(_) => Ok(ticket),
    }
}

fn not_ambiguous(credentials: usize) -> Result<(), Fault> {
    if credentials > 1 {
        return Err(Fault::new(Code::AmbiguousCredentials, "send one credential, once"));
    }
    Ok(())
}

fn missing() -> Fault {
    Fault::new(Code::MissingToken, "send a token in the Authorization header: Bearer <token>")
}

fn within_bounds(text: SecretText) -> Result<SecretText, Fault> {
    if text.reveal().len() > TOKEN_BYTES_MAX {
        return Err(Fault::new(Code::InvalidToken, "get a new token"));
    }
    Ok(text)
}

/// The header's token; nothing when there is no header, a fault when it holds no bearer token.
fn from_authorization(headers: &HeaderMap) -> Result<Option<SecretText>, Fault> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| SecretText::new(token))
    });
    token.map(Some).ok_or_else(|| Fault::new(Code::MissingToken, "send Authorization: Bearer <token>"))
}

/// The tokens of `mission-control.v1, bearer.<jwt>`. Other subprotocols are left alone.
fn offered(headers: &HeaderMap) -> Vec<&str> {
    subprotocols(headers).filter_map(|name| name.strip_prefix("bearer.")).collect()
}

/// The subprotocols that a client offers.
fn subprotocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter();
    values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(',')).map(str::trim)
}

/// Whether the client offers our subprotocol, which is then to be echoed.
#[must_use]
pub fn offers_subprotocol(headers: &HeaderMap) -> bool {
    subprotocols(headers).any(|name| name == SUBPROTOCOL)
}

/// Who may ask from a web page.
#[derive(Debug, Clone, Default)]
pub struct OriginRule {
    /// Exact origins beside our own.
    pub allowed: Vec<String>,
    /// Whether our own origin is https, since a proxy in front ends TLS.
    pub behind_tls_proxy: bool,
}

impl OriginRule {
    /// The origin that asks, if it may: absent (no browser), our own, or one of the list.
    ///
    /// # Errors
    /// `forbidden_origin`.
    pub fn check<'a>(&self, headers: &'a HeaderMap) -> Result<Option<&'a str>, Fault> {
        let refused = || Fault::new(Code::ForbiddenOrigin, "add the page's origin to server.allowed_origins");
        let mut origins = headers.get_all(header::ORIGIN).into_iter();
        let (first, second) = (origins.next(), origins.next());
        if second.is_some() {
            return Err(refused());
        }
        let Some(origin) = first else { return Ok(None) };
        let origin = origin.to_str().map_err(|_| refused())?;
        if self.allowed.iter().any(|allowed| allowed == origin) || self.is_own(origin, headers) {
            Ok(Some(origin))
        } else {
            Err(refused())
        }
    }

    /// Lets the page that asked read the answer, where it is one of an allowed origin.
    pub fn share(&self, asked: &HeaderMap, answer: &mut HeaderMap) {
        let Ok(Some(origin)) = self.check(asked) else { return };
        if !self.allowed.iter().any(|allowed| allowed == origin) {
            return;
        }
        if let Ok(origin) = HeaderValue::from_str(origin) {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
        answer.append(header::VARY, HeaderValue::from_static("Origin"));
        let exposed = HeaderValue::from_static("x-request-id, retry-after, www-authenticate");
        answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }

    fn is_own<'a>(&self, origin: &'a str, headers: &'a HeaderMap) -> bool {
        let (scheme, port) = if self.behind_tls_proxy { ("https://", ":443") } else { ("http://", ":80") };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        // A browser leaves the scheme's own port out of its Origin; a proxy may write it into Host.
        let bare = |host: &'a str| host.strip_suffix(port).unwrap_or(host);
        let from = origin.strip_prefix(scheme).map(bare);
        let both = from.zip(host.map(bare));
        both.is_some_and(|(from, host)| !host.is_empty() && from.eq_ignore_ascii_case(host))
    }
}
