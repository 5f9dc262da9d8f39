//! Refusals as problem documents (RFC 9457).

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::intake::{CutError, IntakeError};
use crate::ports::{QueueError, StoreError};
use crate::wire::{DocumentError, InputError};

/// What kind of refusal it is: the last part of `type`, which programs may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProblemKind {
    InvalidJson,
    InvalidField,
    InvalidParameter,
    InvalidHeader,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Timeout,
    AlreadyFinal,
    ResultExpired,
    TooLarge,
    UnsupportedMediaType,
    IdempotencyMismatch,
    QueueFull,
    Unavailable,
    Internal,
}

impl ProblemKind {
    const fn status(self) -> StatusCode {
        match self {
            Self::InvalidJson | Self::InvalidHeader => StatusCode::BAD_REQUEST,
            Self::InvalidField | Self::InvalidParameter | Self::IdempotencyMismatch => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::AlreadyFinal => StatusCode::CONFLICT,
            Self::ResultExpired => StatusCode::GONE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::QueueFull => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The name in `type`, and the title.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::InvalidJson => ("invalid_json", "The body is not acceptable JSON"),
            Self::InvalidField => ("invalid_field", "A field of the body is not acceptable"),
            Self::InvalidParameter => ("invalid_parameter", "A query parameter is not acceptable"),
            Self::InvalidHeader => ("invalid_header", "A header is not acceptable"),
            Self::Unauthenticated => ("unauthenticated", "An API key is needed"),
            Self::Forbidden => ("forbidden", "Not from there"),
            Self::NotFound => ("not_found", "There is no such thing"),
            Self::MethodNotAllowed => ("method_not_allowed", "The route does not know this method"),
            Self::Timeout => ("timeout", "The request took too long"),
            Self::AlreadyFinal => ("already_final", "It is over already"),
            Self::ResultExpired => ("result_expired", "The result is past its time"),
            Self::TooLarge => ("too_large", "The body is too large"),
            Self::UnsupportedMediaType => ("unsupported_media_type", "The body has another type"),
            Self::IdempotencyMismatch => ("idempotency_mismatch", "The idempotency key belongs to something else"),
            Self::QueueFull => ("queue_full", "The queue is full"),
            Self::Unavailable => ("unavailable", "A part of the service is not available"),
            Self::Internal => ("internal", "A defect of the service"),
        }
    }

    /// Seconds after which another try makes sense.
    const fn retry_after(self) -> Option<&'static str> {
        match self {
            Self::QueueFull => Some("5"),
            Self::Unavailable => Some("2"),
            Self::InvalidJson
            | Self::InvalidField
            | Self::InvalidParameter
            | Self::InvalidHeader
            | Self::Unauthenticated
            | Self::Forbidden
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::Timeout
            | Self::AlreadyFinal
            | Self::ResultExpired
            | Self::TooLarge
            | Self::UnsupportedMediaType
            | Self::IdempotencyMismatch
            | Self::Internal => None,
        }
    }
}

/// A refusal.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    kind: ProblemKind,
    detail: String,
    field: Option<String>,
}

impl Problem {
    pub(super) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), field: None }
    }

    pub(super) fn of_field(kind: ProblemKind, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), field: Some(field.into()) }
    }

    /// Nobody is told whether a thing is not there or is somebody else's.
    pub(super) fn not_found(what: &str) -> Self {
        Self::new(ProblemKind::NotFound, format!("there is no such {what}"))
    }

    pub(super) fn mismatch() -> Self {
        let detail = "the idempotency key was used for another content; nothing was run. Use a new key";
        Self::of_field(ProblemKind::IdempotencyMismatch, "idempotency_key", detail)
    }
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (name, title) = self.kind.names();
        let status = self.kind.status();
        let document = Document {
            r#type: format!("urn:cellblock:problem:{name}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            field: self.field.as_deref(),
        };
        let text = serde_json::to_string(&document).unwrap_or_default();
        let mut response = (status, text).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.kind == ProblemKind::Unauthenticated {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.kind.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        response
    }
}

impl From<DocumentError> for Problem {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Json(_) => Self::new(ProblemKind::InvalidJson, error.to_string()),
            DocumentError::Field { field, message } => Self::of_field(ProblemKind::InvalidField, field, message),
            DocumentError::Inputs(error) => {
                let field = match &error {
                    InputError::Unconvertible { input, .. } => format!("inputs.{input}"),
                    InputError::Json(_) | InputError::NotAnObject(_) => "inputs".to_owned(),
                };
                Self::of_field(ProblemKind::InvalidField, field, error.to_string())
            }
        }
    }
}

/// What went wrong inside is for the log; a client learns which part is concerned.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a request could not be answered");
        match error {
            StoreError::Unavailable(_) => Self::new(ProblemKind::Unavailable, "the result store is not available"),
            StoreError::Full(_) => Self::new(ProblemKind::Unavailable, "the result store is full"),
            StoreError::Broken(_) => Self::new(ProblemKind::Unavailable, "the result store is not usable"),
            StoreError::Unknown(_) => Self::new(ProblemKind::Internal, "the result store lost track of it"),
        }
    }
}

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        tracing::error!(%error, "a request could not be answered");
        match error {
            QueueError::Unavailable(_) => Self::new(ProblemKind::Unavailable, "the queue is not available"),
            QueueError::Unroutable(_) | QueueError::Broken(_) => {
                Self::new(ProblemKind::Unavailable, "the queue is not usable")
            }
        }
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Store(error) => error.into(),
            IntakeError::Queue(error) => error.into(),
            IntakeError::Full => Self::new(
                ProblemKind::QueueFull,
                "the lane takes no more; the same request with its idempotency key may be sent again",
            ),
            IntakeError::Items(error @ CutError::TooLong { item, .. }) => {
                Self::of_field(ProblemKind::TooLarge, format!("items[{item}]"), error.to_string())
            }
            IntakeError::Items(error @ CutError::NotText { item }) => {
                Self::of_field(ProblemKind::InvalidField, format!("items[{item}]"), error.to_string())
            }
            IntakeError::OtherItems => {
                Self::of_field(ProblemKind::IdempotencyMismatch, "idempotency_key", error.to_string())
            }
            IntakeError::Random(_) | IntakeError::Id(_) => {
                tracing::error!(%error, "a request could not be answered");
                Self::new(ProblemKind::Internal, "the request could not be carried out")
            }
        }
    }
}
