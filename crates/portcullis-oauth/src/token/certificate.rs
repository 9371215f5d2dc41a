//! Tokens that are bound to a client certificate (RFC 8705 §3).

use aws_lc_rs::digest::{SHA256, digest};
use portcullis_core::{ClientCertificate, Confirmation, Denial, Principal, Reason};

use super::refusal::refuse;
use super::verified::Verified;

impl Verified {
    /// The caller, if the token is bound to nothing, or to this certificate. It need not be
    /// [verified](ClientCertificate::is_verified): that the client holds its key is enough (RFC 8705 §2.2, §3).
    ///
    /// # Errors
    /// 401 if it is bound to another certificate, to one that nobody can see here, or to a key: RFC 9449 §7.2 has a
    /// token that is bound to a key refused without its proof.
    pub(crate) fn held_with(self, certificate: Option<&ClientCertificate>) -> Result<Principal, Denial> {
        let unproven = |why| Err(refuse(Reason::TokenBindingUnproven, why));
        match (self.confirmation(), certificate) {
            (None, _) => Ok(self.proven()),
            (Some(Confirmation::Certificate(bound)), Some(shown)) => {
                if shown.thumbprint_s256(sha256) == bound {
                    Ok(self.proven())
                } else {
                    unproven("the token is bound to another certificate")
                }
            }
            (Some(Confirmation::Certificate(_)), None) => {
                unproven("the token is bound to a certificate, and none is seen here")
            }
            (Some(_), _) => unproven("the token is bound to a key, and came without its proof"),
        }
    }
}

fn sha256(octets: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.iter_mut().zip(digest(&SHA256, octets).as_ref()).for_each(|(to, from)| *to = *from);
    hash
}
