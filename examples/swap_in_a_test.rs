//! A program that embeds the server, and its test with parts of the test's own: people by name instead of
//! signed tokens, and a publisher that only notes what it is told. Run it with
//! `cargo test --example swap_in_a_test`.
#![allow(clippy::print_stdout, reason = "it is a program of its own")]

use mission_control::app::run::MissionControl;
use mission_control::domain::id::{AgentId, SessionId};
use mission_control::domain::lifecycle::Status;

/// What the program does: it imports something, and says how it goes.
async fn import(control: &MissionControl, batches: u32) -> Result<(), Box<dyn std::error::Error>> {
    let (importer, main) = (AgentId::parse("importer")?, SessionId::parse("main")?);
    control.report_status(importer.clone(), Status::Online).await?;
    for batch in 1..=batches {
        let message = format!("batch {batch} of {batches}");
        control.report_activity(importer.clone(), main.clone(), &message).await?;
    }
    control.report_status(importer, Status::Offline).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    use mission_control::app::settings::{Settings, Sources};
    let control = MissionControl::start(Settings::load(&Sources::of_process())?).await?;
    import(&control, 3).await?;
    println!("imported, and everybody who watched saw it");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use async_trait::async_trait;
    use mission_control::app::settings::{ConfigFile, Settings, Sources};
    use mission_control::domain::grant::{Grant, Principal, Scope, Scopes};
    use mission_control::domain::id::UserId;
    use mission_control::domain::pattern::Patterns;
    use mission_control::domain::time::Timestamp;
    use mission_control::ports::event_publisher::MockEventPublisher;
    use mission_control::ports::token_verifier::{SecretText, TokenError, TokenVerifier};

    use super::*;

    /// A token is a name, and everybody may watch.
    struct Names;

    #[async_trait]
    impl TokenVerifier for Names {
        async fn verify(&self, token: &SecretText, now: Timestamp) -> Result<Principal, TokenError> {
            let user = UserId::parse(token.reveal()).map_err(|_| TokenError::Invalid)?;
            let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
            let expires_at = now.plus(Duration::from_secs(60));
            Ok(Principal { user, grant, expires_at, issued_at: Some(now), token_id: None })
        }
    }

    /// Nothing is kept: a test must find no agents of before, and touch no data of the user's.
    fn settings() -> Settings {
        let in_memory = ("MISSION_CONTROL__LOG__KIND".to_owned(), "memory".to_owned());
        let environment = [in_memory].into();
        let sources = Sources { file: ConfigFile::None, environment, ..Sources::default() };
        Settings::load(&sources).unwrap()
    }

    #[tokio::test]
    async fn an_import_says_how_it_goes() {
        let (told, mut events) = tokio::sync::mpsc::channel(16);
        let mut publisher = MockEventPublisher::new();
        publisher.expect_publish().returning(move |batch| {
            for delivery in batch {
                told.try_send(format!("{:?}", delivery.recorded.event)).unwrap();
            }
        });
        let control = MissionControl::builder(settings())
            .token_verifier(Arc::new(Names))
            .publisher(Arc::new(publisher))
            .start()
            .await
            .unwrap();
        import(&control, 2).await.unwrap();
        for expected in ["Online", "batch 1 of 2", "batch 2 of 2", "Offline"] {
            let event = events.recv().await.unwrap();
            assert!(event.contains(expected), "{event}");
        }
    }

    #[tokio::test]
    async fn a_name_is_enough_to_read_and_nothing_else() {
        let control =
            MissionControl::builder(settings()).token_verifier(Arc::new(Names)).start().await.unwrap();
        let routes = control.routes();
        let ask = async |method: &str, path: &str| {
            let request = warp::test::request().method(method).path(path).header("host", "localhost");
            request.header("authorization", "Bearer alice").reply(&routes).await
        };
        assert_eq!(ask("GET", "/api/v1/fleet").await.status(), 200);
        assert_eq!(ask("DELETE", "/api/v1/agents/importer").await.status(), 403);
    }
}
