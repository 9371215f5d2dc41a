//! The kind of a credential in one octet: thousands of callers are remembered.

use super::CredentialMethod;

/// The place of a method in the list of those that have one, or a number beyond it.
#[derive(Clone, Copy)]
pub(super) struct Numbered(u8);

const METHODS: [CredentialMethod; 6] = [
    CredentialMethod::Jwt,
    CredentialMethod::ApiKey,
    CredentialMethod::Basic,
    CredentialMethod::ClientCertificate,
    CredentialMethod::Introspection,
    CredentialMethod::Session,
];

impl Numbered {
    pub(super) fn of(method: CredentialMethod) -> Self {
        let place = METHODS.iter().position(|listed| *listed == method);
        Self(place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX))
    }

    /// `None` for a method that has no number.
    pub(super) fn method(self) -> Option<CredentialMethod> {
        METHODS.get(usize::from(self.0)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Principal;

    #[test]
    fn a_caller_has_the_method_that_was_said() {
        for method in
            METHODS.into_iter().chain([CredentialMethod::Other("kerberos"), CredentialMethod::Other("")])
        {
            let caller = Principal::builder("alice", method).build();
            assert_eq!(caller.method(), method);
            assert_eq!(caller.0.rare.is_some(), matches!(method, CredentialMethod::Other(_)), "{method:?}");
        }
    }
}
