use super::*;
use crate::Requirement::{Optional, Required};
use crate::{ApiKeySet, ApiKeys, IntoScheme, SchemeContext, SchemeParts};

#[track_caller]
fn codes(builder: SchemesBuilder) -> Vec<&'static str> {
    builder.build().unwrap_err().codes().collect()
}

#[test]
fn reports_everything_at_once() {
    let keys = || ApiKeySet::new([]).unwrap();
    let builder = Schemes::builder("a \"quoted\" realm", Clock::system())
        .scheme("key", ApiKeys::bearer("").keys(keys()))
        .scheme("a", bearer(TokenShape::Jwt))
        .scheme("a", header("x-key"))
        .scheme("b", bearer(TokenShape::Any));
    assert_eq!(codes(builder), ["P107", "P111", "P102", "P103"]);
}

#[test]
fn the_message_names_the_scheme() {
    let keys = ApiKeys::header(http::header::COOKIE).keys(ApiKeySet::new([]).unwrap());
    let errors = builder().scheme("partner\n", keys).build().unwrap_err().to_string();
    assert!(errors.starts_with(r"P105: scheme `partner\n`: header `cookie`"), "{errors}");
}

#[test]
fn overlapping_shapes_are_refused_and_others_are_not() {
    let two = |one, two| builder().scheme("one", one).scheme("two", two);
    assert_eq!(codes(two(bearer(TokenShape::Jwt), bearer(TokenShape::Any))), ["P103"]);
    assert_eq!(codes(two(header("x-a"), header("x-a"))), ["P103"]);
    assert!(two(bearer(TokenShape::Jwt), bearer(TokenShape::Opaque)).build().is_ok());
}

#[test]
fn a_route_names_schemes_that_exist() {
    let schemes = every_shape();
    let errors = schemes.named(&["jwt", "nope", "neither"], Required).unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P104", "P104"]);
    assert_eq!(schemes.named(&[], Required).unwrap_err().codes().collect::<Vec<_>>(), ["P101"]);
    let route = schemes.named(&["password", "jwt", "jwt"], Optional).unwrap();
    assert_eq!(route.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["jwt", "password"]);
    assert_eq!(route.requirement(), Optional);
}

#[test]
fn schemes_only_where_named_are_not_in_the_default_set() {
    let parts = |stub| SchemeParts::new(stub).only_where_named();
    let schemes = builder()
        .scheme("jwt", bearer(TokenShape::Jwt))
        .scheme("password", parts(Stub(CredentialShape::Basic)));
    let schemes = schemes.build().unwrap();
    let default = schemes.default_set(Required).unwrap();
    assert_eq!(default.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["jwt"]);
    assert!(schemes.contains("password") && schemes.named(&["password"], Required).is_ok());

    let hidden = builder().scheme("password", parts(Stub(CredentialShape::Basic))).build().unwrap();
    assert_eq!(hidden.default_set(Required).unwrap_err().code().code(), "P101");
    assert!(builder().build().unwrap().default_set(Required).is_err());
}

#[test]
fn a_shared_authenticator_can_be_a_scheme() {
    let context = SchemeContext::new("jwt", "example", Clock::system());
    let shared: Arc<dyn Authenticator> = Arc::new(bearer(TokenShape::Jwt));
    let parts = SchemeParts::shared(Arc::clone(&shared)).into_scheme(&context).unwrap();
    assert!(Arc::ptr_eq(parts.authenticator(), &shared));
    assert_eq!((&**context.name(), &**context.realm()), ("jwt", "example"));
}

#[test]
fn nothing_prints_a_credential() {
    let name = Arc::from("jwt");
    let credential = Credential::new(&name, &CredentialShape::Basic, "c2VjcmV0");
    assert_eq!(format!("{credential:?}"), r#"Credential { scheme: "jwt", shape: Basic, .. }"#);
}
