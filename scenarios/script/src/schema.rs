//! The published JSON Schema of scenario files.

use crate::metrics::METRICS;
use crate::scenario::Scenario;
use schemars::generate::SchemaSettings;

/// The schema as JSON text, as it lies in `schemas/scenario.schema.json`.
pub fn json() -> String {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Scenario>();
    schema.insert("$id".into(), "nooterra:scenario".into());
    let metrics: serde_json::Map<String, serde_json::Value> = METRICS.iter().map(|m| (m.name.to_owned(), m.about.into())).collect();
    schema.insert("x-metrics".into(), metrics.into());
    let mut text = serde_json::to_string_pretty(schema.as_value()).unwrap_or_default();
    text.push('\n');
    text
}
