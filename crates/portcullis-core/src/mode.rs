//! Whether a decision is enforced or only watched.

/// How seriously a rule, a limit or a detection is taken. By default, [`Mode::Enforce`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// A refusal refuses.
    #[default]
    Enforce,
    /// A refusal is enforced for this many of a hundred requests (0 to 100; more counts as 100) and only
    /// recorded for the others.
    Percent(u8),
    /// A refusal is recorded and never changes the response.
    Shadow,
}

impl Mode {
    /// Whether a refusal is enforced for a request whose sample (any evenly spread number, such as
    /// [`RequestId::sample`](crate::RequestId::sample)) is this.
    #[must_use]
    pub const fn enforces(self, sample: u64) -> bool {
        match self {
            Self::Enforce => true,
            Self::Percent(share) => sample % 100 < share as u64,
            Self::Shadow => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_enforces_just_its_share() {
        let enforced = |share| (0..1000).filter(|sample| Mode::Percent(share).enforces(*sample)).count();
        assert_eq!((enforced(0), enforced(25), enforced(100), enforced(255)), (0, 250, 1000, 1000));
        assert!(Mode::Enforce.enforces(99) && !Mode::Shadow.enforces(0));
    }
}
