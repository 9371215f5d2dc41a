//! What limits leave on a Trail.

use http::{HeaderName, HeaderValue};

use super::{MAX_ENTRIES, Placement, Trail, TrailLimit};

impl Trail {
    /// Notes what a limit counted together with the response fields that tell the client, which stand beside
    /// others of their names: [`limited`](Self::limited) and [`response_field`](Self::response_field) at once.
    ///
    /// The closure is not called if the Trail is closed. It must not ask the Trail anything: the Trail waits
    /// for it.
    pub fn counted<const N: usize>(
        &self,
        count: impl FnOnce() -> (TrailLimit, Option<[(HeaderName, HeaderValue); N]>),
    ) {
        let Some(mut state) = self.lock_open() else {
            return;
        };
        let (limit, fields) = count();
        if state.limits.len() < MAX_ENTRIES {
            state.limits.push(limit)
        } else {
            state.overflow += 1
        }
        let Some(fields) = fields else {
            return;
        };
        for (name, value) in fields {
            state.add_field(name, value, Placement::Append);
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::Clock;
    use crate::trail::MAX_FIELDS;

    fn count(trail: &Trail, number: u64) {
        let field = || (HeaderName::from_static("ratelimit"), HeaderValue::from(number));
        trail.counted(|| (TrailLimit::new("quota".into(), number, true), Some([field()])));
    }

    #[test]
    fn what_a_limit_counted_and_its_fields_are_kept_up_to_the_limit_and_the_rest_is_counted() {
        let trail = Trail::open(&Clock::system());
        (0..=MAX_ENTRIES as u64).for_each(|number| count(&trail, number));
        let kept = trail.read(|state| (state.limits.len(), state.fields.len(), state.overflow));
        assert_eq!(kept, (MAX_ENTRIES, MAX_FIELDS, 2));
        let mut headers = HeaderMap::new();
        trail.apply_fields(&mut headers);
        assert_eq!(headers.get_all("ratelimit").iter().count(), MAX_FIELDS);
    }

    #[test]
    fn a_limit_without_fields_leaves_none() {
        let trail = Trail::open(&Clock::system());
        trail.counted::<2>(|| (TrailLimit::new("quota".into(), 7, false), None));
        let kept = trail.read(|state| (state.limits[0].remaining, state.fields.len()));
        assert_eq!(kept, (7, 0));
    }

    #[test]
    fn nothing_is_made_for_a_closed_trail() {
        let trail = Trail::open(&Clock::system());
        trail.close();
        let mut made = false;
        trail.counted::<0>(|| {
            made = true;
            (TrailLimit::new("quota".into(), 1, true), None)
        });
        assert!(!made && trail.read(|state| state.limits.is_empty()));
    }
}
