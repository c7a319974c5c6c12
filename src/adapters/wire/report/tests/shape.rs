//! The schemas of reports against their reader: what one takes the other takes, field by field.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use super::super::shape::{
    ActivityItem, ActivityReport, BatchReport, HeartbeatItem, HeartbeatReport, LifecycleItem,
    LifecycleReport, StatusItem, StatusReport,
};
use super::*;

/// A body, and everything that is known about it.
struct Body {
    /// Whole, and right.
    right: Value,
    schema: Value,
    /// The properties that have a name in the schema.
    names: Vec<String>,
    read: fn(&Value) -> Result<Submission, Vec<Fault>>,
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_deserialize().into_generator()
}

fn schema<T: JsonSchema>() -> Value {
    generator().into_root_schema_for::<T>().to_value()
}

fn names(schema: &Value) -> Vec<String> {
    schema["properties"].as_object().unwrap().keys().cloned().collect()
}

/// A body whose agent and kind the path names.
fn of_path<T: JsonSchema>(right: Value, read: fn(&Value) -> Result<Submission, Vec<Fault>>) -> Body {
    let schema = schema::<T>();
    Body { right, names: names(&schema), schema, read }
}

/// An item of a batch.
fn of_batch<T: JsonSchema>(right: Value) -> Body {
    let read = |value: &Value| item(value.clone(), &limits());
    Body { right, names: names(&schema::<T>()), schema: schema::<BatchReport>(), read }
}

fn bodies() -> [Body; 8] {
    [
        of_path::<StatusReport>(json!({"status": "online"}), |value| post(STATUS, value.to_string())),
        of_path::<LifecycleReport>(json!({"event": "start"}), |value| post(LIFECYCLE, value.to_string())),
        of_path::<ActivityReport>(json!({"lastMessage": "x"}), |value| post(ACTIVITY, value.to_string())),
        of_path::<HeartbeatReport>(json!({}), |value| post(HEARTBEAT, value.to_string())),
        of_batch::<StatusItem>(json!({"kind": "status", "agentId": "a1", "status": "online"})),
        of_batch::<LifecycleItem>(json!({"kind": "lifecycle", "agentId": "a1", "event": "start"})),
        of_batch::<ActivityItem>(
            json!({"kind": "activity", "agentId": "a1", "sessionId": "s1", "lastMessage": "x"}),
        ),
        of_batch::<HeartbeatItem>(json!({"kind": "heartbeat", "agentId": "a1"})),
    ]
}

/// Values of all kinds, at each bound that a report knows and one past it.
fn values() -> Vec<Value> {
    let labels = |count: usize| (0..count).map(|n| (format!("k{n}"), json!("v"))).collect::<Value>();
    let texts =
        ["", "online", "crash", "a1", "A.b_c:d@e-f", "work-1_x", "SIGRTMIN+3", "a b", "é", "\u{0}", "a\n"];
    let long = [32, 33, 64, 65, 128, 129, 5000].map(|length| json!("a".repeat(length)));
    let max = SAFE_INTEGER_MAX;
    let numbers =
        [i64::MIN, -2_147_483_649, -2_147_483_648, -1, 0, 1, 999, 1000, 3_600_000, 3_600_001, 2_147_483_647];
    let more = [
        json!(2_147_483_648_i64),
        json!(max),
        json!(max + 1),
        json!(u64::MAX),
        json!(1.5),
        json!(2000.0),
        json!(-0.0),
        json!(9_007_199_254_740_991.0),
        json!(9_007_199_254_740_992.0),
        json!(1e300),
        json!(null),
        json!(true),
        json!([]),
        json!(["a"]),
        json!({"k": ""}),
        json!({"": "v"}),
        json!({"k": null}),
        json!({"k": 1}),
        json!({"k".repeat(64): "v".repeat(64)}),
        json!({"k".repeat(65): "v"}),
        json!({"k": "v".repeat(65)}),
        labels(0),
        labels(16),
        labels(17),
    ];
    texts.map(Value::from).into_iter().chain(long).chain(numbers.map(Value::from)).chain(more).collect()
}

