use std::borrow::Cow;

use portcullis_core::{Decision, Principal};

/// What stands between issuer and subject. An issuer is a URL without a fragment (RFC 8414 §2), so no issuer has one.
const SEPARATOR: char = '#';

/// How callers are told apart (OWASP ASVS 10.3.3: by issuer and subject together).
///
/// The callers of one issuer, or those without, have their subject as identifier; all others have
/// `issuer#subject`, and so does a subject with a `#` in it. No two pairs have the same identifier.
#[derive(Clone, Debug)]
pub(crate) enum Identity {
    /// The issuer whose callers are called by their subject alone; `None` for callers without an issuer.
    ByIssuer { home: Option<Box<str>> },
    /// Everybody by their subject alone.
    SubjectAlone,
}

impl Identity {
    /// The identifier of the caller's entity.
    ///
    /// # Errors
    /// The failure of an issuer that cannot be told from another.
    pub(super) fn of<'a>(&self, caller: &'a Principal) -> Result<Cow<'a, str>, Decision> {
        let subject = caller.subject();
        let Self::ByIssuer { home } = self else { return Ok(subject.into()) };
        let issuer = caller.issuer();
        if issuer.is_some_and(|issuer| issuer.is_empty() || issuer.contains(SEPARATOR)) {
            return Err(crate::decide::failed(
                "the caller's issuer is empty or has a `#`: it is no URL of an issuer",
            ));
        }
        if issuer == home.as_deref() && !subject.contains(SEPARATOR) {
            return Ok(subject.into());
        }
        Ok(format!("{}{SEPARATOR}{subject}", issuer.unwrap_or_default()).into())
    }
}

#[cfg(test)]
mod tests {
    use portcullis_core::CredentialMethod;
    use proptest::prelude::*;

    use super::*;

    fn caller(issuer: Option<&str>, subject: &str) -> Principal {
        let builder = Principal::builder(subject, CredentialMethod::Jwt);
        match issuer {
            Some(issuer) => builder.issuer(issuer).build(),
            None => builder.build(),
        }
    }

    #[track_caller]
    fn check(home: Option<&str>, issuer: Option<&str>, subject: &str, expected: &str) {
        let identity = Identity::ByIssuer { home: home.map(Into::into) };
        assert_eq!(identity.of(&caller(issuer, subject)).unwrap(), expected);
    }

    /// OWASP ASVS 10.3.3.
    #[test]
    fn an_outside_issuers_alice_is_not_the_local_alice() {
        check(None, None, "alice", "alice");
        check(None, Some("https://a.example"), "alice", "https://a.example#alice");
        check(None, None, "https://a.example#alice", "#https://a.example#alice");
    }

    #[test]
    fn the_home_issuer_takes_the_plain_names() {
        let home = Some("https://a.example");
        check(home, home, "alice", "alice");
        check(home, home, "al#ice", "https://a.example#al#ice");
        check(home, None, "alice", "#alice");
        check(home, Some("https://b.example"), "alice", "https://b.example#alice");
    }

    #[test]
    fn refuses_an_issuer_that_is_no_url_of_one() {
        for issuer in ["", "https://a.example#x"] {
            let identity = Identity::ByIssuer { home: None };
            let refused = identity.of(&caller(Some(issuer), "alice")).unwrap_err();
            assert!(!refused.is_allowed(), "{issuer}");
        }
    }

    proptest! {
        #[test]
        fn no_two_callers_share_an_identifier(
            one in (proptest::option::of("[a#/]{0,3}"), "[a#/]{0,4}"),
            other in (proptest::option::of("[a#/]{0,3}"), "[a#/]{0,4}"),
            home in proptest::option::of("[a/]{1,3}"),
        ) {
            let identity = Identity::ByIssuer { home: home.map(Into::into) };
            let (first, second) = (caller(one.0.as_deref(), &one.1), caller(other.0.as_deref(), &other.1));
            if let (Ok(first), Ok(second)) = (identity.of(&first), identity.of(&second)) {
                prop_assert_eq!(one == other, first == second);
            }
        }
    }
}
