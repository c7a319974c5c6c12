//! The server inside another program: it reports in typed calls and serves until it is told to stop.

use mission_control::app::run::MissionControl;
use mission_control::app::settings::{Settings, Sources};
use mission_control::domain::{id::AgentId, lifecycle::Status};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::load(&Sources::of_process())?;
    let listener = tokio::net::TcpListener::bind(settings.server.listen).await?;
    let control = MissionControl::start(settings).await?;
    control.report_status(AgentId::parse("importer")?, Status::Online).await?;
    Ok(control.serve_until_signalled(listener).await?)
}
