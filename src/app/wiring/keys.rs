//! The keys that the settings name.

use std::path::Path;

use crate::adapters::jwt::{Algorithm, KeyConfig, KeyRing};
use crate::adapters::system::{SECRET_FILE, read_key_file, read_or_make_secret, read_secret};
use crate::app::run::StartError;
use crate::app::settings::{self, Settings};
use crate::domain::grant::{Scope, Scopes};
use crate::domain::time::Timestamp;
use crate::ports::entropy::Entropy;
use crate::ports::token_issuer::{IssueError, NewToken, Note, Purpose, TokenIssuer};
use crate::ports::token_verifier::SecretText;

/// The keys of a server. Without any in the settings, the secret of the data directory, which is made
/// on first start.
pub(crate) fn key_ring(settings: &Settings, entropy: &dyn Entropy) -> Result<KeyRing, StartError> {
    ring(settings, |data_dir| read_or_make_secret(data_dir, entropy))
}

/// What makes tokens on the command line: with the keys that a server has, never with new ones.
pub(crate) fn issuer(settings: &Settings) -> Result<impl TokenIssuer + use<>, StartError> {
    ring(settings, read_secret)
}

fn ring(
    settings: &Settings,
    of_data_dir: impl FnOnce(&Path) -> std::io::Result<Vec<u8>>,
) -> Result<KeyRing, StartError> {
    let auth = &settings.auth;
    let file = |path: &Path| {
        read_key_file(path).map_err(|source| StartError::KeyFile { path: path.to_path_buf(), source })
    };
    let public_key = auth.public_key_file.as_deref().map(file).transpose()?;
    let secret = match (&auth.secret, &auth.secret_file) {
        (Some(secret), _) => Some(secret.expose().as_bytes().to_vec()),
        // Editors end a file with a line break; it is not meant as part of the secret.
        (None, Some(path)) => Some(file(path)?.trim_ascii_end().to_vec()),
        (None, None) if public_key.is_some() => None,
        (None, None) => {
            let path = settings.server.data_dir.join(SECRET_FILE);
            let made = of_data_dir(&settings.server.data_dir);
            Some(made.map_err(|source| StartError::KeyFile { path, source })?)
        }
    };
    let algorithms: Vec<_> = auth.algorithms.iter().map(|algorithm| algorithm_of(*algorithm)).collect();
    let scopes = auth.default_scope.iter().filter_map(|scope| Scope::parse(scope.name()));
    Ok(KeyRing::build(KeyConfig {
        secret: secret.as_deref(),
        public_key_pem: public_key.as_deref(),
        algorithms: &algorithms,
        issuer: auth.issuer.clone(),
        audience: auth.audience.clone(),
        leeway: auth.leeway,
        default_scope: Scopes::of(scopes),
    })?)
}

const fn algorithm_of(algorithm: settings::Algorithm) -> Algorithm {
    match algorithm {
        settings::Algorithm::Hs256 => Algorithm::Hs256,
        settings::Algorithm::Rs256 => Algorithm::Rs256,
        settings::Algorithm::Es256 => Algorithm::Es256,
        settings::Algorithm::EdDsa => Algorithm::EdDsa,
    }
}

/// Makes nothing: who has a verifier of tokens of his own makes them elsewhere.
pub(crate) struct NoKeys;

impl TokenIssuer for NoKeys {
    fn issue(&self, _: &NewToken) -> Result<SecretText, IssueError> {
        Err(IssueError::NoSecret)
    }

    fn seal(&self, _: Purpose, _: &Note) -> Result<SecretText, IssueError> {
        Err(IssueError::NoSecret)
    }

    fn unseal(&self, _: Purpose, _: &SecretText, _: Timestamp) -> Result<Note, IssueError> {
        Err(IssueError::NoSecret)
    }
}
