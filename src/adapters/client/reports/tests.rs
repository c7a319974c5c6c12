//! The client against a server that reads one request and answers what a test says.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::*;
use crate::domain::id::{AgentId, SessionId};
use crate::domain::report::ReportBody;
use crate::domain::text::Message;

const WITHIN: Duration = Duration::from_secs(10);

fn activity(text: &str) -> Outgoing {
    let session = SessionId::parse("s1").unwrap();
    let last_message = Message::cut(text, usize::MAX);
    Outgoing {
        agent: AgentId::parse("a1").unwrap(),
        timestamp: None,
        instance: None,
        lease: None,
        busy_until: None,
        age: Duration::ZERO,
        key: Some("k1".to_owned()),
        body: ReportBody::Activity { session, last_message, state: None },
    }
}

/// Sends to a server that answers with this head and body; the request, and what came of it.
async fn answered(answer: String) -> (String, Result<Vec<Answer>, SendError>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: Address = format!("http://{}/below", listener.local_addr().unwrap()).parse().unwrap();
    let serving = async {
        let (mut peer, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"]") {
            assert!(peer.read_buf(&mut request).await.unwrap() > 0);
        }
        peer.write_all(answer.as_bytes()).await.unwrap();
        // Until the client has read it all and goes.
        let _gone = peer.read_buf(&mut request).await;
        String::from_utf8(request).unwrap()
    };
    let sending = async {
        let client = ReportClient::new(address).unwrap();
        client.send(&[activity("one"), activity("two")], &SecretText::new("a.b.c"), WITHIN).await
    };
    tokio::join!(serving, sending)
}

fn http(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_batch_goes_to_the_server_with_the_token_in_a_header() {
    let body = r#"{"results":[{"applied":true,"changed":true,"epoch":"e","seq":7},
        {"applied":false,"changed":false,"epoch":"e","seq":8,"new":1}]}"#;
    let (request, answers) = answered(http("200 OK", body)).await;
    let (head, sent) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /below/api/v1/reports HTTP/1.1\r\n"), "{head}");
    for header in ["authorization: Bearer a.b.c", "content-type: application/json"] {
        assert!(head.lines().any(|line| line == header), "{head}");
    }
    let sent: serde_json::Value = serde_json::from_str(sent).unwrap();
    assert_eq!(sent.as_array().unwrap().len(), 2);
    assert_eq!(sent[1]["lastMessage"], "two");
    let taken = |applied, seq| Answer::Taken { applied, changed: applied, seq };
    assert_eq!(answers, Ok(vec![taken(true, 7), taken(false, 8)]));
}

#[tokio::test]
async fn a_refused_report_says_what_is_wrong_and_where() {
    let body = r#"{"results":[{"applied":false,"code":"invalid_value","detail":"no","pointer":"/labels"},
        {"applied":false,"code":"rate_limited","detail":"later","retryMs":250}]}"#;
    let (_, answers) = answered(http("200 OK", body)).await;
    let refused = |code: &str, detail: &str, retry_ms: Option<u64>| {
        let retry_after = retry_ms.map(Duration::from_millis);
        Answer::Refused(Refusal { code: code.to_owned(), detail: detail.to_owned(), retry_after })
    };
    let expected =
        vec![refused("invalid_value", "no (/labels)", None), refused("rate_limited", "later", Some(250))];
    assert_eq!(answers, Ok(expected));
}

#[tokio::test]
async fn a_request_that_is_refused_as_a_whole_says_why() {
    let body = r#"{"code":"draining","detail":"come back soon"}"#;
    let (_, answers) = answered(http("503 Service Unavailable\r\nretry-after: 5", body)).await;
    let retry_after = Some(Duration::from_secs(5));
    let refusal = Refusal { code: "draining".to_owned(), detail: "come back soon".to_owned(), retry_after };
    assert_eq!(answers, Err(SendError::Refused { status: 503, refusal }));
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let (_, answers) = answered(http("307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/", "")).await;
    let Err(SendError::Refused { status: 307, refusal }) = answers else { panic!("{answers:?}") };
    assert!(refusal.detail.contains("give the address where it is"), "{refusal}");
}

#[tokio::test]
async fn what_is_no_answer_of_ours_is_no_answer() {
    let one = r#"{"applied":true,"changed":true,"epoch":"e","seq":7}"#;
    for body in [
        String::new(),
        "<html>".to_owned(),
        "{}".to_owned(),
        format!(r#"{{"results":[{one}]}}"#),
        format!(r#"{{"results":[{one},{one},{one}]}}"#),
        format!(r#"{{"results":[{one},{{"applied":true}}]}}"#),
        format!(r#"{{"results":[{one},{{"applied":true,"seq":1,"code":"x"}}]}}"#),
        " ".repeat(ANSWER_BYTES_MAX + 1),
    ] {
        let (_, answers) = answered(http("200 OK", &body)).await;
        assert!(matches!(answers, Err(SendError::Unreachable(_))), "{answers:?}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: Address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let client = ReportClient::new(address).unwrap();
    let (begun, within) = (Instant::now(), Duration::from_millis(100));
    let answers = client.send(&[activity("x")], &SecretText::new("t"), within).await;
    assert!(
        matches!(&answers, Err(SendError::Unreachable(how)) if how.contains("within 0.1 s")),
        "{answers:?}"
    );
    assert!(begun.elapsed() >= within);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_by_its_cause() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: Address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let client = ReportClient::new(address).unwrap();
    let answers = client.send(&[activity("x")], &SecretText::new("t"), WITHIN).await;
    assert!(
        matches!(&answers, Err(SendError::Unreachable(how)) if how.contains("onnection refused")),
        "{answers:?}"
    );
}

#[tokio::test]
async fn a_token_that_cannot_be_sent_is_refused_here() {
    let client = ReportClient::new("http://127.0.0.1:1".parse().unwrap()).unwrap();
    let answers = client.send(&[activity("x")], &SecretText::new("a\nb"), WITHIN).await;
    assert!(matches!(answers, Err(SendError::Refused { status: 401, .. })), "{answers:?}");
}

#[test]
fn a_request_takes_as_many_as_a_server_takes_and_at_least_one() {
    let small = vec![activity("x"); 1_500];
    assert_eq!(batch(&small).0, REPORTS_MAX);
    let large = vec![activity(&"x".repeat(16 * 1024)); 100];
    let (count, body) = batch(&large);
    assert!((20..24).contains(&count), "{count}");
    assert!(body.len() <= REQUEST_BYTES_MAX + 1);
    let items: Vec<serde_json::Value> = serde_json::from_str(&body).unwrap();
    assert_eq!(items.len(), count);
    assert_eq!(batch(&[activity(&"x".repeat(REQUEST_BYTES_MAX)), activity("y")]).0, 1);
}
