//! Reads user and password from the credential.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis_core::{Denial, Reason, Secret};
use zeroize::Zeroizing;

use crate::password::{MAX_PASSWORD_LEN, normalized};

/// The longest user name that is looked up, in bytes of UTF-8.
pub const MAX_USER_LEN: usize = 255;

/// The longest credential that is decoded: user, colon and password in base64.
const MAX_ENCODED_LEN: usize = (MAX_USER_LEN + 1 + MAX_PASSWORD_LEN).div_ceil(3) * 4;

/// What the client claims. Nothing of it is printed.
pub(super) struct Login {
    pub(super) user: Zeroizing<String>,
    pub(super) password: Secret,
}

impl Login {
    /// Reads `base64(user ":" password)` (RFC 7617 §2).
    pub(super) fn parse(token68: &str) -> Result<Self, Denial> {
        if token68.len() > MAX_ENCODED_LEN {
            return Err(malformed("user and password are too long"));
        }
        let octets = STANDARD.decode(token68).map_err(|_| malformed("not base64"))?;
        let octets = Zeroizing::new(octets);
        // RFC 7617 §2.1: we ask for UTF-8 in the challenge, so anything else is not for us.
        let text = std::str::from_utf8(&octets).map_err(|_| malformed("not UTF-8"))?;
        // RFC 7617 §2: the user ends at the first colon; the password may hold more of them.
        let (user, password) = text.split_once(':').ok_or_else(|| malformed("no colon"))?;
        check_user(user).map_err(malformed)?;
        let user = normalized(user);
        if user.len() > MAX_USER_LEN {
            return Err(malformed("has a name that is too long in normalization form C"));
        }
        if password.len() > MAX_PASSWORD_LEN {
            return Err(malformed("has a password that is too long"));
        }
        // RFC 7617 §2: neither may hold control characters.
        if password.contains(char::is_control) {
            return Err(malformed("has control characters"));
        }
        Ok(Self { user, password: Secret::from(password) })
    }
}

/// What keeps a user name from being sent or looked up.
pub(super) fn check_user(user: &str) -> Result<(), &'static str> {
    if user.len() > MAX_USER_LEN {
        Err("has a name that is too long")
    } else if user.contains(':') {
        Err("has a colon in the name")
    } else if user.contains(char::is_control) {
        Err("has control characters")
    } else {
        Ok(())
    }
}

fn malformed(why: &'static str) -> Denial {
    Denial::new(Reason::CredentialMalformed).explained(why)
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}
