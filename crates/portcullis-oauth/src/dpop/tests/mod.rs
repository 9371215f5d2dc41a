//! Requests through the schemes of a route: `proofs` for what a proof may be, `targets` for the URL that it names,
//! `nonces`, `replays`, `bindings` for tokens and what they are bound to, `config`, `vectors`.

mod bindings;
mod config;
mod nonces;
mod proofs;
mod replays;
mod targets;
mod vectors;

use http::uri::PathAndQuery;
use http::{HeaderMap, Request};
use portcullis_authn::{Requirement, RouteSchemes, Schemes, SchemesBuilder};
use portcullis_core::{Denial, ExternalOrigin, Reason, RequestView, Trail};
use portcullis_testkit::dpop::ProofBuilder;
use portcullis_testkit::{Algorithm, DpopClient, FakeClock, TestIssuer, TokenBuilder};

use super::Dpop;
use crate::{Issuer, JwtBearer, StaticKeys};

const ISSUER: &str = "https://issuer.example";
const URL: &str = "https://api.example/documents";

/// An issuer, a client with a key, and a route that takes tokens with a proof.
pub(super) struct Bench {
    pub(super) time: FakeClock,
    pub(super) issuer: TestIssuer,
    pub(super) client: DpopClient,
    route: RouteSchemes,
}

/// What came of a request.
pub(super) struct Asked {
    pub(super) answer: Result<(), Denial>,
    pub(super) trail: Trail,
    /// The fields that the response gets.
    pub(super) fields: HeaderMap,
}

impl Bench {
    pub(super) fn new(dpop: Dpop) -> Self {
        Self::of(Algorithm::Es256, dpop)
    }

    pub(super) fn of(algorithm: Algorithm, dpop: Dpop) -> Self {
        Self::at(&FakeClock::new(), algorithm, dpop)
    }

    pub(super) fn at(time: &FakeClock, algorithm: Algorithm, dpop: impl Into<Option<Dpop>>) -> Self {
        Self::known_as(None, time, algorithm, dpop)
    }

    pub(super) fn known_as(
        public_url: Option<&str>,
        time: &FakeClock,
        algorithm: Algorithm,
        dpop: impl Into<Option<Dpop>>,
    ) -> Self {
        let issuer = TestIssuer::offline(ISSUER).with_clock(time.clock());
        let keys = StaticKeys::new().jwks(issuer.jwks_json());
        let settings = Issuer::new(ISSUER).audience("https://api.example").audience("documents").keys(keys);
        let scheme = JwtBearer::issuer(settings).dpop(dpop);
        let schemes = Schemes::builder("r", time.clock());
        let schemes =
            public_url.map(|url| url.parse().unwrap()).into_iter().fold(schemes, SchemesBuilder::public_url);
        let schemes = schemes.scheme("token", scheme).build().unwrap();
        let route = schemes.default_set(Requirement::Required).unwrap();
        let client = DpopClient::new(algorithm, time.clock());
        Self { time: time.clone(), issuer, client, route }
    }

    /// A token that is bound to the client's key.
    pub(super) fn token(&self) -> TokenBuilder {
        self.issuer.token("alice").claim("cnf", self.client.confirmation())
    }

    pub(super) fn proof(&self, token: &str) -> ProofBuilder {
        self.client.proof("GET", URL, token)
    }

    /// A request for [`URL`] with that `Authorization` and these fields `DPoP`.
    pub(super) fn ask(&self, authorization: &str, proofs: &[&str]) -> Asked {
        self.ask_for(Request::get("/documents").body(()).unwrap(), None, authorization, proofs)
    }

    pub(super) fn ask_for(
        &self,
        mut request: Request<()>,
        origin: Option<(ExternalOrigin, &'static str)>,
        authorization: &str,
        proofs: &[&str],
    ) -> Asked {
        request.headers_mut().append("authorization", authorization.parse().unwrap());
        for proof in proofs {
            request.headers_mut().append("dpop", proof.parse().unwrap());
        }
        let trail = Trail::ensure(request.extensions_mut(), &self.time.clock()).clone();
        if let Some((origin, target)) = origin {
            trail.set_origin(origin);
            trail.set_target(PathAndQuery::from_static(target));
        }
        let step = self.route.authenticate(&RequestView::of(&request).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(step.resolve());
        let mut fields = HeaderMap::new();
        trail.apply_fields(&mut fields);
        Asked { answer, trail, fields }
    }

    /// A fresh bound token with a proof that is changed.
    pub(super) fn with_proof(&self, change: impl FnOnce(ProofBuilder) -> ProofBuilder) -> Asked {
        let token = self.token().sign();
        let proof = change(self.proof(&token)).sign();
        self.ask(&format!("DPoP {token}"), &[&proof])
    }

    #[track_caller]
    pub(super) fn check(
        &self,
        change: impl FnOnce(ProofBuilder) -> ProofBuilder,
        expected: Result<(), Reason>,
    ) {
        assert_eq!(self.with_proof(change).reason(), expected);
    }
}

impl Asked {
    pub(super) fn reason(&self) -> Result<(), Reason> {
        self.answer.as_ref().copied().map_err(|denial| denial.reason())
    }

    pub(super) fn challenges(&self) -> Vec<&str> {
        let denial = self.answer.as_ref().unwrap_err();
        denial.challenges().map(|value| value.to_str().unwrap()).collect()
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|value| value.to_str().unwrap())
    }
}
