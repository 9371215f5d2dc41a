//! What an answer says about how long it is good (RFC 9111).

use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL};

/// How long an answer is fresh, as its server and the caches on the way say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Freshness {
    /// `None` if nothing is said.
    lifetime: Option<Duration>,
    /// How much of it passed in caches on the way (RFC 9111 §5.1).
    age: Duration,
}

impl Freshness {
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let age = headers.get(AGE).and_then(|age| seconds(age.to_str().ok()?)).unwrap_or_default();
        Self { lifetime: lifetime(headers), age }
    }

    /// The same for an answer that renews another one and may leave out what has not changed (RFC 9111 §4.3.4).
    pub(super) fn or(self, renewed: Self) -> Self {
        Self { lifetime: self.lifetime.or(renewed.lifetime), age: self.age }
    }

    /// A13.5: counted within our own bounds.
    pub(super) fn within(self, least: Duration, most: Duration) -> Duration {
        let left = self.lifetime.map(|lifetime| lifetime.saturating_sub(self.age));
        left.map_or(most, |left| left.clamp(least.min(most), most))
    }
}

/// `max-age` (RFC 9111 §5.2.2.1), or none at all for `no-cache` and `no-store` (§5.2.2.4 and §5.2.2.5). `s-maxage`
/// is for shared caches. All else is left to our own bounds: a set in use is no stored answer.
fn lifetime(headers: &HeaderMap) -> Option<Duration> {
    let fields = headers.get_all(CACHE_CONTROL).iter().filter_map(|field| field.to_str().ok());
    let mut lifetime = None;
    for directive in fields.flat_map(|field| field.split(',')) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let name = name.trim();
        if name.eq_ignore_ascii_case("no-cache") || name.eq_ignore_ascii_case("no-store") {
            return Some(Duration::ZERO);
        }
        // RFC 9111 §4.2.1: of several, the first or the strictest.
        if lifetime.is_none() && name.eq_ignore_ascii_case("max-age") {
            lifetime = seconds(value.trim().trim_matches('"'));
        }
    }
    lifetime
}

/// RFC 9111 §1.2.2: digits alone, and what is too large counts as very long.
fn seconds(text: &str) -> Option<Duration> {
    let plain = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    plain.then(|| Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const LEAST: Duration = Duration::from_secs(60);
    const MOST: Duration = Duration::from_secs(600);

    #[track_caller]
    fn check(fields: &[(&'static str, &str)], seconds: u64) {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let fresh = Freshness::read(&headers).within(LEAST, MOST);
        assert_eq!(fresh, Duration::from_secs(seconds), "{fields:?}");
    }

    /// A13.5.
    #[test]
    fn max_age_counts_within_bounds() {
        check(&[], 600);
        check(&[("cache-control", "public, MAX-AGE=120, stale-if-error=86400")], 120);
        check(&[("cache-control", "max-age=\"130\"")], 130);
        check(&[("cache-control", "max-age=15")], 60);
        check(&[("cache-control", "max-age=86400")], 600);
        check(&[("cache-control", "max-age=99999999999999999999999")], 600);
        check(&[("cache-control", "public"), ("cache-control", "max-age=90")], 90);
        check(&[("cache-control", "max-age=90, max-age=120")], 90);
    }

    #[test]
    fn time_in_caches_counts() {
        check(&[("cache-control", "max-age=500"), ("age", "300")], 200);
        check(&[("cache-control", "max-age=500"), ("age", "900")], 60);
        check(&[("cache-control", "max-age=500"), ("age", "-1")], 500);
        check(&[("age", "900")], 600);
    }

    /// Keycloak says `no-cache`: ask each time. We ask as often as we allow ourselves to.
    #[test]
    fn what_must_not_be_reused_unasked_is_fresh_for_the_least_time() {
        check(&[("cache-control", "no-cache")], 60);
        check(&[("cache-control", "max-age=500, No-Store")], 60);
        check(&[("cache-control", "no-cache=\"set-cookie\", max-age=500")], 60);
    }

    #[test]
    fn what_concerns_others_changes_nothing() {
        check(&[("cache-control", "s-maxage=90")], 600);
        check(&[("cache-control", "s-maxage=90, max-age=120")], 120);
        check(&[("cache-control", "private, must-revalidate, no-transform")], 600);
        for nonsense in ["max-age", "max-age=", "max-age=-1", "max-age=1e2", "max-age=+90", "=,;"] {
            check(&[("cache-control", nonsense)], 600);
        }
    }

    #[test]
    fn an_answer_that_renews_keeps_what_it_does_not_say() {
        let said = Freshness { lifetime: Some(MOST / 2), age: LEAST };
        let renewed = Freshness::default().or(said);
        assert_eq!(renewed.within(LEAST, MOST), MOST / 2);
        let other = Freshness { lifetime: Some(MOST), age: Duration::ZERO };
        assert_eq!(other.or(said), other);
    }

    proptest! {
        #[test]
        fn no_field_makes_the_reader_panic_or_leave_the_bounds(control in "[ -~]{0,60}", age in "[ -~]{0,30}") {
            let headers = HeaderMap::from_iter([
                (CACHE_CONTROL, HeaderValue::from_str(&control).unwrap()),
                (AGE, HeaderValue::from_str(&age).unwrap()),
            ]);
            let fresh = Freshness::read(&headers).within(LEAST, MOST);
            prop_assert!(fresh >= LEAST && fresh <= MOST);
        }
    }
}
