//! The suite that every transport passes, for HTTP on a real listener.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::task::JoinHandle;
use warp::Filter;
use warp::reply::Reply;

use super::{HttpServer, ServerLimits};
use crate::ports::conformance::transport::{Begun, Bench, suite};
use crate::ports::transport::{Transport, TransportError};

struct Server {
    name: &'static str,
    address: SocketAddr,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    serving: Mutex<Option<JoinHandle<Result<(), TransportError>>>>,
    returned: Arc<AtomicBool>,
    /// Told by each handler that waits.
    waiting: Arc<Notify>,
    /// One permit lets one waiting handler go on.
    go_on: Arc<Semaphore>,
}

struct Waiting(TcpStream, Arc<Semaphore>);

const LIMITS: usize = 1024;

async fn start() -> Server {
    let (waiting, go_on) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let slow = {
        let (waiting, go_on) = (Arc::clone(&waiting), Arc::clone(&go_on));
        warp::path("slow").then(move || {
            let (waiting, go_on) = (Arc::clone(&waiting), Arc::clone(&go_on));
            async move {
                waiting.notify_one();
                go_on.acquire().await.unwrap().forget();
                "whole".into_response()
            }
        })
    };
    let routes = slow.or(warp::any().map(|| "here".into_response())).unify().boxed();
    let limits = ServerLimits {
        connections: LIMITS,
        head_time: Duration::from_secs(5),
        head_bytes: 16 * LIMITS,
        head_fields: 64,
        uri_bytes: LIMITS,
        trusts: Arc::new(|_| false),
        hosts: Some(Vec::new()),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Box::new(HttpServer::new(listener, routes, limits));
    let (name, returned) = (server.name(), Arc::new(AtomicBool::new(false)));
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn({
        let returned = Arc::clone(&returned);
        async move {
            let served = server.serve(Box::pin(async move { drop(stopped.await) })).await;
            returned.store(true, Ordering::SeqCst);
            served
        }
    });
    let (stop, serving) = (Mutex::new(Some(stop)), Mutex::new(Some(serving)));
    Server { name, address, stop, serving, returned, waiting, go_on }
}

async fn request(address: SocketAddr, path: &str) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let text = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(text.as_bytes()).await.ok()?;
    Some(stream)
}

async fn answered(stream: &mut TcpStream, end: &[u8]) -> bool {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.is_ok() && bytes.starts_with(b"HTTP/1.1 200") && bytes.ends_with(end)
}

#[async_trait]
impl Bench for Server {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn ask(&self) -> bool {
        match request(self.address, "/").await {
            Some(mut stream) => answered(&mut stream, b"here").await,
            None => false,
        }
    }

    async fn begin(&self) -> Box<dyn Begun> {
        let stream = request(self.address, "/slow").await.unwrap();
        self.waiting.notified().await;
        Box::new(Waiting(stream, Arc::clone(&self.go_on)))
    }

    async fn disturb(&self) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(b"\0\xff nonsense\r\n\r\n").await.unwrap();
        stream.set_zero_linger().unwrap();
    }

    fn stop(&self) {
        if let Some(stop) = self.stop.lock().unwrap().take() {
            stop.send(()).unwrap();
        }
    }

    fn has_returned(&self) -> bool {
        self.returned.load(Ordering::SeqCst)
    }

    async fn returned(&self) -> Result<(), TransportError> {
        let serving = self.serving.lock().unwrap().take().unwrap();
        serving.await.unwrap()
    }
}

#[async_trait]
impl Begun for Waiting {
    async fn finish(mut self: Box<Self>) -> bool {
        self.1.add_permits(1);
        answered(&mut self.0, b"whole").await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_http_server_is_a_transport() {
    let fresh = async || {
        let bench: Box<dyn Bench> = Box::new(start().await);
        bench
    };
    let whole = suite(fresh);
    tokio::time::timeout(Duration::from_secs(10), whole).await.expect("it waits for ever");
}
