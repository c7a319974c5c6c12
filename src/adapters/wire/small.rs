//! Reads small bodies of a fixed form, as strictly as reports.
//!
//! ```
//! use mission_control::adapters::wire::small::texts;
//!
//! let [user, token] = texts(br#"{"userId":"ann"}"#, ["userId", "jti"]).unwrap();
//! assert_eq!((user.as_deref(), token), (Some("ann"), None));
//! let faults = texts(br#"{"usreId":"ann"}"#, ["userId", "jti"]).unwrap_err();
//! assert_eq!(faults[0].pointer.as_deref(), Some("/usreId"), "a typing error is named");
//! ```

pub(crate) mod shape;

use super::fields::Fields;
use super::strict;
use crate::domain::fault::Fault;

/// Reads an object of texts: those fields and no other, each of which may be absent.
///
/// # Errors
/// Every fault that was found, at least one.
pub fn texts<const COUNT: usize>(
    body: &[u8],
    names: [&str; COUNT],
) -> Result<[Option<String>; COUNT], Vec<Fault>> {
    let value = strict::parse(body, strict::NESTS_MAX).map_err(|fault| vec![fault])?;
    let mut fields = Fields::of(value)?;
    let texts = names.map(|name| fields.text(name));
    fields.finish()?;
    Ok(texts)
}
