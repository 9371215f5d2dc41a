#![doc = include_str!("../README.md")]

mod certificate;
pub mod challenge;
mod claims;
mod clock;
mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod credentials;
mod decision;
mod denial;
pub mod escape;
mod explanation;
mod facts;
mod mode;
mod notes;
pub mod octets;
mod principal;
mod public_url;
mod readiness;
mod registry;
mod registry_macros;
mod render;
mod request_id;
mod request_view;
mod revocation;
mod scope;
mod secret;
mod source;
mod step;
mod stores;
pub mod text;
mod trail;

#[cfg(feature = "axum-core-05")]
mod axum_core_05;

pub use self::certificate::{CertificateSource, ClientCertificate};
#[doc(inline)]
pub use self::challenge::{Challenge, ChallengeSet};
pub use self::claims::{Claims, InvalidClaim};
pub use self::clock::{Clock, MAX_ANCHOR_AGE, MAX_COARSE_LAG, TimeSource};
pub use self::config::{ConfigError, ConfigErrors};
pub use self::decision::{Decision, Effect};
pub use self::denial::{Denial, OwnAnswer};
pub use self::explanation::{Explain, Explained, Explanation, Finding, MAX_EXPLANATION_NODES};
pub use self::facts::{ClientAddress, ConnectionFacts, ExternalOrigin, TlsFacts, TlsVersion};
pub use self::mode::Mode;
pub use self::notes::Notes;
pub use self::principal::{Actor, Assurance, Confirmation, CredentialMethod, Principal, PrincipalBuilder};
pub use self::public_url::{InvalidPublicUrl, PublicUrl};
pub use self::readiness::Readiness;
pub use self::registry::{ConfigCode, ProblemType, Reason};
pub use self::render::{
    BodyFrom, FromBytes, ProblemJson, Protocol, Refuse, RefusedRequest, RenderDenial, Rendered,
};
pub use self::request_id::RequestId;
pub use self::request_view::RequestView;
pub use self::revocation::{Revocation, RevocationSink};
pub use self::scope::{InvalidScope, MAX_SCOPES, Scope, Scopes};
pub use self::secret::Secret;
pub use self::source::SourceText;
pub use self::step::{Step, Wait};
pub use self::stores::{
    Attempt, AttemptGuard, AttemptOutcome, Ban, Bans, ReplayOutcome, ReplayStore, Revocations, StoreError,
    TokenFacts,
};
pub use self::trail::{
    AlreadyAuthenticated, Authentication, Awaited, Entitlements, Finished, LimitFields, MAX_ENTRIES,
    MAX_FIELDS, MAX_METHOD, MAX_PATH, MAX_RETIRED_TRAILS, OpenerId, Opening, Placement, RequestLine,
    ResponseFields, Room, Trail, TrailEntry, TrailLimit, TrailState,
};
