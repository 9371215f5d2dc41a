//! RSA keys are slow to make, so issuers that follow one another share them; issuers that live at the same
//! time never do.

use std::mem;
use std::sync::{Mutex, OnceLock};

use aws_lc_rs::rsa::{KeyPair, KeySize};

use crate::must::{lock, must};

static FREE: Mutex<Vec<KeyPair>> = Mutex::new(Vec::new());

/// An RSA key of 2048 bits, had at its first use and given back at the end.
pub(super) struct RsaLease(OnceLock<KeyPair>);

impl RsaLease {
    pub(super) const fn new() -> Self {
        Self(OnceLock::new())
    }

    pub(super) fn key(&self) -> &KeyPair {
        self.0.get_or_init(|| {
            let free = lock(&FREE).pop();
            free.unwrap_or_else(|| must(KeyPair::generate(KeySize::Rsa2048), "no RSA key"))
        })
    }
}

impl Drop for RsaLease {
    fn drop(&mut self) {
        if let Some(key) = mem::take(&mut self.0).into_inner() {
            lock(&FREE).push(key);
        }
    }
}