fn with(body: &Value, name: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[name] = value;
    body
}

#[test]
fn each_value_of_each_field_is_taken_by_both_or_by_neither() {
    for body in bodies() {
        let schema = jsonschema::validator_for(&body.schema).unwrap();
        for name in &body.names {
            let (mut right, mut wrong) = (0, 0);
            // These are refused without a life, which is another rule.
            let base = match name.as_str() {
                "instanceStartedAt" | "reportSeq" => with(&body.right, "instanceId", json!("i1")),
                _ => body.right.clone(),
            };
            for value in values() {
                let asked = with(&base, name, value);
                let read = (body.read)(&asked);
                assert_eq!(schema.is_valid(&asked), read.is_ok(), "{name}: {asked}: {read:?}");
                match read {
                    Err(faults) => {
                        let pointer = format!("/{name}");
                        let spots = spots(&faults);
                        assert!(spots.iter().any(|(_, at)| *at == pointer), "{asked}: {spots:?}");
                        wrong += 1;
                    }
                    Ok(_) => right += 1,
                }
            }
            assert!(right > 0 && wrong > 0, "{name}: {right} taken, {wrong} refused");
        }
    }
}

#[test]
fn a_field_is_known_to_both_or_to_neither() {
    let bodies = bodies();
    let all: std::collections::BTreeSet<&String> = bodies.iter().flat_map(|body| &body.names).collect();
    for body in &bodies {
        let schema = jsonschema::validator_for(&body.schema).unwrap();
        for name in all.iter().copied().filter(|name| !body.names.contains(name)).chain([&"unknown".into()]) {
            let asked = with(&body.right, name, json!("a1"));
            let faults = (body.read)(&asked).expect_err(name);
            assert!(!schema.is_valid(&asked), "{asked}");
            assert!(spots(&faults).iter().any(|(_, at)| *at == format!("/{name}")), "{asked}: {faults:?}");
        }
    }
}

#[test]
fn a_field_is_needed_by_both_or_by_neither() {
    for body in bodies() {
        let schema = jsonschema::validator_for(&body.schema).unwrap();
        assert!(schema.is_valid(&body.right) && (body.read)(&body.right).is_ok(), "{}", body.right);
        for name in body.right.as_object().unwrap().keys() {
            let mut asked = body.right.clone();
            asked.as_object_mut().unwrap().remove(name);
            let faults = (body.read)(&asked).expect_err(name);
            assert!(!schema.is_valid(&asked), "{asked}");
            assert!(spots(&faults).iter().any(|(_, at)| *at == format!("/{name}")), "{asked}: {faults:?}");
        }
    }
}

#[test]
fn what_belongs_to_a_life_needs_its_name_for_both() {
    for body in bodies() {
        let schema = jsonschema::validator_for(&body.schema).unwrap();
        for field in ["instanceStartedAt", "reportSeq"] {
            for (life, value, right) in [
                (None, json!(1), false),
                (Some(json!(null)), json!(1), false),
                (Some(json!(null)), json!(null), true),
                (None, json!(null), true),
                (Some(json!("i1")), json!(1), true),
            ] {
                let mut asked = with(&body.right, field, value);
                if let Some(life) = life {
                    asked["instanceId"] = life;
                }
                let read = (body.read)(&asked);
                assert_eq!((schema.is_valid(&asked), read.is_ok()), (right, right), "{asked}: {read:?}");
            }
        }
    }
}

/// JSON Schema counts characters where a label is bounded in bytes: there the reader is the stricter one, as
/// the document's words say.
#[test]
fn the_reader_is_stricter_about_long_labels_alone() {
    let schema = jsonschema::validator_for(&schema::<StatusReport>()).unwrap();
    let asked = json!({"status": "online", "labels": {"k": "é".repeat(33)}});
    assert!(schema.is_valid(&asked));
    assert_eq!(spots(&post(STATUS, asked.to_string()).unwrap_err()), [(Code::InvalidValue, "/labels")]);
}
