//! The page: one screen for people, embedded in the binary and served beside the API.
//!
//! Ring: adapter (warp, rust-embed). It serves files and nothing else: the page signs in and goes live through the
//! same public contract as every other client, so this module knows no port, no token and no event.
//! Deliberately absent: a build step, a framework, inline scripts or styles, and any path on the disk in a release.

mod embed;
mod response;

#[cfg(test)]
mod tests;

use warp::http::header::IF_NONE_MATCH;
use warp::path::Tail;
use warp::reply::Response;
use warp::{Filter, Rejection, Reply};

use self::embed::Asset;

/// The file behind `/`.
const INDEX: &str = "index.html";

/// `GET` (and `HEAD`) of `/` and `/assets/…`.
///
/// Everything else, and every asset that does not exist, is rejected, so that the routes mounted after these and the
/// server's own answer for an unknown path stay in charge.
pub(crate) fn routes()
-> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone + Send + Sync + 'static {
    let index = warp::path::end().map(|| INDEX.to_owned());
    let asset = warp::path("assets").and(warp::path::tail()).and_then(asset_name);
    index
        .or(asset)
        .unify()
        .and(warp::get().or(warp::head()).unify())
        .and(warp::header::optional::<String>(IF_NONE_MATCH.as_str()))
        .and_then(serve)
        .boxed()
}

/// The name of an asset, unless it is the index: relative links of a page read at `/assets/index.html` lead nowhere.
async fn asset_name(tail: Tail) -> Result<String, Rejection> {
    match tail.as_str() {
        INDEX => Err(warp::reject::not_found()),
        name => Ok(name.to_owned()),
    }
}

async fn serve(name: String, if_none_match: Option<String>) -> Result<Response, Rejection> {
    let asset = Asset::find(&name).ok_or_else(warp::reject::not_found)?;
    Ok(response::answer(asset, if_none_match.as_deref()))
}
