//! The least that must be done for a report that is not lost: HTTP, an append, a sync, an answer. Nothing is
//! looked at: no token, no JSON, no order of agents, nobody who watches.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc;

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The word that makes this program the floor.
pub(crate) const ROLE: &str = "--floor";

/// As many as the server commits together.
const AT_ONCE: usize = 256;
/// As long as the server's answer.
const ANSWER: &str = r#"{"applied":true,"changed":true,"epoch":"0123456789abcdef","seq":1234567}"#;

type Waiting = (Bytes, oneshot::Sender<()>);

pub(crate) fn serve(directory: &Path) {
    std::fs::create_dir_all(directory).unwrap();
    let (sender, jobs) = mpsc::channel::<Waiting>();
    let file = File::create(directory.join("plain")).unwrap();
    std::thread::spawn(move || write(file, &jobs));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let _no_delay = stream.set_nodelay(true);
            tokio::spawn(answer(stream, sender.clone()));
        }
    });
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

async fn answer(stream: tokio::net::TcpStream, sender: mpsc::Sender<Waiting>) {
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let sender = sender.clone();
        async move {
            let body = all(request.into_body()).await;
            let (reply, kept) = oneshot::channel();
            sender.send((body, reply)).unwrap();
            kept.await.unwrap();
            let answer = hyper::Response::builder().header("content-type", "application/json");
            Ok::<_, hyper::Error>(answer.body(ANSWER.to_owned()).unwrap())
        }
    });
    let _ended =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
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
