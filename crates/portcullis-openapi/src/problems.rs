//! The responses that refusals are (RFC 9457), as components that operations refer to.

use std::collections::BTreeSet;

use http::StatusCode;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use portcullis_core::ProblemType;
use utoipa::openapi::content::Content;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::schema::{ArrayBuilder, Components, Object, ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder, Responses};

/// The statuses of the problem responses that operations get, unless said otherwise: 400, 401, 403, 404, 413, 415, 422 and
/// 429.
pub const DEFAULT_PROBLEMS: [StatusCode; 8] = [
    StatusCode::BAD_REQUEST,
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::NOT_FOUND,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    StatusCode::UNPROCESSABLE_ENTITY,
    StatusCode::TOO_MANY_REQUESTS,
];

/// The name of the schema of problem details among the components. One that the document has already stays.
pub const PROBLEM_SCHEMA: &str = "Problem";

/// Lets the operation refer to the response of that status; not if it has one of its own.
pub(crate) fn refer(status: StatusCode, responses: &mut Responses) -> bool {
    let code = status.as_u16().to_string();
    if responses.responses.contains_key(&code) {
        return false;
    }
    let reference = Ref::from_response_name(component(status));
    responses.responses.insert(code, RefOr::Ref(reference));
    true
}

/// Writes what operations refer to.
pub(crate) fn write(statuses: &BTreeSet<StatusCode>, components: &mut Components) {
    for status in statuses {
        components.responses.entry(component(*status)).or_insert_with(|| RefOr::T(response(*status)));
    }
    if !statuses.is_empty() {
        components.schemas.entry(PROBLEM_SCHEMA.to_owned()).or_insert_with(|| RefOr::T(schema().into()));
    }
}

fn component(status: StatusCode) -> String {
    format!("Problem{}", status.as_u16())
}

fn response(status: StatusCode) -> Response {
    let content = Content::new(Some(Ref::from_schema_name(PROBLEM_SCHEMA)));
    let response =
        ResponseBuilder::new().description(description(status)).content("application/problem+json", content);
    let response = match status {
        StatusCode::UNAUTHORIZED => {
            response.header(WWW_AUTHENTICATE.as_str(), text("Which credentials would do."))
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            response.header(RETRY_AFTER.as_str(), text("After how many seconds to try again."))
        }
        _ => response,
    };
    response.build()
}

/// The titles of the problems of that status.
fn description(status: StatusCode) -> String {
    let problems = ProblemType::ALL.iter().filter(|problem| problem.status() == status);
    let mut titles: Vec<&str> = problems.map(|problem| problem.title()).collect();
    titles.dedup();
    format!("{}.", titles.join("; or: "))
}

fn text(description: &str) -> Header {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    HeaderBuilder::new().schema(Some(text)).description(Some(description)).build()
}

/// RFC 9457 §3.1, and `violated-policies` of draft-ietf-httpapi-ratelimit-headers §5.
fn schema() -> Object {
    let text = |description: &str| {
        ObjectBuilder::new().schema_type(Type::String).description(Some(description)).build()
    };
    let status = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .description(Some("The status of the response."))
        .build();
    let policies = ArrayBuilder::new()
        .items(ObjectBuilder::new().schema_type(Type::String).build())
        .description(Some("The names of the quotas that are used up."))
        .build();
    ObjectBuilder::new()
        .description(Some("Problem details (RFC 9457)."))
        .property("type", text("A URI that names the kind of problem."))
        .property("title", text("What kind of problem it is, for people."))
        .property("status", status)
        .property("detail", text("What would help with this very request."))
        .property("violated-policies", policies)
        .required("type")
        .required("title")
        .required("status")
        .build()
}
