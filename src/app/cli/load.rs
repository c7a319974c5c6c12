//! Loads the settings of a command.

use super::Process;
use super::output::Failure;
use crate::app::settings::{ConfigFile, Flag, Settings, Sources};

use std::path::PathBuf;

/// The settings from file, environment and flags.
pub(super) fn load(
    process: &Process,
    config: Option<PathBuf>,
    flags: Vec<Flag>,
) -> Result<Settings, Failure> {
    let file = ConfigFile::choose(config);
    Ok(Settings::load(&Sources { file, environment: process.environment.clone(), flags })?)
}

/// Where the server is, as a client sees it: what was given, or what the settings say.
pub(super) fn url(given: Option<&str>, settings: &Settings) -> String {
    given.map_or_else(
        || {
            let mut listen = settings.server.listen;
            if listen.ip().is_unspecified() {
                // Listening everywhere includes here.
                listen.set_ip(match listen.ip() {
                    std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                    std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
                });
            }
            format!("http://{listen}")
        },
        |given| given.trim_end_matches('/').to_owned(),
    )
}
