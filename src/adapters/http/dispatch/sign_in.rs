//! A browser's sign-in (contract section 2): a one-time code for a cookie, the cookie for short tokens.

use futures_util::Stream;
use schemars::JsonSchema;
use serde::Serialize;
use warp::Buf;
use warp::http::{HeaderValue, StatusCode, header};

use super::{Outcome, json_body, only};
use crate::adapters::http::call::Call;
use crate::adapters::http::routes::wrong_page;
use crate::adapters::http::{Api, answer};
use crate::adapters::wire::{handshake, small};
use crate::domain::fault::{Code, Fault};
use crate::ports::token_verifier::SecretText;

/// The cookie's name. Only our own path below it ever sees it.
pub(in crate::adapters::http) const COOKIE: &str = "mission_control_session";
const COOKIE_PATH: &str = "/api/v1";

/// A token for the page of a signed-in browser.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::adapters::http) struct SessionToken<'a> {
    token: &'a str,
    expires_in_ms: u64,
}

/// `POST /api/v1/sign-in`
pub(super) async fn sign_in<B: Buf>(
    api: &Api,
    call: &Call,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Outcome {
    same_origin(api, call)?;
    let body = json_body(api, call, body, api.limits.body_bytes).await?;
    let [code] = small::texts(&body, ["code"])?;
    let code =
        code.ok_or_else(|| only(Fault::new(Code::InvalidValue, "this field is needed").at("/code")))?;
    let session = api.sign_in.redeem(&SecretText::new(code)).await.map_err(only)?;
    let mut response = answer::empty();
    let seconds = session.expires_in.as_secs();
    set_cookie(&mut response, api, session.cookie.reveal(), seconds);
    Ok(response)
}

/// `POST /api/v1/session-token`
pub(super) async fn session_token(api: &Api, call: &Call) -> Outcome {
    same_origin(api, call)?;
    let signed_out =
        || only(Fault::new(Code::NotSignedIn, "run mission-control link and open what it prints"));
    let cookie = cookie(call).ok_or_else(signed_out)?;
    let token = api.sign_in.session_token(&cookie).await.map_err(only)?;
    let expires_in_ms = u64::try_from(token.expires_in.as_millis()).unwrap_or(u64::MAX);
    Ok(answer::json(StatusCode::OK, &SessionToken { token: token.token.reveal(), expires_in_ms }))
}

/// `POST /api/v1/sign-out`
pub(super) async fn sign_out(api: &Api, call: &Call) -> Outcome {
    same_origin(api, call)?;
    if let Some(cookie) = cookie(call) {
        api.sign_in.sign_out(&cookie).await;
    }
    let mut response = answer::empty();
    set_cookie(&mut response, api, "", 0);
    Ok(response)
}

/// The cookie is good for our own pages only, also where other origins are allowed for tokens.
fn same_origin(api: &Api, call: &Call) -> Result<(), Vec<Fault>> {
    let own = handshake::OriginRule { allowed: Vec::new(), ..api.origins.clone() };
    own.check(&call.headers).map_err(only)?;
    // Browsers say where a request comes from also where they leave out its origin.
    match call.headers.get("sec-fetch-site") {
        Some(site) if site != "same-origin" => Err(only(wrong_page())),
        _ => Ok(()),
    }
}

fn cookie(call: &Call) -> Option<SecretText> {
    let values = call.headers.get_all(header::COOKIE).into_iter();
    let pairs = values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    let named = pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == COOKIE);
    named.map(|(_, value)| SecretText::new(value))
}

fn set_cookie(response: &mut warp::reply::Response, api: &Api, value: &str, seconds: u64) {
    let secure = if api.origins.behind_tls_proxy { "; Secure" } else { "" };
    let text =
        format!("{COOKIE}={value}; Path={COOKIE_PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    if let Ok(mut value) = HeaderValue::from_str(&text) {
        value.set_sensitive(true);
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
}
