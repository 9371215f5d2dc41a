use portcullis_core::Trail;

/// The request that a guard asks for, as [`Policy::in_request`](crate::Policy::in_request) is told of it.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    trail: &'a Trail,
    identifier: Option<&'a str>,
    hides: bool,
}

impl<'a> Asking<'a> {
    pub(super) const fn new(trail: &'a Trail, identifier: Option<&'a str>, hides: bool) -> Self {
        Self { trail, identifier, hides }
    }

    /// What is known of the request.
    #[must_use]
    pub fn trail(&self) -> &'a Trail {
        self.trail
    }

    /// What the client calls the resource: its own text, 1 KiB at most. `None` where the resource was not loaded by the guard.
    #[must_use]
    pub fn identifier(&self) -> Option<&'a str> {
        self.identifier
    }

    /// Whether a refusal hides that the resource exists.
    #[must_use]
    pub fn hides(&self) -> bool {
        self.hides
    }
}
