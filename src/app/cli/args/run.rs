//! The flags of `run`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use super::report::label;
use super::{ClientArgs, SpoolArgs, parse_ttl};
use crate::app::supervise::Restart;
use crate::domain::id::{AgentId, SessionId};
use crate::domain::limits::Limits;
use crate::domain::text::{Labels, LabelsError};

/// The shortest and the longest lease (contract section 8).
const LEASES: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60 * 60);

/// `run`
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Standard input, output and signals go through, and it exits as the program does; 125: it could not \
begin, 126: the program cannot be run, 127: there is no such program.\n\
The token comes from --token-file or the environment variable MISSION_CONTROL_TOKEN.\n\
Without one, a token is made with the secret in the data directory.\n\
The program writes to a pipe: many keep their output back then (Python: set PYTHONUNBUFFERED=1)."
)]
pub struct RunArgs {
    /// Agent that the program is
    #[arg(long, value_name = "NAME", value_parser = AgentId::parse)]
    pub agent: AgentId,
    /// When to start the program again, after 1 s at first and 30 s at most
    #[arg(long, value_name = "WHEN", default_value = "no")]
    pub restart: RestartArg,
    /// How often to start it again in a row; a minute of life begins a new row
    #[arg(long, value_name = "COUNT")]
    pub restart_max: Option<u32>,
    /// Session that shows the last line of output
    #[arg(long, value_name = "NAME", default_value = "main", value_parser = SessionId::parse)]
    pub session: SessionId,
    /// Label of the agent, like team=x; may be given again for more
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    /// How long the agent is believed to live without a report: 1s to 1h
    #[arg(long, value_name = "TIME", default_value = "90s", value_parser = lease)]
    pub lease: Duration,
    /// Say nothing on standard error; the program still does
    #[arg(long)]
    pub quiet: bool,
    /// The server, and who reports.
    #[command(flatten)]
    pub client: ClientArgs,
    /// Where reports wait.
    #[command(flatten)]
    pub spool: SpoolArgs,
    /// The program and its arguments
    #[arg(value_name = "CMD", required = true, trailing_var_arg = true)]
    pub command: Vec<OsString>,
}

/// When to start the program again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RestartArg {
    /// Never
    No,
    /// When it failed: an exit code other than 0, or a signal
    OnFailure,
    /// Whenever it ended
    Always,
}

impl From<RestartArg> for Restart {
    fn from(arg: RestartArg) -> Self {
        match arg {
            RestartArg::No => Self::No,
            RestartArg::OnFailure => Self::OnFailure,
            RestartArg::Always => Self::Always,
        }
    }
}

impl RunArgs {
    /// The labels; none keeps those that the agent has.
    ///
    /// # Errors
    /// [`LabelsError`] says which limit they break.
    pub fn labels(&self) -> Result<Option<Labels>, LabelsError> {
        let labels: BTreeMap<String, String> = self.labels.iter().cloned().collect();
        if labels.is_empty() {
            return Ok(None);
        }
        Labels::checked(labels, &Limits::default()).map(Some)
    }
}

fn lease(text: &str) -> Result<Duration, String> {
    let lease = parse_ttl(text).map_err(|error| error.to_string())?;
    if LEASES.contains(&lease) { Ok(lease) } else { Err("a lease is 1s to 1h long".to_owned()) }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Args, Command};
    use super::*;

    fn parse(line: &[&str]) -> Result<RunArgs, String> {
        let line = ["mission-control", "run"].iter().chain(line);
        match Args::try_parse_from(line).map_err(|error| error.to_string())?.into_command() {
            Command::Run(args) => Ok(*args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_program_and_all_that_follows_it_is_the_command() {
        for line in [
            &["--agent", "a", "--", "sh", "-c", "--agent", "--", "b"][..],
            &["--agent", "a", "sh", "-c", "--agent", "--", "b"],
        ] {
            let args = parse(line).unwrap();
            assert_eq!(args.agent.as_str(), "a");
            assert_eq!(args.command, ["sh", "-c", "--agent", "--", "b"]);
        }
    }

    #[test]
    fn without_flags_it_never_restarts_and_asks_for_90_s() {
        let args = parse(&["--agent", "a", "--", "true"]).unwrap();
        assert_eq!((args.restart, args.restart_max, args.quiet), (RestartArg::No, None, false));
        assert_eq!((args.session.as_str(), args.lease), ("main", Duration::from_secs(90)));
        assert_eq!(args.labels().unwrap(), None);
    }

    #[test]
    fn labels_are_given_one_by_one() {
        let args = parse(&["--agent", "a", "--label", "team=x", "--label", "q=a=b", "true"]).unwrap();
        let labels = args.labels().unwrap().unwrap();
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("q", "a=b"), ("team", "x")]);
        let long = format!("{}=x", "k".repeat(65));
        assert!(parse(&["--agent", "a", "--label", &long, "true"]).unwrap().labels().is_err());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, part) in [
            (&["--", "true"][..], "--agent <NAME>"),
            (&["--agent", "a"], "<CMD>..."),
            (&["--agent", "a b", "true"], "an id is made of letters"),
            (&["--agnet", "a", "true"], "'--agent'"),
            (&["--agent", "a", "--label", "x", "true"], "like team=data"),
            (&["--agent", "a", "--lease", "2h", "true"], "1s to 1h"),
            (&["--agent", "a", "--lease", "999ms", "true"], "1s to 1h"),
            (&["--agent", "a", "--restart", "yes", "true"], "on-failure"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(part), "{line:?}: {error}");
        }
    }
}
