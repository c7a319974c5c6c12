//! A bare hyper answer on an accept loop like ours: the same tasks, the same limits of hyper, and nothing is looked at: no
//! route, no token, no JSON, no order of agents, nobody who watches. And the same where nothing may be lost: an append
//! and a sync before the answer.

use std::convert::Infallible;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// The word that makes this program the bare server.
pub(crate) const ROLE: &str = "--bare";
/// The word that makes it the one that syncs.
pub(crate) const SYNCED: &str = "--bare-synced";

/// As many as the server commits together.
const AT_ONCE: usize = 256;
/// As long as the server's answer.
const ANSWER: &str = r#"{"applied":true,"changed":true,"epoch":"0123456789abcdef","seq":1234567}"#;

type Waiting = (Bytes, oneshot::Sender<()>);
type Writer = Option<mpsc::Sender<Waiting>>;

/// Serves until it is killed; with a directory it syncs a file there.
pub(crate) fn serve(directory: Option<&Path>) {
    let writer = directory.map(|directory| {
        std::fs::create_dir_all(directory).unwrap();
        let (writer, jobs) = mpsc::channel::<Waiting>();
        let file = File::create(directory.join("plain")).unwrap();
        std::thread::spawn(move || write(file, &jobs));
        writer
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        // A task as ours is: what the main thread of a runtime begins goes into another queue.
        tokio::spawn(accept(listener, writer)).await.unwrap();
    });
}

async fn accept(listener: TcpListener, writer: Writer) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = open.join_next(), if !open.is_empty() => {}
            accepted = listener.accept() => {
                open.spawn(connection(accepted.unwrap().0, writer.clone()));
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn connection(stream: TcpStream, writer: Writer) {
    stream.set_nodelay(true).unwrap();
    let service = service_fn(move |request| answer(request, writer.clone()));
    let _ended = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(10))
        .max_buf_size(64 * 1024)
        .max_headers(256)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
}

async fn answer(
    request: hyper::Request<Incoming>,
    writer: Writer,
) -> Result<hyper::Response<String>, Infallible> {
    let body = all(request.into_body()).await;
    if let Some(writer) = writer {
        let (reply, kept) = oneshot::channel();
        writer.send((body, reply)).unwrap();
        kept.await.unwrap();
    }
    let answer = hyper::Response::builder().header("content-type", "application/json");
    Ok(answer.body(ANSWER.to_owned()).unwrap())
}

fn write(mut file: File, jobs: &mpsc::Receiver<Waiting>) {
    let (mut bytes, mut replies) = (Vec::new(), Vec::new());
    while let Ok((body, reply)) = jobs.recv() {
        bytes.clear();
        bytes.extend_from_slice(&body);
        replies.push(reply);
        while replies.len() < AT_ONCE
            && let Ok((body, reply)) = jobs.try_recv()
        {
            bytes.extend_from_slice(&body);
            replies.push(reply);
        }
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
        replies.drain(..).for_each(|reply| {
            let _gone = reply.send(());
        });
    }
}

/// The whole body.
async fn all(mut body: Incoming) -> Bytes {
    let mut whole = Vec::new();
    while let Some(Ok(frame)) =
        std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context)).await
    {
        if let Ok(data) = frame.into_data() {
            whole.extend_from_slice(&data);
        }
    }
    whole.into()
}
