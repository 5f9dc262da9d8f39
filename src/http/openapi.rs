//! `GET /openapi.json`: OpenAPI 3.1, made from the table of routes and from the schemas of the documents.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::routes::{Action, ROUTES, Route};
use crate::wire::{BatchDocument, BatchStatusDocument, JobDocument, ResultDocument};

pub(super) async fn serve() -> Response {
    ([(CONTENT_TYPE, "application/json")], document().to_string()).into_response()
}

/// The document.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.to_lowercase(), operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Cellblock",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Runs Python and JavaScript functions in jailed processes.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            },
        },
    })
}

fn generator(settings: SchemaSettings) -> SchemaGenerator {
    settings.with(|settings| settings.definitions_path = "/components/schemas".into()).into_generator()
}

fn schemas() -> Map<String, Value> {
    let mut read = generator(SchemaSettings::draft2020_12().for_deserialize());
    read.subschema_for::<JobDocument>();
    read.subschema_for::<BatchDocument>();
    let mut written = generator(SchemaSettings::draft2020_12().for_serialize());
    written.subschema_for::<ResultDocument>();
    written.subschema_for::<BatchStatusDocument>();
    let mut schemas = read.take_definitions(true);
    schemas.extend(written.take_definitions(true));
    schemas.insert("Problem".to_owned(), problem());
    schemas
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "A refusal (RFC 9457).",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "description": "urn:cellblock:problem: and the kind of refusal."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What is wrong, and what would be accepted."},
            "field": {"type": "string", "description": "The field, parameter or header that is concerned."},
        },
    })
}

/// What an answer carries.
#[derive(Debug, Clone, Copy)]
enum Carries {
    Job,
    Batch,
    Lines,
    Json,
    Text,
    Nothing,
}

