//! The schemas of the document: those of what is taken and those of what is given.

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value};

/// Where the document keeps them.
const PLACE: &str = "/components/schemas";

/// Makes schemas and collects those that have a name.
pub(in crate::adapters::http) struct Schemas {
    taken: SchemaGenerator,
    given: SchemaGenerator,
}

impl Schemas {
    pub(in crate::adapters::http) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = PLACE.into();
            settings.meta_schema = None;
        });
        let taken = settings.clone().for_deserialize().into_generator();
        Self { taken, given: settings.for_serialize().into_generator() }
    }

    /// The schema of what a client sends.
    pub(in crate::adapters::http) fn taken<T: JsonSchema>(&mut self) -> Value {
        self.taken.subschema_for::<T>().to_value()
    }

    /// The schema of what the server sends.
    pub(in crate::adapters::http) fn given<T: JsonSchema>(&mut self) -> Value {
        self.given.subschema_for::<T>().to_value()
    }

    /// Those that have a name.
    pub(in crate::adapters::http) fn into_definitions(mut self) -> Map<String, Value> {
        let mut all = self.taken.take_definitions(true);
        all.extend(self.given.take_definitions(true));
        all
    }
}
