use std::fmt;

use portcullis_core::{Clock, Denial, FromBytes, RequestView, Step};
use portcullis_tower::{Decide, DecideLayer, DecideService};
use tower_layer::Layer;

use crate::vocabulary::Vocabulary;

/// Tells requests what the scopes and roles of an application stand for, before a router that is not one of Portcullis:
/// rules that nobody [bound](crate::Rule::within), such as those that handlers carry in their types, and
/// [`Scoped`](crate::Scoped) go by it. It refuses nothing; `Security` does this by itself.
///
/// The first word counts: of two such layers the outer one is heard.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use portcullis_authz::{AuthorizationLayer, RoleModel, Vocabulary, VocabularyLayer, permission};
/// # use portcullis_core::{Clock, CredentialMethod, Principal, RequestView, Trail};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let roles = RoleModel::builder().role("editor").permits("publish").build()?;
/// let words = VocabularyLayer::new(Vocabulary::new().with_roles(roles));
/// // Stands for a handler that asks a rule which nobody bound.
/// let handler = service_fn(async |request: Request<()>| {
///     let allowed = permission("publish").decide(&RequestView::of(&request).unwrap()).is_ok();
///     Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::from(if allowed { "yes" } else { "no" })))
/// });
/// let service = ServiceBuilder::new().layer(words).service(handler);
/// # use http_body_util::BodyExt;
/// # let mut request = Request::new(());
/// # let editor = Principal::builder("ed", CredentialMethod::Jwt).role("editor").build();
/// # Trail::ensure(request.extensions_mut(), &Clock::system()).authenticated(editor).unwrap();
/// let answer = service.oneshot(request).await?;
/// assert_eq!(answer.into_body().collect().await?.to_bytes(), "yes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[must_use]
pub struct VocabularyLayer<F = FromBytes> {
    decide: DecideLayer<Speak, F>,
}

/// What a [`VocabularyLayer`] does: it lets every request pass, and tells its Trail the words.
#[derive(Clone, Debug)]
pub struct Speak(Vocabulary);

impl VocabularyLayer {
    /// Tells every request these words. Where something else refuses, any body will do that is made `From<Bytes>`.
    pub fn new(words: Vocabulary) -> Self {
        Self { decide: DecideLayer::new(Speak(words)) }
    }
}

impl<F> VocabularyLayer<F> {
    /// Takes a service whose bodies are not made `From<Bytes>`, by a closure that makes one. By default, this is
    /// `From<Bytes>`.
    pub fn with_body<G>(self, body: G) -> VocabularyLayer<G> {
        VocabularyLayer { decide: self.decide.with_body(body) }
    }

    /// Takes another clock for the Trail, if this layer opens it. By default, this is the system's.
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { decide: self.decide.with_clock(clock) }
    }
}

impl Decide for Speak {
    fn decide(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        self.0.speak_to(request.trail());
        Step::Done(Ok(()))
    }
}

impl<S, F: Clone> Layer<S> for VocabularyLayer<F> {
    type Service = DecideService<S, Speak, F>;

    fn layer(&self, inner: S) -> Self::Service {
        self.decide.layer(inner)
    }
}

impl<F: Clone> Clone for VocabularyLayer<F> {
    fn clone(&self) -> Self {
        Self { decide: self.decide.clone() }
    }
}

impl<F> fmt::Debug for VocabularyLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VocabularyLayer").field("decide", &self.decide).finish_non_exhaustive()
    }
}
