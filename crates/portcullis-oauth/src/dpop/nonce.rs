//! Nonces of the server (RFC 9449 §8, §9), which nobody has to remember.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;

/// How many octets of the authentication code a nonce shows: more than anybody can guess.
const NONCE_OCTETS: usize = 18;

/// One nonce per period of time, the authentication code of the period's number: every replica with the same secret
/// and roughly the same time has the same nonces.
///
/// The nonces of the period before, of this one and of the next are taken; the last because another replica's clock
/// may be ahead.
pub(super) struct Nonces {
    key: hmac::Key,
    period: Duration,
    current: ArcSwap<Three>,
}

/// The nonces that are taken in one period.
struct Three {
    number: u64,
    /// Of the period before, of this one, of the next.
    accepted: [Box<str>; 3],
    value: HeaderValue,
}

/// A nonce that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    /// The time since 1970 from which on it is not taken any more.
    pub(super) until: Duration,
    /// Whether there is a newer one.
    pub(super) outdated: bool,
}

impl Nonces {
    pub(super) fn new(secret: &[u8], period: Duration) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let current = ArcSwap::from_pointee(Three::of(&key, period, 0));
        Self { key, period, current }
    }

    /// The nonce to send, at this time since 1970.
    pub(super) fn value(&self, now: Duration) -> HeaderValue {
        self.at(now).value.clone()
    }

    /// Whether the nonce is one of the last.
    pub(super) fn judge(&self, nonce: &str, now: Duration) -> Option<Accepted> {
        let three = self.at(now);
        let number = three.number;
        let is = |known: &str| verify_slices_are_equal(known.as_bytes(), nonce.as_bytes()).is_ok();
        let [before, this, next] = &three.accepted;
        let until =
            |periods: u64| self.period.saturating_mul(u32::try_from(number + periods).unwrap_or(u32::MAX));
        if is(this) {
            Some(Accepted { until: until(2), outdated: false })
        } else if is(before) {
            Some(Accepted { until: until(1), outdated: true })
        } else if is(next) {
            Some(Accepted { until: until(3), outdated: false })
        } else {
            None
        }
    }

    fn at(&self, now: Duration) -> Arc<Three> {
        let number = now.as_secs() / self.period.as_secs().max(1);
        let current = self.current.load();
        if current.number == number {
            return Arc::clone(&current);
        }
        let three = Arc::new(Three::of(&self.key, self.period, number));
        self.current.store(Arc::clone(&three));
        three
    }
}

impl Three {
    fn of(key: &hmac::Key, period: Duration, number: u64) -> Self {
        let nonce = |number: u64| -> Box<str> {
            let mut context = hmac::Context::with_key(key);
            context.update(b"portcullis dpop nonce");
            context.update(&period.as_secs().to_be_bytes());
            context.update(&number.to_be_bytes());
            let code = context.sign();
            // RFC 9449 §8.1: %x21 / %x23-5B / %x5D-7E, which base64url is.
            URL_SAFE_NO_PAD.encode(code.as_ref().get(..NONCE_OCTETS).unwrap_or_default()).into()
        };
        let this = nonce(number);
        // INVARIANT: base64url is printable ASCII.
        let value = HeaderValue::try_from(&*this).unwrap_or_else(|_| HeaderValue::from_static(""));
        Self {
            number,
            accepted: [nonce(number.wrapping_sub(1)), this, nonce(number.saturating_add(1))],
            value,
        }
    }
}

/// Prints no nonce, and not the key.
impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces").field("period", &self.period).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_secs(120);
    const BEGIN: Duration = Duration::from_secs(120 * 1000);

    fn nonces(secret: &str) -> Nonces {
        Nonces::new(secret.as_bytes(), PERIOD)
    }

    fn text(nonces: &Nonces, now: Duration) -> String {
        nonces.value(now).to_str().unwrap().to_owned()
    }

    /// A6.11, RFC 9449 §9.
    #[test]
    fn a_nonce_is_taken_in_its_period_and_the_next_and_no_longer() {
        let nonces = nonces("a");
        let nonce = text(&nonces, BEGIN);
        let last = PERIOD - Duration::from_nanos(1);
        let until = BEGIN + 2 * PERIOD;
        for now in [BEGIN, BEGIN + last] {
            assert_eq!(nonces.judge(&nonce, now), Some(Accepted { until, outdated: false }));
        }
        for now in [BEGIN + PERIOD, BEGIN + PERIOD + last] {
            assert_eq!(nonces.judge(&nonce, now), Some(Accepted { until, outdated: true }));
            assert_ne!(text(&nonces, now), nonce, "a new one is sent");
        }
        assert_eq!(nonces.judge(&nonce, until), None);
        // A replica whose clock is behind.
        assert_eq!(nonces.judge(&nonce, BEGIN - PERIOD), Some(Accepted { until, outdated: false }));
        assert_eq!(nonces.judge(&nonce, BEGIN - PERIOD - Duration::from_secs(1)), None);
    }

    /// A6.11: nobody else can make one.
    #[test]
    fn refuses_nonces_of_another_secret_and_forged_ones() {
        let (ours, theirs) = (nonces("a"), nonces("b"));
        let nonce = text(&ours, BEGIN);
        assert!(nonces("a").judge(&nonce, BEGIN).is_some(), "another replica");
        assert_eq!(ours.judge(&text(&theirs, BEGIN), BEGIN), None);
        for forged in ["", "x", nonce.get(..23).unwrap(), &format!("{nonce}A"), &nonce.to_ascii_uppercase()] {
            assert_eq!(ours.judge(forged, BEGIN), None, "{forged}");
        }
        let other_period = Nonces::new(b"a", Duration::from_secs(60));
        assert_eq!(other_period.judge(&nonce, BEGIN / 2), None);
    }

    /// A6.12, RFC 9449 §8.1.
    #[test]
    fn a_nonce_has_the_characters_of_its_syntax() {
        let nonces = nonces("a");
        for period in 0..100 {
            let nonce = text(&nonces, BEGIN + PERIOD * period);
            assert!(
                nonce.len() == 24 && nonce.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
            );
        }
        assert!(!format!("{nonces:?}").contains(&text(&nonces, BEGIN)));
    }
}
