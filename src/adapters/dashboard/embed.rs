//! The embedded files: bytes, type and fingerprint of each.
//!
//! Ring: adapter (rust-embed). A debug build reads them from the source folder at every request, so a change shows
//! with a reload; a release carries them inside the binary.

use std::borrow::Cow;
use std::fmt::Write;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "src/adapters/dashboard/assets/"]
struct Files;

/// One file of the page.
pub(super) struct Asset {
    /// What is sent.
    pub(super) body: Cow<'static, [u8]>,
    /// `Content-Type`, with the charset where the file is text.
    pub(super) content_type: String,
    /// Strong `ETag`, quotes included: the SHA-256 of the body.
    pub(super) etag: String,
}

impl Asset {
    /// The file of that name, relative to the assets folder.
    pub(super) fn find(name: &str) -> Option<Self> {
        let file = Files::get(name)?;
        let etag = strong_etag(&file.metadata.sha256_hash());
        Some(Self { body: file.data, content_type: with_charset(file.metadata.mimetype()), etag })
    }

    /// The names of all files.
    #[cfg(test)]
    pub(super) fn names() -> Vec<String> {
        Files::iter().map(Cow::into_owned).collect()
    }
}

fn strong_etag(sha256: &[u8; 32]) -> String {
    let mut etag = String::with_capacity(66);
    etag.push('"');
    for byte in sha256 {
        // Writing to a `String` cannot fail.
        let _ = write!(etag, "{byte:02x}");
    }
    etag.push('"');
    etag
}

/// `nosniff` makes a browser take the type as given, so text names its charset.
fn with_charset(mime: &str) -> String {
    let is_text = mime.starts_with("text/") || mime == "image/svg+xml";
    if is_text && !mime.contains("charset") { format!("{mime}; charset=utf-8") } else { mime.to_owned() }
}
