//! The command line: its commands, flags and help. Types alone; what a command does is elsewhere.
//!
//! The comments on commands and fields are the help that people read.

mod report;
mod run;
mod ttl;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use clap::{CommandFactory, Parser, Subcommand};

use crate::app::settings::{Flag, Secret};

pub use report::{LabelArgs, LeaseArgs, ReportArgs, Saying, SpoolArgs, StampArgs};
pub use run::{RestartArg, RunArgs};
pub use ttl::{TtlError, parse_ttl};

/// The live backend for fleets of agents
#[derive(Debug, Parser)]
#[command(name = "mission-control", version)]
pub struct Args {
    /// What to do; without one, the server runs with its defaults.
    #[command(subcommand)]
    command: Option<Command>,
}

impl Args {
    /// What clap cannot say of the flags by itself.
    ///
    /// # Errors
    /// [`clap::Error`] for a command line that says nothing, or two things at once.
    pub fn checked(self) -> Result<Self, clap::Error> {
        match &self.command {
            Some(Command::Report(report)) if report.saying.is_some() == report.flush => {
                let text = "say what to report, or --flush; see mission-control report --help\n";
                Err(Self::command().error(clap::error::ErrorKind::MissingSubcommand, text))
            }
            _ => Ok(self),
        }
    }

    /// The command: `serve` when none is named.
    #[must_use]
    pub fn into_command(self) -> Command {
        self.command.unwrap_or_else(|| Command::Serve(ServeArgs::default()))
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    ///
    /// Without any settings it listens on 127.0.0.1:3000, makes a signing secret on first start, and prints the address of its page with a sign-in link that works once.
    Serve(ServeArgs),
    /// Print another sign-in link for the page
    Link(LinkArgs),
    /// Make a token
    Token(TokenArgs),
    /// Check the settings, and say what is wrong and where
    Check(SettingsArgs),
    /// Show the live fleet in the terminal
    ///
    /// In a terminal it is a table that is kept up to date. Into a pipe or a file, and with --lines, it is one line an event; with --json, one line of JSON a frame. Keys of the table: arrows, j, k, Page Up, Page Down, Home and End scroll; / and letters show only agents with these in their name; q quits.
    Watch(WatchArgs),
    /// Send one report about an agent
    ///
    /// While the server is away, the report is kept on this machine and sent by the next call, in order. It is back within 2 seconds.
    Report(Box<ReportArgs>),
    /// Run a program as an agent that is watched
    Run(Box<RunArgs>),
}

/// `serve`
#[derive(Debug, Default, clap::Args)]
pub struct ServeArgs {
    /// The settings that have a flag.
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// Start a new event history, after putting back an old disk image
    ///
    /// Screens then load everything anew instead of going on from a history that is not theirs.
    #[arg(long)]
    pub new_epoch: bool,
}

/// The settings that have a flag of `serve` and `check`.
#[derive(Debug, Default, clap::Args)]
pub struct SettingsArgs {
    /// Settings file and data directory.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Address and port to listen on, like 127.0.0.1:3000
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Where to keep events: disk or memory (nats is not built yet)
    #[arg(long, value_name = "KIND")]
    pub log_kind: Option<String>,
}

impl SettingsArgs {
    /// The flags as the last layer of the settings.
    #[must_use]
    pub fn flags(&self) -> Vec<Flag> {
        let mut flags = self.place.flags();
        flags.extend(flag("--listen", "server.listen", self.listen.as_ref()));
        flags.extend(flag("--log-kind", "log.kind", self.log_kind.as_ref()));
        flags
    }
}

/// Where the settings and the data are: the flags of every command that reads them.
#[derive(Debug, Default, clap::Args)]
pub struct PlaceArgs {
    /// Settings file, instead of mission-control.toml if that is there
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Directory of the server's data and its signing secret
    #[arg(long, value_name = "DIR", global = true)]
    pub data_dir: Option<String>,
}

impl PlaceArgs {
    /// The flags as the last layer of the settings.
    #[must_use]
    pub fn flags(&self) -> Vec<Flag> {
        flag("--data-dir", "server.data_dir", self.data_dir.as_ref()).into_iter().collect()
    }
}

fn flag(name: &'static str, key: &'static str, value: Option<&String>) -> Option<Flag> {
    value.map(|value| Flag { name, key, value: value.clone() })
}

/// `link`
#[derive(Debug, clap::Args)]
pub struct LinkArgs {
    /// Settings file and data directory.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Address of the server, instead of the one in the settings
    #[arg(long)]
    pub url: Option<String>,
    /// User to sign in as
    #[arg(long = "as", value_name = "NAME")]
    pub user: Option<String>,
}

/// `token`
#[derive(Debug, clap::Args)]
pub struct TokenArgs {
    /// User the token is for
    #[arg(long, value_name = "NAME")]
    pub sub: String,
    /// What it allows: watch, report, admin, with spaces between
    ///
    /// Without it the token gets what the setting auth.default_scope says.
    #[arg(long)]
    pub scope: Option<String>,
    /// Agents it is good for, with commas between; * stands for any letters
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', default_value = "*")]
    pub agents: Vec<String>,
    /// How long it is good for: 1h, 30m, 90s or 250ms
    #[arg(long, value_name = "TIME", value_parser = parse_ttl, default_value = "1h")]
    pub ttl: Duration,
    /// Settings file and data directory.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// What every command needs that speaks to a server from outside.
#[derive(Debug, clap::Args)]
pub struct ClientArgs {
    /// Address of the server, instead of the one in the settings
    #[arg(long, global = true)]
    pub url: Option<String>,
    /// File with the token; wins over MISSION_CONTROL_TOKEN
    #[arg(long, value_name = "FILE", global = true)]
    pub token_file: Option<PathBuf>,
    // Hidden, because everybody on a machine can read its command lines; it is here for the variable.
    #[arg(long, global = true, env = "MISSION_CONTROL_TOKEN", hide = true, hide_env_values = true)]
    token: Option<Secret>,
    /// User to make a token for, when none is given
    #[arg(long = "as", value_name = "NAME", global = true)]
    pub user: Option<String>,
    /// Settings file and data directory.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// What the help of such a command says last.
const TOKEN_HELP: &str = "The token comes from --token-file or the environment variable MISSION_CONTROL_TOKEN.\nWithout one, a token is made with the secret in the data directory, if that can be read.";

/// `watch`
#[derive(Debug, clap::Args)]
#[command(after_help = TOKEN_HELP)]
pub struct WatchArgs {
    /// The server, and who asks.
    #[command(flatten)]
    pub client: ClientArgs,
    /// Agents to show, with commas between; * stands for any letters
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub agents: Vec<String>,
    /// What to show, with commas between: agent:status, agent:lifecycle, session:activity
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    pub types: Vec<String>,
    /// Print each event as one line, also in a terminal
    #[arg(long, conflicts_with = "json")]
    pub lines: bool,
    /// Print each frame as one line of JSON
    #[arg(long)]
    pub json: bool,
}

impl ClientArgs {
    /// The token of `MISSION_CONTROL_TOKEN`; an empty variable is an unset one.
    #[must_use]
    pub fn token(&self) -> Option<&Secret> {
        self.token.as_ref().filter(|token| !token.expose().is_empty())
    }
}
