//! What each action of our routes takes and answers.

use serde_json::{Value, json};

use super::answers::{Agent, AgentEvents, Events, Fleet};
use super::operation::{Operation, header};
use super::parameters::{after, agents, idempotency_key, limit, types};
use super::schemas::Schemas;
use crate::adapters::http::action::Action;
use crate::adapters::http::dispatch::Health;
use crate::adapters::http::dispatch::admin::{Connections, Ticket};
use crate::adapters::http::dispatch::reports::{Accepted, Results};
use crate::adapters::http::dispatch::sign_in::SessionToken;
use crate::adapters::wire::report::shape::{
    ActivityReport, Batch, HeartbeatReport, LifecycleReport, StatusReport,
};
use crate::adapters::wire::small::shape::{RevocationBody, SignInBody};
use crate::domain::fault::Code;

/// A token without which nobody is known.
const TOKEN: [Code; 5] = [
    Code::AmbiguousCredentials,
    Code::MissingToken,
    Code::InvalidToken,
    Code::TokenExpired,
    Code::TokenRevoked,
];
/// A body of JSON.
const BODY: [Code; 4] =
    [Code::InvalidJson, Code::BodyTooLarge, Code::UnsupportedMediaType, Code::InvalidValue];
/// A log that keeps events.
const STORE: [Code; 3] = [Code::Unavailable, Code::Draining, Code::StoreFull];
/// One report.
const REPORT: [Code; 6] = [
    Code::InvalidId,
    Code::ForbiddenAgent,
    Code::RateLimited,
    Code::IdempotencyConflict,
    Code::FleetFull,
    Code::Internal,
];
/// A page of events.
const EVENTS: [Code; 6] = [
    Code::InvalidCursor,
    Code::InvalidPattern,
    Code::UnknownType,
    Code::InvalidValue,
    Code::CursorExpired,
    Code::Unavailable,
];

const FROM: &str = "After this position; from the oldest event that is kept when absent.";

/// The operation of an action; none for those that are not part of the API.
pub(super) fn of(action: &Action, schemas: &mut Schemas) -> Option<Operation> {
    Some(match action {
        Action::Status(_) => status(schemas),
        Action::Lifecycle(_) => lifecycle(schemas),
        Action::Activity(..) => activity(schemas),
        Action::Heartbeat(_) => heartbeat(schemas),
        Action::Batch => batch(schemas),
        Action::Forget(_) => forget(schemas),
        Action::Fleet => fleet(schemas),
        Action::Agent(_) => agent(schemas),
        Action::Events => events(schemas),
        Action::AgentEvents(_) => agent_events(schemas),
        Action::Connections => connections(schemas),
        Action::Disconnect(_) => disconnect(),
        Action::Revoke => revoke(schemas),
        Action::Ticket => ticket(schemas),
        Action::SignIn => sign_in(schemas),
        Action::SessionToken => session_token(schemas),
        Action::SignOut => sign_out(),
        Action::Alive => alive(schemas),
        Action::Ready => ready(schemas),
        Action::OpenApi => openapi(),
        Action::AsyncApi => asyncapi(),
        // A browser asks by itself before a page of another origin may; and what is not built is not described.
        Action::Preflight | Action::NotBuilt(_) => return None,
    })
}

/// Needs a token of this scope.
fn scoped(operation: Operation, scope: &str) -> Operation {
    operation.needs("bearer", &[scope]).refuses(&TOKEN).refuses(&[Code::ForbiddenScope])
}

fn report(id: &'static str, summary: &'static str, schemas: &mut Schemas) -> Operation {
    let operation = scoped(Operation::new("reports", id, summary), "report");
    operation.with([idempotency_key(schemas)]).refuses(&BODY).refuses(&REPORT).refuses(&STORE)
}

fn kept(operation: Operation, schemas: &mut Schemas) -> Operation {
    operation.gives::<Accepted<'_>>("The events of the report are kept.", schemas)
}

fn status(schemas: &mut Schemas) -> Operation {
    let operation = report("reportStatus", "Report an agent's status", schemas)
        .about("Makes `agent:status` where status, message, state or labels change.")
        .takes::<StatusReport>(true, schemas);
    kept(operation, schemas)
}

fn lifecycle(schemas: &mut Schemas) -> Operation {
    let operation = report("reportLifecycle", "Report a start, stop, restart or crash", schemas)
        .about("Makes `agent:lifecycle`, and `agent:status` where status or reason change.")
        .takes::<LifecycleReport>(true, schemas);
    kept(operation, schemas)
}

fn activity(schemas: &mut Schemas) -> Operation {
    let operation = report("reportActivity", "Report a session's last message", schemas)
        .about("Makes `session:activity`; an agent that was unknown becomes `online` first.")
        .takes::<ActivityReport>(true, schemas);
    kept(operation, schemas)
}

fn heartbeat(schemas: &mut Schemas) -> Operation {
    let operation = report("reportHeartbeat", "Report a sign of life", schemas)
        .about("Renews the agent's lease; an agent that was unknown or only not heard becomes `online`.")
        .takes::<HeartbeatReport>(false, schemas);
    kept(operation, schemas)
}

fn batch(schemas: &mut Schemas) -> Operation {
    let summary = "Send 1 to 1,000 reports at once";
    scoped(Operation::new("reports", "reportBatch", summary), "report")
        .about(
            "Items are taken in order and answered one by one: an item that is not as the schema says is refused \
             on its own, and the rest is taken. The body as a whole is refused only where it is no list, or one \
             of no or too many items.",
        )
        .with([idempotency_key(schemas)])
        .takes::<Batch>(true, schemas)
        .gives::<Results<'_>>("What became of each report.", schemas)
        .refuses(&BODY)
        .refuses(&[Code::InvalidBatch])
        .refuses(&STORE)
}

