//! One operation of the document: what it takes, and every answer with its status.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::schemas::Schemas;
use crate::adapters::wire::problem::{self, Problem};
use crate::domain::fault::Code;

/// What operations are about.
pub(super) const TAGS: [(&str, &str); 5] = [
    ("reports", "What agents, their supervisors and hooks tell. Scope `report`."),
    ("reads", "What can be seen now and what was. Scope `watch`."),
    ("live", "The stream of what happens."),
    ("admin", "Agents, connections and tokens. Scope `admin`."),
    ("node", "Signing in, and how the node is."),
];

/// What every route may answer: about the host, the page that asks, and sizes.
const ALWAYS: [Code; 5] = [
    Code::InvalidRequest,
    Code::ForbiddenOrigin,
    Code::UriTooLong,
    Code::MisdirectedRequest,
    Code::HeadTooLarge,
];

/// One operation, before it is written down.
pub(super) struct Operation {
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    description: &'static str,
    security: Vec<Value>,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: Map<String, Value>,
    codes: Vec<Code>,
}

impl Operation {
    /// An operation that needs no credential and answers nothing yet.
    pub(super) fn new(tag: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            tag,
            summary,
            description: "",
            security: Vec::new(),
            parameters: Vec::new(),
            body: None,
            answers: Map::new(),
            codes: ALWAYS.to_vec(),
        }
    }

    /// More about it.
    pub(super) fn about(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Needs this, or what was said before.
    pub(super) fn needs(mut self, scheme: &str, scopes: &[&str]) -> Self {
        self.security.push(json!({scheme: scopes}));
        self
    }

    /// Needs nothing of what was said before: it may come.
    pub(super) fn needs_nothing(mut self) -> Self {
        self.security.push(json!({}));
        self
    }

    /// Takes these parameters.
    pub(super) fn with(mut self, parameters: impl IntoIterator<Item = Value>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// Takes a JSON body.
    pub(super) fn takes<T: JsonSchema>(mut self, required: bool, schemas: &mut Schemas) -> Self {
        let content = json!({"application/json": {"schema": schemas.taken::<T>()}});
        self.body = Some(json!({"required": required, "content": content}));
        self
    }

    /// Answers 200 with a JSON body.
    pub(super) fn gives<T: JsonSchema>(self, words: &str, schemas: &mut Schemas) -> Self {
        let content = json!({"application/json": {"schema": schemas.given::<T>()}});
        self.answers(200, json!({"description": words, "content": content}))
    }

    /// Answers with this status.
    pub(super) fn answers(mut self, status: u16, answer: Value) -> Self {
        self.answers.insert(status.to_string(), answer);
        self
    }

    /// Refuses with these codes.
    pub(super) fn refuses(mut self, codes: &[Code]) -> Self {
        self.codes.extend(codes);
        self
    }

    /// The operation as it is written.
    pub(super) fn into_value(self, in_path: Vec<Value>, schemas: &mut Schemas) -> Value {
        let mut responses = self.answers;
        let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
        for code in self.codes {
            let codes = by_status.entry(problem::status(code).as_u16()).or_default();
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        for (status, codes) in by_status {
            responses.insert(status.to_string(), refusal(status, &codes, schemas));
        }
        for answer in responses.values_mut().filter_map(Value::as_object_mut) {
            let headers = answer.entry("headers").or_insert_with(|| json!({}));
            if let Some(headers) = headers.as_object_mut() {
                headers
                    .insert("X-Request-Id".to_owned(), header("Stands on the server's log lines.", "string"));
            }
        }
        let mut value = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "security": self.security,
            "responses": responses,
        });
        let parameters = [in_path, self.parameters].concat();
        let more = [
            ("description", (!self.description.is_empty()).then(|| json!(self.description))),
            ("parameters", (!parameters.is_empty()).then(|| json!(parameters))),
            ("requestBody", self.body),
        ];
        if let Some(value) = value.as_object_mut() {
            value.extend(more.into_iter().filter_map(|(name, part)| Some((name.to_owned(), part?))));
        }
        value
    }
}

/// A field of an answer's head that is always there.
pub(super) fn header(words: &str, kind: &str) -> Value {
    json!({"description": words, "required": true, "schema": {"type": kind}})
}

/// The answer with a problem of one of these codes, which share the status.
fn refusal(status: u16, codes: &[Code], schemas: &mut Schemas) -> Value {
    let words: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}.", code.as_str(), code.title())).collect();
    let mut schema = schemas.given::<Problem<'_>>();
    if let Some(schema) = schema.as_object_mut() {
        let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
        schema.insert("properties".to_owned(), json!({"status": {"const": status}, "code": {"enum": codes}}));
        if status == 422 {
            schema.insert("required".to_owned(), json!(["errors"]));
        }
    }
    let headers = match status {
        401 => {
            json!({"WWW-Authenticate": header("`Bearer`, with `error` where a token was refused.", "string")})
        }
        426 => json!({
            "Upgrade": header("`websocket`", "string"),
            "Sec-WebSocket-Version": header("`13`", "string"),
        }),
        429 | 503 | 507 => json!({"Retry-After": header("Seconds after which to try again.", "integer")}),
        _ => json!({}),
    };
    json!({
        "description": words.join(" "),
        "headers": headers,
        "content": {"application/problem+json": {"schema": schema}},
    })
}
