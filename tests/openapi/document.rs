//! The document as a reader sees it, and answers held against it.

use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::http::{self, Answer};

/// The document, as a server gives it.
pub(crate) struct Document(Value);

/// One operation of it.
#[derive(Clone)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: String,
    template: String,
    value: Value,
}

impl Operation {
    /// Whether it may answer so.
    pub(crate) fn has(&self, status: u16) -> bool {
        self.value["responses"].get(status.to_string()).is_some()
    }

    pub(crate) fn takes_body(&self) -> bool {
        self.value["requestBody"].is_object()
    }

    /// The schema of its body.
    pub(crate) fn body(&self) -> Value {
        self.value["requestBody"]["content"]["application/json"]["schema"].clone()
    }

    pub(crate) fn parameters(&self) -> Vec<Value> {
        self.value["parameters"].as_array().cloned().unwrap_or_default()
    }

    /// The scopes of which a token needs one.
    pub(crate) fn scopes(&self) -> BTreeSet<String> {
        let schemes = self.value["security"].as_array().unwrap().iter();
        let lists = schemes.flat_map(|scheme| scheme.as_object().unwrap().values());
        lists
            .flat_map(|list| list.as_array().unwrap())
            .map(|word| word.as_str().unwrap().to_owned())
            .collect()
    }

    /// Its path with these parts; the last one stands for all that follow.
    pub(crate) fn path(&self, parts: &[&str]) -> String {
        let mut parts = parts.iter().copied();
        let mut last = "";
        let segment = |segment: &str| {
            if segment.starts_with('{') {
                last = parts.next().unwrap_or(last);
                return last.to_owned();
            }
            segment.to_owned()
        };
        self.template.split('/').map(segment).collect::<Vec<_>>().join("/")
    }
}

impl Document {
    pub(crate) async fn of(server: &TestServer) -> Self {
        Self(http::send(server.address, "GET", super::PATH, &[], None).await.json())
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.0["paths"].as_object().unwrap().keys().cloned().collect()
    }

    pub(crate) fn methods(&self, path: &str) -> Vec<String> {
        self.0["paths"][path].as_object().unwrap().keys().cloned().collect()
    }

    pub(crate) fn operations(&self) -> Vec<Operation> {
        let mut operations = Vec::new();
        for (path, item) in self.0["paths"].as_object().unwrap() {
            for (method, value) in item.as_object().unwrap() {
                operations.push(Operation {
                    id: value["operationId"].as_str().unwrap().to_owned(),
                    method: method.to_uppercase(),
                    template: path.clone(),
                    value: value.clone(),
                });
            }
        }
        operations
    }

    pub(crate) fn operation(&self, id: &str) -> Operation {
        self.operations().into_iter().find(|operation| operation.id == id).expect(id)
    }

    /// Every schema of the document.
    pub(crate) fn schemas(&self) -> Vec<Value> {
        fn find(value: &Value, found: &mut Vec<Value>) {
            match value {
                Value::Object(object) => {
                    found.extend(object.get("schema").cloned());
                    object.values().for_each(|value| find(value, found));
                }
                Value::Array(items) => items.iter().for_each(|value| find(value, found)),
                _ => {}
            }
        }
        let mut found = self.0["components"]["schemas"].as_object().unwrap().values().cloned().collect();
        find(&self.0["paths"], &mut found);
        found
    }

    /// Reads a schema of the document as it stands there.
    pub(crate) fn validator(&self, schema: &Value) -> Validator {
        let whole = json!({"allOf": [schema], "components": self.0["components"]});
        jsonschema::validator_for(&whole).unwrap_or_else(|error| panic!("{error}: {schema}"))
    }

    /// Reads a schema so that nothing fits which it does not name. Clients must pass over what they do not
    /// know; the server must not send what is not written.
    fn strict_validator(&self, schema: &Value) -> Validator {
        fn close(value: &mut Value) {
            match value {
                Value::Object(object) => {
                    let named =
                        object.get("type") == Some(&json!("object")) && object.contains_key("properties");
                    if named && !object.contains_key("additionalProperties") {
                        object.insert("additionalProperties".to_owned(), json!(false));
                    }
                    object.values_mut().for_each(close);
                }
                Value::Array(items) => items.iter_mut().for_each(close),
                _ => {}
            }
        }
        let mut whole = json!({"allOf": [schema], "components": self.0["components"]});
        close(&mut whole);
        jsonschema::validator_for(&whole).unwrap_or_else(|error| panic!("{error}: {schema}"))
    }

    /// Holds an answer against what is written of it: status, head and body.
    #[track_caller]
    pub(crate) fn check(&self, operation: &Operation, answer: &Answer) {
        let id = &operation.id;
        let written = &operation.value["responses"][answer.status.to_string()];
        assert!(written.is_object(), "{id}: {} is not written: {answer:?}", answer.status);
        for (name, header) in written["headers"].as_object().unwrap() {
            let needed = header["required"] == true;
            match answer.header(name) {
                None => assert!(!needed, "{id}: no {name} in {answer:?}"),
                Some(value) => {
                    let number = header["schema"]["type"] == "integer";
                    let value = if number { json!(value.parse::<u64>().unwrap()) } else { json!(value) };
                    assert!(self.validator(&header["schema"]).is_valid(&value), "{id}: {name}: {value}");
                }
            }
        }
        let Some(content) = written.get("content") else {
            assert!(answer.body.is_empty(), "{id}: {answer:?}");
            return;
        };
        let kind = answer.header("content-type").unwrap_or_default().split(';').next().unwrap().to_owned();
        let content = content.get(&kind).unwrap_or_else(|| panic!("{id}: {kind} is not written"));
        if kind.ends_with("json") {
            let body = answer.json();
            let schema = self.strict_validator(&content["schema"]);
            let wrong: Vec<String> = schema.iter_errors(&body).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{id}: {body}: {wrong:?}");
        }
    }
}