fn forget(schemas: &mut Schemas) -> Operation {
    let operation =
        scoped(Operation::new("admin", "forgetAgent", "Forget an agent and its sessions"), "admin")
            .about("Makes `agent:removed`.")
            .refuses(&[Code::InvalidId, Code::NotFound, Code::Internal])
            .refuses(&STORE);
    kept(operation, schemas)
}

fn fleet(schemas: &mut Schemas) -> Operation {
    scoped(Operation::new("reads", "readFleet", "Read every agent and session"), "watch")
        .gives::<Fleet>("One consistent copy.", schemas)
}

fn agent(schemas: &mut Schemas) -> Operation {
    scoped(Operation::new("reads", "readAgent", "Read one agent and its sessions"), "watch")
        .gives::<Agent>("The agent.", schemas)
        .refuses(&[Code::InvalidId, Code::NotFound])
}

fn events(schemas: &mut Schemas) -> Operation {
    scoped(Operation::new("reads", "listEvents", "List events that are kept"), "watch")
        .with([after(schemas, FROM), agents(schemas), types(schemas), limit()])
        .gives::<Events>("A page of events, oldest first.", schemas)
        .refuses(&EVENTS)
}

fn agent_events(schemas: &mut Schemas) -> Operation {
    scoped(Operation::new("reads", "listAgentEvents", "List an agent's events that are kept"), "watch")
        .with([after(schemas, FROM), types(schemas), limit()])
        .gives::<AgentEvents>("A page of events, oldest first.", schemas)
        .refuses(&EVENTS)
        .refuses(&[Code::InvalidId, Code::NotFound])
}

fn connections(schemas: &mut Schemas) -> Operation {
    scoped(Operation::new("admin", "listConnections", "List the live connections of the node"), "admin")
        .gives::<Connections>("The connections, oldest first.", schemas)
}

fn disconnect() -> Operation {
    scoped(Operation::new("admin", "closeConnection", "Close a live connection for good"), "admin")
        .about("A WebSocket is closed with 4503.")
        .answers(204, nothing("It is closed."))
        .refuses(&[Code::InvalidId, Code::NotFound])
}

fn revoke(schemas: &mut Schemas) -> Operation {
    let summary = "Revoke a user's tokens, or one token";
    scoped(Operation::new("admin", "revokeTokens", summary), "admin")
        .about("From then on they are `401 token_revoked`, also after a restart; the connections that stand on them are closed (4501).")
        .takes::<RevocationBody>(true, schemas)
        .answers(204, nothing("It is durable."))
        .refuses(&BODY)
        .refuses(&[Code::InvalidId, Code::Unavailable, Code::StoreFull])
}

fn ticket(schemas: &mut Schemas) -> Operation {
    Operation::new("live", "makeTicket", "Get a ticket for one live connection")
        .needs("bearer", &[])
        .gives::<Ticket<'_>>("A ticket.", schemas)
        .refuses(&TOKEN)
        .refuses(&[Code::Overloaded, Code::Internal])
}

fn sign_in(schemas: &mut Schemas) -> Operation {
    let cookie = json!({"Set-Cookie": header("The cookie of the browser's session, for 7 days.", "string")});
    Operation::new("node", "signIn", "Sign a browser in by the code of a link")
        .takes::<SignInBody>(true, schemas)
        .answers(204, json!({"description": "The browser is signed in.", "headers": cookie}))
        .refuses(&BODY)
        .refuses(&[Code::InvalidCode, Code::Internal])
}

fn session_token(schemas: &mut Schemas) -> Operation {
    Operation::new("node", "makeSessionToken", "Get a short token for a signed-in browser")
        .needs("browser", &[])
        .gives::<SessionToken<'_>>("A token with the scope `watch`.", schemas)
        .refuses(&[Code::NotSignedIn, Code::Internal])
}

fn sign_out() -> Operation {
    let cookie = json!({"Set-Cookie": header("Takes the cookie back.", "string")});
    Operation::new("node", "signOut", "Sign a browser out")
        .needs("browser", &[])
        .needs_nothing()
        .answers(204, json!({"description": "The browser is signed out, if it was in.", "headers": cookie}))
}

fn alive(schemas: &mut Schemas) -> Operation {
    Operation::new("node", "readHealth", "Whether the process answers").gives::<Health>("It does.", schemas)
}

fn ready(schemas: &mut Schemas) -> Operation {
    Operation::new("node", "readReadiness", "Whether the node can serve")
        .gives::<Health>("It can.", schemas)
        .refuses(&[Code::Draining, Code::Unavailable])
}

fn openapi() -> Operation {
    document("readOpenApi", "Read this document", "openapi", "An OpenAPI 3.1 document.")
}

fn asyncapi() -> Operation {
    document("readAsyncApi", "Read the document of the live stream", "asyncapi", "An AsyncAPI 3.0 document.")
}

fn document(id: &'static str, summary: &'static str, field: &str, what: &str) -> Operation {
    let content = json!({"application/json": {"schema": {"type": "object", "required": [field]}}});
    Operation::new("node", id, summary).answers(200, json!({"description": what, "content": content}))
}

fn nothing(words: &str) -> Value {
    json!({"description": words})
}
