//! Security schemes of the document, from those that are enforced.

use std::collections::{BTreeMap, BTreeSet};

use http::HeaderName;
use portcullis_authn::{CredentialShape, SchemeDescription, Schemes, TokenShape, TokenSupport};
use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors, CredentialMethod};
use utoipa::openapi::RefOr;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, HttpBuilder, OpenIdConnect, SecurityScheme,
};

/// What each scheme is called in the document, and how it is written there.
#[derive(Default)]
pub(crate) struct Keys(Vec<Key>);

struct Key {
    /// The configured name of the scheme.
    scheme: String,
    key: String,
    shape: CredentialShape,
    written: SecurityScheme,
}

impl Keys {
    pub(crate) fn new(schemes: &Schemes, open_id_connect: &[String]) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let mut keys: Vec<Key> = Vec::new();
        for scheme in schemes.describe() {
            let as_open_id = open_id_connect.iter().any(|name| name == scheme.name());
            let of_scheme = if as_open_id { open_id(scheme).map(|key| vec![key]) } else { written(scheme) };
            for key in errors.take(of_scheme).unwrap_or_default() {
                if !is_component_key(&key.key) || keys.iter().any(|known| known.key == key.key) {
                    let message = format!(
                        "scheme `{}` would be called `{}`, which another one is, or no component can be",
                        Escaped::new(scheme.name()),
                        Escaped::new(&key.key)
                    );
                    errors.push(unwritable(message));
                }
                keys.push(key);
            }
        }
        for name in open_id_connect.iter().filter(|name| !schemes.contains(name)) {
            errors.push(unwritable(format!("no scheme is called `{}`", Escaped::new(name))));
        }
        errors.into_result(Self(keys))
    }

    /// What the scheme of that configured name is called.
    pub(crate) fn of(&self, scheme: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |key| key.scheme == scheme).map(|key| key.key.as_str())
    }

    /// Writes the schemes that are used. What the document says of them already may say more, but nothing else.
    pub(crate) fn write(
        &self,
        used: &BTreeSet<String>,
        document: &mut BTreeMap<String, RefOr<SecurityScheme>>,
    ) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        for (name, said) in &*document {
            let enforced = self.0.iter().find(|key| key.key == *name);
            if !enforced.is_some_and(|key| matches!(said, RefOr::T(said) if agrees(&key.shape, said))) {
                let message = match enforced {
                    Some(_) => "is documented as something else than what is enforced",
                    None => "is documented, but not enforced",
                };
                let message = format!("security scheme `{}` {message}", Escaped::new(name));
                errors.push(ConfigError::new(ConfigCode::ContradictingSecurityScheme, message));
            }
        }
        for key in self.0.iter().filter(|key| used.contains(&key.key)) {
            document.entry(key.key.clone()).or_insert_with(|| RefOr::T(key.written.clone()));
        }
        errors
    }
}

/// One entry for each shape of credential that the scheme takes.
fn written(scheme: SchemeDescription<'_>) -> Result<Vec<Key>, ConfigErrors> {
    let support = scheme.token_support();
    let bound = support.as_ref().is_some_and(TokenSupport::requires_dpop);
    let shapes =
        scheme.shapes().iter().filter(|shape| !(bound && matches!(shape, CredentialShape::Bearer(_))));
    let mut errors = ConfigErrors::new();
    let mut keys = Vec::new();
    for shape in shapes {
        let Some(written) = of_shape(scheme, shape, support.as_ref()) else {
            let name = Escaped::new(scheme.name());
            errors.push(unwritable(format!(
                "scheme `{name}` takes a credential that OpenAPI has no words for"
            )));
            continue;
        };
        let suffix = match shape {
            CredentialShape::Dpop(_) if scheme.shapes().len() > 1 => "-dpop".to_owned(),
            _ if keys.is_empty() => String::new(),
            _ => format!("-{}", keys.len() + 1),
        };
        let key = format!("{}{suffix}", scheme.name());
        keys.push(Key { scheme: scheme.name().to_owned(), key, shape: shape.clone(), written });
    }
    errors.into_result(keys)
}

