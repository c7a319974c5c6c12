//! What the peer sends, and what follows.

use super::{End, Incoming, Session, Socket};
use crate::adapters::wire::client_frame::{self, ClientFrame};
use crate::adapters::wire::frame;
use crate::domain::farewell::Farewell;
use crate::domain::fault::{Code, Fault};
use crate::ports::intake::Submission;
use crate::ports::token_verifier::SecretText;

impl Session {
    /// Takes what came from the peer.
    pub(super) async fn take(&mut self, socket: &mut Socket, incoming: Incoming) -> Result<(), End> {
        match incoming {
            Incoming::Text(text) => self.take_text(socket, &text).await,
            Incoming::Pong if self.pings_unanswered > 0 => {
                self.pings_unanswered = 0;
                Ok(())
            }
            // Pings, and pongs that nobody asked for, cost as much as frames.
            Incoming::Ping | Incoming::Pong => Ok(self.conduct.frame(self.settings.clock.monotonic())?),
            Incoming::Nothing => Ok(()),
            Incoming::Offence(farewell) => Err(farewell.into()),
            Incoming::Gone => Err(End::Gone),
        }
    }

    async fn take_text(&mut self, socket: &mut Socket, text: &str) -> Result<(), End> {
        let now = self.settings.clock.monotonic();
        let read = client_frame::parse(text, &self.settings.reports);
        // Reports count towards their agents' rate; those of a token that may not report have none.
        let reports = self.principal.grant.scopes.report && matches!(read, Ok(ClientFrame::Report { .. }));
        if !reports {
            self.conduct.frame(now)?;
        }
        match read {
            Ok(ClientFrame::Subscribe(interest)) => {
                self.conduct.wish(interest);
                Ok(())
            }
            Ok(ClientFrame::Ping { id }) => self.send(socket, vec![frame::pong(id.as_deref())]).await,
            Ok(ClientFrame::Refresh(token)) => self.refresh(socket, &token).await,
            Ok(ClientFrame::Report { id, submission }) => {
                let answer = match self.registration.sockets().count_report(now) {
                    Ok(()) => self.report(id.as_deref(), submission).await,
                    Err(wait) => {
                        let fault = Fault::new(Code::RateLimited, "too many reports over sockets at once");
                        frame::error(id.as_deref(), &fault.retry_after(wait))
                    }
                };
                self.send(socket, vec![answer]).await
            }
            Err(fault) => {
                let struck = self.conduct.strike(now);
                self.send(socket, vec![frame::error(None, &fault)]).await?;
                Ok(struck?)
            }
        }
    }

    async fn report(
        &self,
        id: Option<&str>,
        submission: Result<Box<Submission>, Vec<Fault>>,
    ) -> bytes::Bytes {
        let lost = || Fault::new(Code::Internal, "try again");
        let result = match submission {
            Err(faults) => Err(faults.into_iter().next().unwrap_or_else(lost)),
            Ok(submission) => match self.settings.intake.report(&self.principal, vec![*submission]).await {
                Err(fault) => Err(fault),
                Ok(results) => results.into_iter().next().unwrap_or_else(|| Err(lost())),
            },
        };
        match result {
            Ok(receipt) => frame::reported(id, &receipt),
            Err(fault) => frame::error(id, &fault),
        }
    }

    async fn refresh(&mut self, socket: &mut Socket, token: &SecretText) -> Result<(), End> {
        match self.settings.feed.refresh(self.registration.id(), token).await {
            Ok(refreshed) => {
                self.principal = refreshed.principal;
                self.set_end(refreshed.ends_at);
                self.send(socket, vec![frame::auth_refreshed(self.principal.expires_at)]).await?;
                match refreshed.resync {
                    Some(beginning) => self.resync(socket, &beginning).await,
                    None => Ok(()),
                }
            }
            Err(fault) if fault.code == Code::ForbiddenScope => Err(Farewell::Forbidden.into()),
            // A refused refresh changes nothing; the token that stands behind the connection goes on.
            Err(fault) => self.send(socket, vec![frame::error(None, &fault)]).await,
        }
    }
}
