//! `report`: what can be said of an agent, each field of the contract as a flag of its name.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Subcommand;

use super::{ClientArgs, TOKEN_HELP};
use crate::domain::id::{AgentId, InstanceId, SessionId};
use crate::domain::lifecycle::{Signal, Status};
use crate::domain::report::SignalName;
use crate::domain::text::StateWord;
use crate::domain::time::Timestamp;
use crate::ports::event_log::IDEMPOTENCY_KEY_CHARS_MAX;

/// `report`
#[derive(Debug, clap::Args)]
#[command(after_help = TOKEN_HELP, args_conflicts_with_subcommands = false)]
pub struct ReportArgs {
    /// Send what is kept on this machine, and wait for it up to a minute
    ///
    /// Fails if something still waits then.
    #[arg(long)]
    pub flush: bool,
    /// What to say.
    #[command(subcommand)]
    pub saying: Option<Saying>,
    /// The server, and who reports.
    #[command(flatten)]
    pub client: ClientArgs,
    /// Where reports wait.
    #[command(flatten)]
    pub spool: SpoolArgs,
}

/// Where reports wait for a server that is away.
#[derive(Debug, clap::Args)]
pub struct SpoolArgs {
    /// Directory in which reports wait while the server is away
    ///
    /// By default mission-control/spool in the user's directory for state.
    #[arg(long = "spool", value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,
}

/// What is reported.
#[derive(Debug, Clone, Subcommand)]
pub enum Saying {
    /// Say how an agent is: online, offline or error
    Status {
        /// The agent
        #[arg(value_parser = AgentId::parse)]
        agent: AgentId,
        /// online, offline or error
        #[arg(value_parser = status)]
        status: Status,
        /// A word about it
        #[arg(long)]
        message: Option<String>,
        /// What the agent is doing: working, waiting, idle or a word of your own
        #[arg(long, value_parser = StateWord::parse)]
        state: Option<StateWord>,
        /// Labels to give it.
        #[command(flatten)]
        labels: LabelArgs,
        /// Which process life it is about.
        #[command(flatten)]
        stamp: StampArgs,
        /// For how long to believe it.
        #[command(flatten)]
        lease: LeaseArgs,
    },
    /// Say that an agent started, stopped, restarted or crashed
    Lifecycle {
        /// The agent
        #[arg(value_parser = AgentId::parse)]
        agent: AgentId,
        /// start, stop, restart or crash
        #[arg(value_parser = event)]
        event: Signal,
        /// A word about it
        #[arg(long)]
        message: Option<String>,
        /// The exit code of the program
        #[arg(long, allow_negative_numbers = true)]
        exit_code: Option<i32>,
        /// The signal that ended it, such as SIGKILL
        #[arg(long, value_name = "NAME", value_parser = signal)]
        signal: Option<SignalName>,
        /// Labels to give it.
        #[command(flatten)]
        labels: LabelArgs,
        /// Which process life it is about.
        #[command(flatten)]
        stamp: StampArgs,
        /// For how long to believe it.
        #[command(flatten)]
        lease: LeaseArgs,
    },
    /// Say what a session of an agent is doing
    Activity {
        /// The agent
        #[arg(value_parser = AgentId::parse)]
        agent: AgentId,
        /// The session
        #[arg(value_parser = SessionId::parse)]
        session: SessionId,
        /// What it is doing; put -- before one that begins with a dash
        // Output of programs need not be UTF-8, as with `run`.
        message: OsString,
        /// The state of the session: working, waiting, idle or a word of your own
        #[arg(long, value_parser = StateWord::parse)]
        state: Option<StateWord>,
        /// Which process life it is about.
        #[command(flatten)]
        stamp: StampArgs,
        /// For how long to believe it.
        #[command(flatten)]
        lease: LeaseArgs,
    },
    /// Say that an agent lives
    ///
    /// A heartbeat is about now: it is not kept while the server is away.
    Heartbeat {
        /// The agent
        #[arg(value_parser = AgentId::parse)]
        agent: AgentId,
        /// Which process life it is about.
        #[command(flatten)]
        stamp: StampArgs,
        /// For how long to believe it.
        #[command(flatten)]
        lease: LeaseArgs,
    },
}

/// Labels.
#[derive(Debug, Clone, clap::Args)]
pub struct LabelArgs {
    /// A label; once for each. All that the agent has are replaced
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    pub labels: Vec<(String, String)>,
    /// Take the agent's labels away
    #[arg(long, conflicts_with = "labels")]
    pub clear_labels: bool,
}

/// Which process life a report is about, and which report it is.
#[derive(Debug, Clone, clap::Args)]
pub struct StampArgs {
    /// When it happened, in milliseconds since 1970, if not now
    #[arg(long, value_name = "MS", value_parser = timestamp)]
    pub timestamp: Option<Timestamp>,
    /// The life of the agent's process; reports of an older one change nothing
    #[arg(long, value_name = "ID", value_parser = InstanceId::parse)]
    pub instance_id: Option<InstanceId>,
    /// When that life began, in milliseconds since 1970
    #[arg(long, value_name = "MS", value_parser = timestamp, requires = "instance_id")]
    pub instance_started_at: Option<Timestamp>,
    /// The number of the report in that life; a lower one that comes later changes nothing
    #[arg(long, value_name = "N", requires = "instance_id")]
    pub report_seq: Option<u64>,
    /// A key of your own: a report that comes again with it counts once
    #[arg(long, value_name = "KEY", value_parser = key)]
    pub idempotency_key: Option<String>,
}

/// For how long a report is to be believed.
#[derive(Debug, Clone, clap::Args)]
pub struct LeaseArgs {
    /// Take the agent for offline when nothing was heard of it for so long: 1000 to 3600000
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1_000..=3_600_000))]
    pub lease_ms: Option<u64>,
    /// Do not expect to hear of the agent until then, in milliseconds since 1970
    #[arg(long, value_name = "MS", value_parser = timestamp)]
    pub busy_until: Option<Timestamp>,
    /// For how long the report was delayed before this call
    #[arg(long, value_name = "MS", default_value_t = 0, hide_default_value = true)]
    pub age_ms: u64,
}

fn status(word: &str) -> Result<Status, &'static str> {
    Status::ALL.into_iter().find(|status| status.as_str() == word).ok_or("online, offline or error is needed")
}

fn event(word: &str) -> Result<Signal, &'static str> {
    Signal::ALL
        .into_iter()
        .find(|event| event.as_str() == word)
        .ok_or("start, stop, restart or crash is needed")
}

fn signal(text: &str) -> Result<SignalName, &'static str> {
    SignalName::parse(text).ok_or("a signal's name such as SIGKILL is needed")
}

/// What the server would refuse is not kept first.
fn key(text: &str) -> Result<String, &'static str> {
    let fits = (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&text.chars().count())
        && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
        .ok_or("an idempotency key has 1 to 128 characters and no control characters")
}

/// `key=value`; the value may hold more of them.
pub(crate) fn label(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) =
        text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or("write it like team=data")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn timestamp(text: &str) -> Result<Timestamp, &'static str> {
    let time = text.parse().ok().and_then(Timestamp::from_millis);
    time.ok_or("milliseconds since 1970 are needed, as a whole number")
}
