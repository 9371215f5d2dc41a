//! Asks the arguments of a handler, once and at start, what they demand.

use std::any::{TypeId, type_name};
use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::Response;
use portcullis_authz::{Demand, Inquiry};
use portcullis_core::{Denial, ProblemType};
use portcullis_stack::RoutePolicy;

use crate::authorized::CarriedPolicy;
use crate::content;

/// What the arguments of a handler said of themselves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// The policy that the handler carries.
    pub(crate) carried: Option<&'static RoutePolicy>,
    /// What else its arguments demand.
    pub(crate) demands: Vec<Demand>,
    /// How its arguments may refuse what a request carries.
    pub(crate) problems: Vec<ProblemType>,
}

/// The question to the arguments of one handler.
///
/// Extractors of Portcullis answer when they are asked to extract from a request that nobody sent; others are not
/// asked, but for how they refuse, which the type of their rejections says. An argument that is overlooked is one that the table does not show; it refuses requests all the same.
#[derive(Debug, Default)]
pub struct Questions {
    inquiry: Inquiry,
    carried: CarriedPolicy,
    problems: RefCell<Vec<ProblemType>>,
}

impl Questions {
    /// Asks an argument that reads the head.
    pub(crate) fn head<T, S>(&self, state: &S)
    where
        T: FromRequestParts<S> + 'static,
        S: 'static,
    {
        self.problems.borrow_mut().extend(content::problems_of::<T::Rejection>());
        if is_ours::<T, T::Rejection>() {
            let (mut parts, _) = self.request().into_parts();
            poll_once(T::from_request_parts(&mut parts, state));
        }
    }

    /// Asks the last argument, which may read the body.
    pub(crate) fn last<T, S, M>(&self, state: &S)
    where
        T: FromRequest<S, M> + 'static,
        S: 'static,
        M: 'static,
    {
        self.problems.borrow_mut().extend(content::problems_of::<T::Rejection>());
        if is_ours::<T, T::Rejection>() {
            poll_once(T::from_request(self.request(), state));
        }
    }

    pub(crate) fn told(&self) -> Told {
        Told {
            carried: self.carried.answered(),
            demands: self.inquiry.answers(),
            problems: self.problems.borrow().clone(),
        }
    }

    fn request(&self) -> Request {
        let mut request = self.inquiry.request().map(|()| Body::empty());
        request.extensions_mut().insert(self.carried.clone());
        request
    }
}

/// Whether the extractor is one of Portcullis: it refuses as they do, by a denial or by its answer, and its name is one of
/// theirs.
///
/// Names prove nothing, and nothing hangs on them: the extractors of others are left alone, since they may do
/// more than extract.
fn is_ours<T: 'static, R: 'static>() -> bool {
    let refuses = [TypeId::of::<Denial>(), TypeId::of::<Response>()].contains(&TypeId::of::<R>());
    refuses && type_name::<T>().starts_with("portcullis_")
}

/// An extractor answers before it waits for anything.
fn poll_once(extraction: impl Future) {
    let _ = pin!(extraction).poll(&mut Context::from_waker(Waker::noop()));
}
