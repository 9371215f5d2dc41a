//! How much a token must say about itself.

/// What is asked of the tokens of an issuer. By default, [`Rfc9068`](Self::Rfc9068).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// RFC 9068: `typ` is `at+jwt`, and `iss`, `exp`, `aud`, `sub`, `client_id`, `iat` and `jti` are there.
    #[default]
    Rfc9068,
    /// For providers older than RFC 9068: `typ` may also be `JWT` or absent, and only `iss`, `exp`, `aud` and
    /// `sub` must be there. The client is read from `client_id`, `azp`, `cid` or `appid`.
    ///
    /// The header then no longer tells an access token from other tokens of the same issuer. Tokens with a claim
    /// that only other kinds have are refused all the same (`nonce`, `at_hash`, `events`, ..), but in the end the
    /// audience is what keeps them apart: give the API an audience of its own, which is no client's `client_id`.
    UntypedJwt,
}
