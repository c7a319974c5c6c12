//! The server's routes in a warp server that is there already, beside routes of its own.
#![allow(clippy::print_stdout, reason = "it is a program of its own")]

use std::time::Duration;

use mission_control::app::run::{MissionControl, stop_signal};
use mission_control::app::settings::{Settings, Sources};
use tokio::net::TcpListener;
use warp::Filter;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::load(&Sources::of_process())?;
    let address = settings.server.listen;
    let control = MissionControl::start(settings).await?;
    // Own routes come first: the ones mounted answer everything that is left, with a 404 where nothing is there.
    let own = warp::path!("hello" / String).map(|name| format!("hello {name}\n"));
    let routes = own.or(control.routes());

    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let stop = stop_signal()?;
    let stopped = async move {
        stop.await;
        // Screens are told to come back elsewhere before the server goes.
        control.drain(Duration::from_secs(10)).await;
    };
    warp::serve(routes).incoming(listener).graceful(stopped).run().await;
    Ok(())
}
