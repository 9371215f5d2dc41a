use std::error::Error;
use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Body;
use portcullis_core::{Denial, Reason};

/// The most of a refusal's body that is read, in octets.
const MAX_BODY: usize = 1 << 20;

/// What came back, as far as the matrix looks at it.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Of a refusal; the bodies of other answers are not read, for they may never end.
    pub(super) body: Bytes,
    denial: Option<Denial>,
}

impl Answer {
    /// Takes the answer apart.
    pub(super) async fn of<R>(response: Response<R>) -> Result<Self, String>
    where
        R: Body,
        R::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (head, body) = response.into_parts();
        let denial = head.extensions.get::<Denial>().cloned();
        let mut answer = Self { status: head.status, headers: head.headers, body: Bytes::new(), denial };
        if answer.is_refusal() {
            let limited = Limited::new(body, MAX_BODY).collect().await;
            answer.body = limited.map_err(|error| format!("its body cannot be read: {error}"))?.to_bytes();
        }
        Ok(answer)
    }

    /// The status; of a refused gRPC request, which is answered 200, the status that HTTP would have.
    pub(super) fn status(&self) -> u16 {
        let told = self.denial.as_ref().filter(|_| self.status == StatusCode::OK).map(Denial::status);
        told.unwrap_or(self.status).as_u16()
    }

    /// 401, 403, or the 404 of a guard. A 404 that a handler wrote is none: the handler was reached.
    pub(super) fn is_refusal(&self) -> bool {
        match self.status() {
            401 | 403 => true,
            404 => self.denial.is_some() && !self.is_nowhere(),
            _ => false,
        }
    }

    /// The tree of what was asked and what was not there, if the refusal has one: indented, each line on a new one.
    pub(super) fn tree(&self) -> String {
        let explained = self.denial.as_ref().and_then(Denial::explanation_tree);
        let tree = explained.map(|explained| explained.tree(None).to_string()).unwrap_or_default();
        tree.lines().map(|line| format!("\n      {line}")).collect()
    }

    /// Whether the event of the refusal says more than its reason; `None` if the framework refused nothing.
    pub(super) fn is_explained(&self) -> Option<bool> {
        self.denial.as_ref().map(Denial::is_explained)
    }

    /// Whether no route has this path at all.
    pub(super) fn is_nowhere(&self) -> bool {
        self.denial.as_ref().is_some_and(|denial| denial.reason() == Reason::RouteNotFound)
    }
}

/// Status, reason code and explanation, so that one sees why.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status())?;
        let Some(denial) = &self.denial else { return Ok(()) };
        write!(f, " ({})", denial.reason().code())?;
        if let Some(explanation) = denial.explanation() {
            write!(f, ": {explanation}")?;
        }
        Ok(())
    }
}
