//! Yardsticks: what the same duties take when they are written out by hand, in one function and for one
//! configuration. They prove a number reachable, or not; they are no design. Nobody could name, configure, replace,
//! explain or test their parts, and no limit of theirs is bounded.

#[expect(clippy::disallowed_methods, reason = "by hand, and without a clock that can be set")]
mod duties;
mod journal;
mod service;
#[expect(clippy::disallowed_methods, reason = "by hand, and without a clock that can be set")]
mod token;

use std::sync::Arc;

use axum::body::Body;
use http::{Request, StatusCode};
use portcullis_testkit::Algorithm;
use tower::layer::layer_fn;

use self::duties::{Caller, Meter};
use self::journal::Journal;
use self::service::{ByHand, Verdict};
use self::token::Verifier;
use crate::case::Case;
use crate::cases::Entry;
use crate::cases::floors::router;
use crate::drive::{Template, calls};
use crate::tokens::{bearer, same_bearer};

pub(super) const CASES: &[Entry] = &[
    // A context in the request's extensions, in which a decision is noted, and fields that the response gets.
    ("by hand, context", || around(Duties::default(), &with_token(), StatusCode::OK)),
    ("by hand, hit", || around(Duties::default().caller(), &with_token(), StatusCode::OK)),
    ("by hand, hit routed", || routed(Duties::default().caller(), &with_token())),
    ("by hand, jwt hs256", || {
        let token = Template::with(&bearer(Algorithm::Hs256));
        around(Duties { verifier: Some(Verifier::new()), ..Duties::default() }, &token, StatusCode::OK)
    }),
    ("by hand, limit", || routed(Duties::default().meter(false), &with_token().with_facts())),
    ("by hand, limit fields", || routed(Duties::default().meter(true), &with_token().with_facts())),
    ("by hand, 429", || {
        let spent = Duties { meter: Some((Meter::spent(), true)), ..Duties::default() };
        around(spent, &Template::anonymous().with_facts(), StatusCode::TOO_MANY_REQUESTS)
    }),
    ("by hand, 401", || around(Duties::default().caller(), &Template::anonymous(), StatusCode::UNAUTHORIZED)),
    ("by hand, audit", || around(Duties::default().journal(), &with_token().with_facts(), StatusCode::OK)),
    ("by hand, full", || {
        let all = Duties::default().meter(true).caller().scope().journal();
        around(all, &with_token().with_facts(), StatusCode::OK)
    }),
];

/// Which duties there are, in their order.
#[derive(Clone, Default)]
struct Duties {
    meter: Option<(Meter, bool)>,
    caller: Option<Caller>,
    verifier: Option<Verifier>,
    scope: Option<&'static str>,
    journal: Option<Journal>,
}

impl Duties {
    fn meter(self, fields: bool) -> Self {
        Self { meter: Some((Meter::plenty(), fields)), ..self }
    }

    fn caller(self) -> Self {
        Self { caller: Some(Caller::knowing(same_bearer())), ..self }
    }

    fn scope(self) -> Self {
        Self { scope: Some("documents:read"), ..self }
    }

    fn journal(self) -> Self {
        Self { journal: Some(Journal::begin()), ..self }
    }

    fn decide(&self, request: &Request<Body>, context: &service::Context) -> Verdict {
        if let Some((meter, fields)) = &self.meter
            && !meter.admits(request, context, *fields)
        {
            return Verdict::TooMany;
        }
        if let Some(caller) = &self.caller
            && !caller.is_known(request, context)
        {
            return Verdict::Unknown;
        }
        if let Some(verifier) = &self.verifier
            && !verifier.verifies(request, context)
        {
            return Verdict::Unknown;
        }
        match (self.scope, context.caller()) {
            (Some(scope), Some(caller)) if !caller.has_scope(scope) => Verdict::Unknown,
            (Some(_), _) => {
                context.note("rule_satisfied");
                Verdict::Admitted
            }
            (None, _) => Verdict::Admitted,
        }
    }
}

fn around(duties: Duties, template: &Template, status: StatusCode) -> Case {
    let journal = duties.journal.clone();
    let case = calls(ByHand::new(router(), Arc::new(duties)), template, status);
    case.settling(move || journal.iter().for_each(Journal::settle))
}

/// By `Router::layer`. axum makes its layers anew for each request, so that the duties are made before.
fn routed(duties: Duties, template: &Template) -> Case {
    let duties = Arc::new(duties);
    let layer = layer_fn(move |inner| ByHand::new(inner, Arc::clone(&duties)));
    calls(router().layer(layer), template, StatusCode::OK)
}

fn with_token() -> Template {
    Template::with(same_bearer())
}
