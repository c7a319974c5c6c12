//! Settings that are right one by one and wrong together.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::reader::Reader;
use super::{Algorithm, Problem, Secret};

/// The shortest secret that HS256 is safe with: as long as its hash.
const SECRET_BYTES: usize = 32;

/// Puts everything that does not go together on the reader's list. A value that is wrong by
/// itself is on it already and is not looked at again.
pub(super) fn run(reader: &mut Reader) {
    let found = [plaintext(reader), short_secret(reader), two_secrets(reader), algorithms(reader)];
    for problem in found.into_iter().flatten() {
        reader.problem(problem);
    }
}

fn plaintext(reader: &Reader) -> Option<Problem> {
    let listen: SocketAddr = reader.peek("server.listen")?;
    let behind_tls_proxy: bool = reader.peek("server.behind_tls_proxy")?;
    let allow_plaintext: bool = reader.peek("server.allow_plaintext")?;
    // `::ffff:127.0.0.1` is this machine too.
    let safe = listen.ip().to_canonical().is_loopback() || behind_tls_proxy || allow_plaintext;
    (!safe).then(|| Problem::Plaintext { listen, place: reader.place("server.listen") })
}

fn short_secret(reader: &Reader) -> Option<Problem> {
    let secret: Secret = reader.peek::<Option<Secret>>("auth.secret")??;
    let bytes = secret.expose().len();
    (bytes < SECRET_BYTES).then(|| Problem::ShortSecret { place: reader.place("auth.secret"), bytes })
}

fn two_secrets(reader: &Reader) -> Option<Problem> {
    reader.peek::<Option<Secret>>("auth.secret")??;
    reader.peek::<Option<PathBuf>>("auth.secret_file")??;
    Some(Problem::TwoSecrets { secret: reader.place("auth.secret"), file: reader.place("auth.secret_file") })
}

/// One family of keys for one issuer: where both are taken, a public key can pass for a secret.
fn algorithms(reader: &Reader) -> Option<Problem> {
    let algorithms: Vec<Algorithm> = reader.peek("auth.algorithms")?;
    let secret: Option<Secret> = reader.peek("auth.secret")?;
    let secret_file: Option<PathBuf> = reader.peek("auth.secret_file")?;
    let public_key_file: Option<PathBuf> = reader.peek("auth.public_key_file")?;
    let place = reader.place("auth.algorithms");
    let symmetric = algorithms.iter().any(|algorithm| algorithm.is_symmetric());
    let asymmetric = algorithms.iter().find(|algorithm| !algorithm.is_symmetric());
    match (symmetric, asymmetric, public_key_file) {
        (true, Some(_), _) => Some(Problem::MixedAlgorithms { place }),
        // Without any key a secret is made on first start; with a public key that is not what was meant.
        (true, None, Some(_)) if secret.is_none() && secret_file.is_none() => {
            Some(Problem::NeedsSecret { place })
        }
        (false, Some(algorithm), None) => {
            Some(Problem::NeedsPublicKey { place, algorithm: algorithm.name() })
        }
        _ => None,
    }
}
