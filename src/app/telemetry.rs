//! Log lines: pretty or JSON, to standard error, as much as the settings or `RUST_LOG` say.
//!
//! `RUST_LOG` is an argument; this module does not look at the process. Numbers and traces for
//! other systems are not here.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, ParseError, filter_fn};
use tracing_subscriber::fmt::{MakeWriter, layer};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::app::settings::{LogFormat, Telemetry};

/// Crates that log whole WebSocket messages below `info`, and with them the token of an
/// `auth:refresh`, or each part of a path, which may be a token in the wrong place. No filter may ask
/// for that: a token is never in a log.
const TOLD_TOO_MUCH: [&str; 3] = ["tungstenite", "tokio_tungstenite", "warp"];

/// Why log lines could not be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TelemetryError {
    /// `RUST_LOG` is not a filter.
    #[error("RUST_LOG is not a log filter ({source}); write it like `info` or `mission_control=debug`")]
    Filter {
        /// What is wrong with it.
        #[from]
        source: ParseError,
    },
    /// The process has its log lines already.
    #[error("log lines are set up already, by this program or the one it runs in: {source}")]
    AlreadySet {
        /// What was there.
        #[from]
        source: TryInitError,
    },
}

/// Sends the log lines of this process to standard error.
///
/// # Errors
/// [`TelemetryError::Filter`] when `rust_log` cannot be read, [`TelemetryError::AlreadySet`] when
/// the process has a subscriber already: the first one stays.
pub(crate) fn init(settings: &Telemetry, rust_log: Option<&str>) -> Result<(), TelemetryError> {
    let colours = std::io::stderr().is_terminal();
    Ok(subscriber(settings, rust_log, colours, std::io::stderr)?.try_init()?)
}

fn subscriber<W>(
    settings: &Telemetry,
    rust_log: Option<&str>,
    colours: bool,
    writer: W,
) -> Result<impl Subscriber + Send + Sync + use<W>, ParseError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    // An empty variable is an unset one.
    let filter = rust_log.filter(|filter| !filter.trim().is_empty());
    let filter = EnvFilter::builder().parse(filter.unwrap_or(settings.level.name()))?;
    // Without a terminal no colours; with one, `layer` itself asks NO_COLOR.
    let lines = layer();
    let lines = if colours { lines } else { lines.with_ansi(false) };
    let lines = match settings.log {
        LogFormat::Pretty => lines.with_writer(writer).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_writer(writer).boxed(),
    };
    Ok(registry().with(lines).with(filter).with(filter_fn(is_harmless)))
}

fn is_harmless(line: &Metadata<'_>) -> bool {
    let told_by = line.target().split("::").next().unwrap_or_default();
    *line.level() <= LevelFilter::INFO || !TOLD_TOO_MUCH.contains(&told_by)
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::app::settings::Level;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn settings(log: LogFormat, level: Level) -> Telemetry {
        Telemetry { log, level, metrics_listen: None, otlp_endpoint: None }
    }

    /// What is written when a few lines are logged.
    fn logged(settings: &Telemetry, rust_log: Option<&str>) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(settings, rust_log, false, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(agents = 3, "fleet loaded");
            tracing::debug!("a detail");
            tracing::trace!(target: "tungstenite::protocol", "Received message canary-7f3a");
            tracing::debug!(target: "tokio_tungstenite", "Redirecting to canary-7f3a");
            tracing::warn!(target: "tungstenite::protocol", "a warning");
        });
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn lines_for_people_are_text() {
        let text = logged(&settings(LogFormat::Pretty, Level::Info), None);
        assert!(text.contains(" INFO ") && text.contains("fleet loaded agents=3"), "{text}");
        assert!(!text.contains("a detail") && !text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn lines_for_machines_are_objects() {
        let text = logged(&settings(LogFormat::Json, Level::Info), None);
        let first = text.lines().next().unwrap();
        assert!(first.starts_with('{') && first.ends_with('}'), "{first}");
        assert!(first.contains(r#""message":"fleet loaded""#) && first.contains(r#""agents":3"#), "{first}");
    }

    #[test]
    fn rust_log_wins_over_the_level() {
        let quiet = settings(LogFormat::Pretty, Level::Off);
        assert_eq!(logged(&quiet, None), "");
        assert_eq!(logged(&quiet, Some(" ")), "");
        assert!(logged(&quiet, Some("debug")).contains("a detail"));
        assert_eq!(logged(&settings(LogFormat::Pretty, Level::Trace), Some("off")), "");
    }

    #[test]
    fn no_filter_shows_messages_that_carry_tokens() {
        for filter in ["trace", "tungstenite=trace,tokio_tungstenite=trace", "tungstenite::protocol=trace"] {
            let text = logged(&settings(LogFormat::Pretty, Level::Trace), Some(filter));
            assert!(!text.contains("canary"), "{text}");
            assert!(text.contains("a warning"), "{text}");
        }
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_an_error() {
        let error = subscriber(&settings(LogFormat::Pretty, Level::Info), Some("a=b=c"), false, io::sink)
            .err()
            .map(TelemetryError::from)
            .unwrap();
        assert!(error.to_string().starts_with("RUST_LOG is not a log filter"), "{error}");
    }

    #[test]
    fn setting_up_twice_is_an_error() {
        // Another test of this process may have been first; the second time here is never the first.
        let quiet = settings(LogFormat::Pretty, Level::Off);
        let _ = init(&quiet, None);
        assert!(matches!(init(&quiet, None), Err(TelemetryError::AlreadySet { .. })));
    }
}