fn of_shape(
    scheme: SchemeDescription<'_>,
    shape: &CredentialShape,
    support: Option<&TokenSupport>,
) -> Option<SecurityScheme> {
    Some(match shape {
        CredentialShape::Basic => http(HttpAuthScheme::Basic, "User name and password (RFC 7617)."),
        CredentialShape::Bearer(token) => {
            let what =
                if scheme.method() == CredentialMethod::ApiKey { "An API key" } else { "An access token" };
            let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
            let bearer = if *token == TokenShape::Jwt { bearer.bearer_format("JWT") } else { bearer };
            let bound = if support.is_some_and(TokenSupport::takes_certificate_bound) {
                " One that is bound to a client certificate wants that certificate (RFC 8705)."
            } else {
                ""
            };
            let description = format!("{what}{}{}.{bound}", beginning(token), issuers(support));
            SecurityScheme::Http(bearer.description(Some(description)).build())
        }
        CredentialShape::ClientCertificate => SecurityScheme::MutualTls {
            description: Some("A client certificate (RFC 8705 §2).".to_owned()),
            deprecated: None,
            extensions: None,
        },
        // RFC 9449 §7.1. OpenAPI's list of `http` schemes is open, but that of the types here is not.
        CredentialShape::Dpop(_) => {
            let description = format!(
                "`DPoP`, then an access token{} that is bound to a key, with a proof in the field `DPoP` (RFC 9449).",
                issuers(support)
            );
            authorization(description)
        }
        CredentialShape::Header(name) => header(name, "The whole value is the credential.".to_owned()),
        CredentialShape::Scheme(name) => match serde_json::from_value(name.to_ascii_lowercase().into()) {
            Ok(known) => http(known, "A credential of this scheme."),
            Err(_) => authorization(format!("`{}`, then the credential.", Escaped::new(name))),
        },
        _ => return None,
    })
}

/// A scheme for the tokens of one issuer, found by the document of OpenID Connect Discovery §4.
fn open_id(scheme: SchemeDescription<'_>) -> Result<Key, ConfigErrors> {
    let support = scheme.token_support();
    let mut issuers = support.iter().flat_map(TokenSupport::authorization_servers);
    let (Some(issuer), None, Some(shape)) = (issuers.next(), issuers.next(), scheme.shapes().first()) else {
        let message = format!(
            "scheme `{}` does not take the tokens of just one known issuer",
            Escaped::new(scheme.name())
        );
        return Err(unwritable(message).into());
    };
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let written = SecurityScheme::OpenIdConnect(OpenIdConnect::with_description(
        url,
        format!("An access token of {}.", Escaped::new(issuer)),
    ));
    Ok(Key { scheme: scheme.name().to_owned(), key: scheme.name().to_owned(), shape: shape.clone(), written })
}

fn beginning(token: &TokenShape) -> String {
    match token {
        TokenShape::Prefixed(prefix) => format!(" that begins with `{}`", Escaped::new(prefix)),
        _ => String::new(),
    }
}

fn issuers(support: Option<&TokenSupport>) -> String {
    let issuers: Vec<String> = support
        .iter()
        .flat_map(|support| support.authorization_servers())
        .map(|issuer| Escaped::new(issuer).to_string())
        .collect();
    if issuers.is_empty() { String::new() } else { format!(" of {}", issuers.join(" or ")) }
}

fn http(scheme: HttpAuthScheme, description: &str) -> SecurityScheme {
    SecurityScheme::Http(HttpBuilder::new().scheme(scheme).description(Some(description)).build())
}

fn authorization(description: String) -> SecurityScheme {
    header(&http::header::AUTHORIZATION, description)
}

fn header(name: &HeaderName, description: String) -> SecurityScheme {
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name.to_string(), description)))
}

/// Whether what a document says of a scheme can be said of such credentials.
fn agrees(shape: &CredentialShape, said: &SecurityScheme) -> bool {
    let is_field = |name: &HeaderName| {
        let SecurityScheme::ApiKey(ApiKey::Header(field)) = said else { return false };
        field.name.eq_ignore_ascii_case(name.as_str())
    };
    let is_http = |scheme: &HttpAuthScheme| matches!(said, SecurityScheme::Http(Http { scheme: known, .. }) if known == scheme);
    let grants_tokens = matches!(said, SecurityScheme::OAuth2(_) | SecurityScheme::OpenIdConnect(_));
    match shape {
        CredentialShape::Basic => is_http(&HttpAuthScheme::Basic),
        CredentialShape::Bearer(_) => grants_tokens || is_http(&HttpAuthScheme::Bearer),
        CredentialShape::ClientCertificate => matches!(said, SecurityScheme::MutualTls { .. }),
        CredentialShape::Dpop(_) => grants_tokens || is_field(&http::header::AUTHORIZATION),
        CredentialShape::Header(name) => is_field(name),
        CredentialShape::Scheme(name) => {
            let known = serde_json::from_value(name.to_ascii_lowercase().into());
            is_field(&http::header::AUTHORIZATION) || known.is_ok_and(|known| is_http(&known))
        }
        _ => false,
    }
}

/// OpenAPI 3.1 §4.8.7: the keys of components.
fn is_component_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|octet| octet.is_ascii_alphanumeric() || b".-_".contains(&octet))
}

fn unwritable(message: String) -> ConfigError {
    ConfigError::new(ConfigCode::UnwritableScheme, message)
}