impl Carries {
    fn content(self) -> Option<Value> {
        match self {
            Self::Job => Some(json!({"application/json": {"schema": reference("ResultDocument")}})),
            Self::Batch => Some(json!({"application/json": {"schema": reference("BatchStatusDocument")}})),
            Self::Lines => Some(json!({"application/x-ndjson": {"schema": {"type": "string"}}})),
            Self::Json => Some(json!({"application/json": {"schema": {"type": "object"}}})),
            Self::Text => Some(json!({"text/plain": {"schema": {"type": "string"}}})),
            Self::Nothing => None,
        }
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn operation(route: &Route) -> Value {
    let mut responses = Map::new();
    for (status, carries, description) in answers(route.action) {
        let mut answer = json!({"description": description});
        if let (Some(content), Some(answer)) = (carries.content(), answer.as_object_mut()) {
            answer.insert("content".to_owned(), content);
        }
        responses.insert((*status).to_owned(), answer);
    }
    let refusal = json!({
        "description": "A refusal.",
        "content": {"application/problem+json": {"schema": reference("Problem")}},
    });
    responses.insert("default".to_owned(), refusal);
    let mut operation = json!({
        "operationId": format!("{:?}", route.action),
        "summary": route.summary,
        "parameters": parameters(route),
        "responses": responses,
    });
    if let Some(operation) = operation.as_object_mut() {
        if let Some(content) = body(route.action) {
            operation.insert("requestBody".to_owned(), json!({"required": true, "content": content}));
        }
        if route.path.starts_with("/v1/") {
            operation.insert("security".to_owned(), json!([{"bearer": []}, {"key": []}]));
        }
    }
    operation
}

fn answers(action: Action) -> &'static [(&'static str, Carries, &'static str)] {
    match action {
        Action::SubmitJob => &[
            ("200", Carries::Job, "It has ended: within the time to wait, or before, under the same idempotency key."),
            ("202", Carries::Job, "It is accepted; Location says where it is."),
        ],
        Action::ReadJob => &[
            ("200", Carries::Job, "The job; its result once its state is final."),
            ("304", Carries::Nothing, "The version that the client has is the current one."),
        ],
        Action::CancelJob => {
            &[("200", Carries::Job, "It is cancelled."), ("202", Carries::Job, "It is running and will be stopped.")]
        }
        Action::SubmitBatch => &[
            ("200", Carries::Batch, "The batch of this idempotency key has ended."),
            ("202", Carries::Batch, "All items are accepted; Location says where the batch is."),
        ],
        Action::ReadBatch => &[
            ("200", Carries::Batch, "How far the batch is."),
            ("304", Carries::Nothing, "The version that the client has is the current one."),
        ],
        Action::ReadResults => &[(
            "200",
            Carries::Lines,
            "A result a line, in item order, as far as there are any. X-Complete is true when nothing more will come.",
        )],
        Action::CancelBatch => {
            &[("200", Carries::Batch, "Workers are told to end what they run of it; it is complete when they have.")]
        }
        Action::Health => &[("200", Carries::Json, "It is alive.")],
        Action::Readiness => &[
            ("200", Carries::Json, "It can take work."),
            ("503", Carries::Json, "It cannot; `missing` names the parts."),
        ],
        Action::Metrics => &[("200", Carries::Text, "Prometheus text.")],
        Action::OpenApi => &[("200", Carries::Json, "OpenAPI 3.1.")],
    }
}

fn body(action: Action) -> Option<Value> {
    match action {
        Action::SubmitJob => Some(json!({"application/json": {"schema": reference("JobDocument")}})),
        Action::SubmitBatch => Some(json!({
            "application/x-ndjson": {"schema": {
                "type": "string",
                "description": "The first line is a BatchDocument without items; each line after it is an item.",
            }},
            "application/json": {"schema": reference("BatchDocument")},
        })),
        Action::ReadJob
        | Action::CancelJob
        | Action::ReadBatch
        | Action::ReadResults
        | Action::CancelBatch
        | Action::Health
        | Action::Readiness
        | Action::Metrics
        | Action::OpenApi => None,
    }
}

fn parameters(route: &Route) -> Vec<Value> {
    let wait = ("query", "wait", "How long to wait for the end, such as 10s or 500ms; 60s at most.");
    let version = ("header", "If-None-Match", "A version: answers, or waits for, a change of it.");
    let key = ("header", "Idempotency-Key", "The same as the field idempotency_key.");
    let after = ("query", "after", "Only items after this one.");
    let only = ("query", "only", "`failed`: only items that did not succeed.");
    let own = match route.action {
        Action::SubmitJob => vec![wait, key],
        Action::ReadJob | Action::ReadBatch => vec![wait, version],
        Action::SubmitBatch => vec![key],
        Action::ReadResults => vec![after, only],
        Action::CancelJob
        | Action::CancelBatch
        | Action::Health
        | Action::Readiness
        | Action::Metrics
        | Action::OpenApi => Vec::new(),
    };
    let id = route.path.contains("{id}").then_some(("path", "id", "The id that the submit answered."));
    let all = id.into_iter().chain(own);
    all.map(|(place, name, description)| {
        let (is_path, schema) = (place == "path", json!({"type": "string"}));
        json!({"in": place, "name": name, "description": description, "required": is_path, "schema": schema})
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_names_every_route_of_the_table_and_no_other() {
        let document = document();
        let mut named: Vec<(String, String)> = Vec::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            named.extend(operations.as_object().unwrap().keys().map(|method| (path.clone(), method.to_uppercase())));
        }
        named.sort();
        let mut table: Vec<_> = ROUTES.iter().map(|r| (r.path.to_owned(), r.method.to_owned())).collect();
        table.sort();
        assert_eq!(named, table);
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let text = document.to_string();
        for part in text.split("\"$ref\":\"").skip(1) {
            let target = part.split('"').next().unwrap();
            assert!(document.pointer(target.strip_prefix('#').unwrap()).is_some(), "{target}");
        }
        assert!(!text.contains("$defs"));
    }
}
