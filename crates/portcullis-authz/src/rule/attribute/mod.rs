//! Conditions on the caller's surroundings: tenant, group, client, network, credential, time.

mod network;
mod tenant;
mod time;
mod words;

use std::fmt;

use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError, CredentialMethod, Principal, Reason, RequestView};
use serde::Serializer;

use self::network::Networks;
use self::time::Window;
pub use self::words::{
    after, any_client, any_network, before, client, danger_any_tenant, group, issuer, network,
    tenant_matches, via_method, when, within_hours,
};
use super::print::{tagged, words as print_words};

/// What is asked.
#[derive(PartialEq)]
pub(super) enum Attribute {
    /// The path parameter that names the tenant, whichever it is.
    AnyTenant(Box<str>),
    Clients(Box<[Box<str>]>),
    Group(Box<str>),
    Issuer(Box<str>),
    Method(CredentialMethod),
    Networks(Networks),
    /// The path parameter that names the tenant.
    Tenant(Box<str>),
    Time(Window),
}

impl Attribute {
    /// Whether it is one of the caller, so that it is not known where nobody calls.
    pub(super) const fn is_of_caller(&self) -> bool {
        !matches!(self, Self::Networks(_) | Self::Time(_))
    }

    /// Whether asking may fail.
    pub(super) const fn may_fail(&self) -> bool {
        matches!(self, Self::Tenant(_) | Self::Networks(_))
    }

    /// The path parameter that is read.
    pub(super) fn path_parameter(&self) -> Option<&str> {
        if let Self::Tenant(parameter) | Self::AnyTenant(parameter) = self { Some(parameter) } else { None }
    }

    pub(super) fn is_broken(&self) -> bool {
        match self {
            Self::Clients(names) => names.is_empty() || names.iter().any(|name| name.is_empty()),
            Self::AnyTenant(name) | Self::Group(name) | Self::Issuer(name) | Self::Tenant(name) => {
                name.is_empty()
            }
            Self::Method(_) => false,
            Self::Networks(networks) => networks.is_broken(),
            Self::Time(window) => window.is_never(),
        }
    }

    /// Why a request is refused for want of it.
    pub(super) const fn reason(&self) -> Reason {
        match self {
            Self::Tenant(_) => Reason::TenantMismatch,
            _ => Reason::ConditionNotMet,
        }
    }

    /// Whether the condition is met by the caller.
    ///
    /// # Errors
    /// What the route lacks.
    pub(super) fn is_met_by(&self, caller: &Principal, request: &RequestView<'_>) -> Result<bool, String> {
        Ok(match self {
            Self::AnyTenant(_) => true,
            Self::Clients(names) => {
                caller.client_id().is_some_and(|id| names.iter().any(|name| **name == *id))
            }
            Self::Group(name) => caller.in_group(name),
            Self::Issuer(name) => caller.issuer() == Some(name),
            Self::Method(method) => caller.method() == *method,
            Self::Tenant(parameter) => return tenant::is_own(caller, parameter, request),
            Self::Networks(_) | Self::Time(_) => self.is_met(request) == Some(true),
        })
    }

    /// Whether a condition that is not one of the caller is met; `None` if it is not known.
    pub(super) fn is_met(&self, request: &RequestView<'_>) -> Option<bool> {
        match self {
            Self::Networks(networks) => networks.contain(request.trail().client()),
            Self::Time(window) => Some(window.is_now(request.trail().clock().wall())),
            _ => Some(false),
        }
    }

    /// Everything that is wrong with it; `shown` is what was written.
    pub(super) fn lint(&self, errors: &mut Vec<ConfigError>) {
        let mut never = |what: &str| {
            errors.push(ConfigError::new(ConfigCode::RuleNeverSatisfied, format!("`{self}` {what}")));
        };
        match self {
            Self::Networks(networks) => errors.extend(networks.errors()),
            Self::Clients(names) if names.is_empty() => never("names no client"),
            Self::Time(window) if window.is_never() => never("is no part of a day"),
            _ if self.is_broken() => never("has an empty name"),
            _ => {}
        }
    }

    pub(super) fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::AnyTenant(parameter) => tagged(serializer, "danger_any_tenant", parameter),
            Self::Clients(names) => match names.as_ref() {
                [name] => tagged(serializer, "client", name),
                names => tagged(serializer, "any_client", names),
            },
            Self::Group(name) => tagged(serializer, "group", name),
            Self::Issuer(name) => tagged(serializer, "issuer", name),
            Self::Method(method) => tagged(serializer, "via_method", method.as_str()),
            Self::Networks(networks) => match networks.written() {
                [network] => tagged(serializer, "network", network),
                networks => tagged(serializer, "any_network", networks),
            },
            Self::Tenant(parameter) => tagged(serializer, "tenant_matches", parameter),
            Self::Time(window) => window.serialize(serializer),
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyTenant(parameter) => write!(f, "danger_any_tenant({})", Escaped::new(parameter)),
            Self::Clients(names) => {
                print_words(f, if names.len() == 1 { "client" } else { "any_client" }, names)
            }
            Self::Group(name) => write!(f, "group({})", Escaped::new(name)),
            Self::Issuer(name) => write!(f, "issuer({})", Escaped::new(name)),
            Self::Method(method) => write!(f, "via_method({})", Escaped::new(method.as_str())),
            Self::Networks(networks) => {
                let written = networks.written();
                print_words(f, if written.len() == 1 { "network" } else { "any_network" }, written)
            }
            Self::Tenant(parameter) => write!(f, "tenant_matches({})", Escaped::new(parameter)),
            Self::Time(window) => window.fmt(f),
        }
    }
}
