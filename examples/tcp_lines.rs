//! A third live transport in a program around the node: lines over TCP. A client sends one line, its token,
//! and gets one JSON frame a line: `hello`, a copy, and what happens then. See docs/ADDING_A_TRANSPORT.md.

use async_trait::async_trait;
use mission_control::adapters::live::{Copies, Part, Parts, Readers, Step, first_beat};
use mission_control::adapters::{system::SystemClock, wire::frame, wire::wait::retry_ms};
use mission_control::app::run::{MissionControl, stop_signal};
use mission_control::app::settings::{Settings, Sources};
use mission_control::domain::{fault::Code, fault::Fault, interest::Interest, resume::Plan};
use mission_control::ports::live_feed::{Arrival, Beginning, LiveFeed};
use mission_control::ports::transport::{Stop, Transport, TransportError};
use mission_control::ports::{clock::Clock, gate::Credential, token_verifier::SecretText};
use std::{io::Write, net::IpAddr, sync::Arc, time::Duration};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::{task::JoinSet, time::Instant, time::sleep, time::sleep_until, time::timeout};

const TOKEN_BYTES_MAX: u64 = 8 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);
const CONNECTIONS_MAX: usize = 1000;

struct TcpLines {
    listener: TcpListener,
    feed: Arc<dyn LiveFeed>,
    readers: Arc<Readers>,
    copies: Arc<Copies>,
    clock: SystemClock,
    heartbeat: Duration,
}

/// How a connection ends: with a last line, or without a word.
type End = Option<Vec<u8>>;

#[async_trait]
impl Transport for TcpLines {
    fn name(&self) -> &'static str {
        "lines"
    }

    async fn serve(self: Box<Self>, mut stop: Stop) -> Result<(), TransportError> {
        let (this, mut open) = (Arc::new(*self), JoinSet::new());
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(_) = open.join_next() => {}
                Ok((mut stream, peer)) = this.listener.accept(), if open.len() < CONNECTIONS_MAX => {
                    let this = Arc::clone(&this);
                    open.spawn(async move {
                        if let Err(Some(last)) = this.connection(&mut stream, Some(peer.ip())).await {
                            let _gone = send(&mut stream, &last).await;
                        }
                    });
                }
                () = sleep(PATIENCE) => {} // After an error of accept it tries again.
            }
        }
        // Whoever is connected is dismissed by the drain of the node.
        let _cut_off = timeout(PATIENCE, async { while open.join_next().await.is_some() {} }).await;
        Ok(())
    }
}

impl TcpLines {
    async fn connection(&self, stream: &mut TcpStream, peer: Option<IpAddr>) -> Result<(), End> {
        let (mut token, mut head) = (String::new(), BufReader::new(&mut *stream).take(TOKEN_BYTES_MAX));
        let credential = match timeout(PATIENCE, head.read_line(&mut token)).await {
            Ok(Ok(_)) if token.ends_with('\n') => Ok(Credential::Token(SecretText::new(token.trim()))),
            _ => Err(Fault::new(Code::MissingToken, "send a token and a line end")),
        };
        let who = Arrival { transport: "lines", peer, credential, interest: Interest::all(), cursor: None };
        let opened = self.feed.open(who).await.map_err(|no| Some(line(&frame::error(None, &no))))?;
        // From here on the node knows the connection: until `opened`, with the seat in it, is dropped.
        let hello = line(&frame::hello(&frame::Hello::of(&opened, self.heartbeat)));
        let (id, beginning) = (opened.connection, opened.beginning);
        let mut reader = self.readers.join(id, beginning.from, Arc::clone(&beginning.view));
        let mut beat_at = Instant::now() + first_beat(id, self.heartbeat);
        let life = async {
            send(stream, &hello).await?;
            self.send_copy(stream, beginning).await?;
            loop {
                let step = tokio::select! {
                    step = reader.next() => step,
                    _gone_or_talking = stream.read_u8() => return Err(None),
                    () = sleep_until(beat_at) => if let Some(step) = reader.look() { step } else {
                        beat_at += self.heartbeat;
                        send(stream, &line(&frame::heartbeat(self.clock.wall(), reader.position()))).await?;
                        continue;
                    },
                };
                match step {
                    Step::Events(entries) => {
                        let lines: Vec<&[u8]> = entries.iter().map(|entry| entry.frame().as_ref()).collect();
                        send(stream, &lines.concat()).await?;
                    }
                    Step::FellOut => {
                        let at = reader.position();
                        let again = self.feed.catch_up(reader.id(), at, Some(at)).await.map_err(|_| None)?;
                        send(stream, &line(&frame::resync(&again, at.next()))).await?;
                        reader.begin(&again);
                        self.send_copy(stream, again).await?;
                    }
                    Step::Dismissed(why) => {
                        let goodbye = frame::goodbye(why.farewell, why.retry_after.map(retry_ms));
                        return Err(Some(line(&goodbye)));
                    }
                }
            }
        };
        // The token ends. A line may be cut in two, so there is no other behind it.
        timeout(opened.ends_at.since(self.clock.wall()), life).await.unwrap_or(Err(None))
    }

    async fn send_copy(&self, stream: &mut TcpStream, beginning: Beginning) -> Result<(), End> {
        let Some(material) = beginning.material else { return Ok(()) };
        let mut parts = Parts::open(&self.copies, material, beginning.view);
        loop {
            match parts.read().ok_or(None)? {
                Part::Bytes(lines) => send(stream, &lines).await?,
                Part::End(_) if matches!(beginning.plan, Plan::Replay { .. }) => break Ok(()),
                Part::End(counted) => break send(stream, &line(&counted.sync_end(beginning.head))).await,
            }
        }
    }
}

fn line(json: &[u8]) -> Vec<u8> {
    [json, b"\n"].concat()
}

/// A peer that takes nothing for a while is gone.
async fn send(stream: &mut TcpStream, lines: &[u8]) -> Result<(), End> {
    timeout(PATIENCE, stream.write_all(lines)).await.map_err(|_| None)?.map_err(|_| None)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::load(&Sources::of_process())?;
    let (heartbeat, ring) = (settings.stream.heartbeat, settings.stream.ring_events);
    let web = TcpListener::bind(settings.server.listen).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "{} {}", web.local_addr()?, listener.local_addr()?)?;
    let readers = Arc::new(Readers::new(ring, |event| line(&frame::event(event)).into()));
    let copies = Arc::new(Copies::new(|json, _, part| part.extend_from_slice(&line(json))));
    let control = MissionControl::builder(settings).publisher(readers.clone()).start().await?;
    let clock = SystemClock::start();
    let lines = TcpLines { listener, feed: control.live_feed(), readers, copies, clock, heartbeat };
    tokio::try_join!(control.serve(web, stop_signal()?), Box::new(lines).serve(stop_signal()?))?;
    Ok(())
}
