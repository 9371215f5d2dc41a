//! From the tables of the registry to types.

/// Declares [`Reason`](crate::Reason): variant, stable code, what it does to the request, one line of explanation.
macro_rules! reasons {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $code:literal => $verdict:ident ),+ $(,)?) => {
        /// Why something was allowed or refused: a closed set of stable codes.
        ///
        /// The reason goes to the audit event and into the denial that travels in the response's extensions;
        /// the caller sees only the coarser [`ProblemType`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Reason { $( $(#[doc = $doc])+ $variant, )+ }

        impl Reason {
            /// Every reason, in the order of the registry.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The stable text identifier, such as `token_expired`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $( Self::$variant => $code, )+ }
            }

            /// What the caller is told; `None` for a reason to allow.
            #[must_use]
            pub const fn problem(self) -> Option<ProblemType> {
                match self { $( Self::$variant => crate::registry_macros::verdict!($verdict), )+ }
            }

            /// The registry's explanation.
            #[must_use]
            pub const fn explanation(self) -> &'static str {
                match self { $( Self::$variant => concat!($($doc),+), )+ }
            }
        }
    };
}

macro_rules! verdict {
    (Allow) => {
        None
    };
    ($problem:ident) => {
        Some(ProblemType::$problem)
    };
}

/// Declares [`ProblemType`](crate::ProblemType): variant, HTTP status, gRPC status, title, URI.
macro_rules! problems {
    ($( $(#[doc = $doc:literal])+ $variant:ident: $status:ident, grpc $grpc:literal, $title:literal, $uri:literal; )+) => {
        /// What a refused caller is told: a coarse, stable type that gives nothing away.
        ///
        /// The `type` member of the problem document is [`ProblemType::uri`] (RFC 9457 §3.1.1).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ProblemType { $( $(#[doc = $doc])+ $variant, )+ }

        impl ProblemType {
            /// Every problem type, in the order of the registry.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The status that goes with the problem; nothing but the problem type decides it.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $( Self::$variant => StatusCode::$status, )+ }
            }

            /// The `type` member: an absolute URI that only names the problem.
            #[must_use]
            pub const fn uri(self) -> &'static str {
                match self { $( Self::$variant => $uri, )+ }
            }

            /// The `title` member.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $( Self::$variant => $title, )+ }
            }

            /// The `grpc-status` that stands for the problem in a gRPC answer.
            #[must_use]
            pub const fn grpc_status(self) -> u8 {
                match self { $( Self::$variant => $grpc, )+ }
            }
        }
    };
}

/// Declares [`ConfigCode`](crate::ConfigCode): variant, stable code, one line on what is wrong.
macro_rules! config_codes {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $code:literal ),+ $(,)?) => {
        /// What is wrong with a configuration: a stable code with a page in the guide.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ConfigCode { $( $(#[doc = $doc])+ $variant, )+ }

        impl ConfigCode {
            /// Every code, in the order of the registry.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The stable code, such as `P101`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $( Self::$variant => $code, )+ }
            }

            /// The registry's explanation.
            #[must_use]
            pub const fn explanation(self) -> &'static str {
                match self { $( Self::$variant => concat!($($doc),+), )+ }
            }
        }
    };
}

pub(crate) use {config_codes, problems, reasons, verdict};
