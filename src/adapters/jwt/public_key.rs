//! Reads one PEM public key and works out which algorithm it is for.

use jsonwebtoken::DecodingKey;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;

use super::config::{Algorithm, KeyError, RSA_BITS_MIN};
use super::key::Key;

/// The base64 of what stands before the 64 bytes of a point on P-256: key type, curve, and the mark of a
/// point written in full. 27 bytes are 36 characters without a rest, so the text itself can be compared.
/// The crate looks at the key type alone and would take any curve, to refuse each token later.
const P256_HEAD: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";

/// Bytes of a P-256 point written in full.
const P256_POINT_BYTES: usize = 65;
/// Bytes of an Ed25519 public key.
const ED25519_BYTES: usize = 32;

/// Reads one PEM public key.
///
/// # Errors
/// [`KeyError`] says what else it is.
pub(super) fn read(pem: &[u8]) -> Result<Key, KeyError> {
    let text = std::str::from_utf8(pem).map_err(|_| KeyError::NotPublicKey)?;
    // Looked for first: the crate reads a private RSA key as a public one without a word.
    if text.contains("PRIVATE KEY-----") {
        return Err(KeyError::PrivateKey);
    }
    if text.contains("CERTIFICATE-----") {
        return Err(KeyError::Certificate);
    }
    // Of several keys the crate takes the first in silence; the others were meant to count too.
    if text.matches("-----BEGIN ").count() != 1 {
        return Err(KeyError::NotPublicKey);
    }
    if let Ok(rsa) = DecodingKey::from_rsa_pem(pem) {
        return rsa_key(rsa);
    }
    if let Ok(ec) = DecodingKey::from_ec_pem(pem) {
        return ec_key(text, ec);
    }
    match DecodingKey::from_ed_pem(pem) {
        Ok(ed) if length(&ed) == Some(ED25519_BYTES) => Ok(Key::new(Algorithm::EdDsa, ed)),
        Ok(_) | Err(_) => Err(KeyError::NotPublicKey),
    }
}

fn rsa_key(key: DecodingKey) -> Result<Key, KeyError> {
    let der = key.try_get_as_bytes().map_err(|_| KeyError::NotPublicKey)?;
    let (modulus, _) = (DEFAULT_PROVIDER.key_utils.rsa_pub_components_from_public_key)(der)
        .map_err(|_| KeyError::NotPublicKey)?;
    let bits = bit_length(&modulus);
    if bits < RSA_BITS_MIN {
        return Err(KeyError::WeakRsa { bits });
    }
    Ok(Key::new(Algorithm::Rs256, key))
}

fn ec_key(text: &str, key: DecodingKey) -> Result<Key, KeyError> {
    // The body may be wrapped at any width.
    let body = text.split_once("KEY-----").map_or("", |(_, body)| body);
    let head: String = body.chars().filter(|c| !c.is_whitespace()).take(P256_HEAD.len()).collect();
    let named = head == P256_HEAD;
    if named && length(&key) == Some(P256_POINT_BYTES) {
        Ok(Key::new(Algorithm::Es256, key))
    } else {
        Err(KeyError::WrongCurve)
    }
}

fn length(key: &DecodingKey) -> Option<usize> {
    key.try_get_as_bytes().ok().map(<[u8]>::len)
}

fn bit_length(big_endian: &[u8]) -> usize {
    let mut bytes = big_endian.iter().skip_while(|byte| **byte == 0);
    let Some(first) = bytes.next() else {
        return 0;
    };
    let in_first = 8_usize.saturating_sub(usize::try_from(first.leading_zeros()).unwrap_or(0));
    bytes.count().saturating_mul(8).saturating_add(in_first)
}
