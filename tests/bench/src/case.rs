//! One thing that is measured.

use std::fmt;

/// Something that can be done many times, made ready.
pub struct Case {
    run: Box<dyn FnMut(u32)>,
    settle: Box<dyn FnMut()>,
}

impl Case {
    /// Does that many iterations when it is asked to.
    pub(crate) fn new(run: impl FnMut(u32) + 'static) -> Self {
        Self { run: Box::new(run), settle: Box::new(|| ()) }
    }

    /// Something to be done between measurements, such as waiting for a queue to be empty.
    pub(crate) fn settling(self, settle: impl FnMut() + 'static) -> Self {
        Self { settle: Box::new(settle), ..self }
    }

    /// Does so many iterations.
    pub fn run(&mut self, iterations: u32) {
        (self.run)(iterations);
    }

    /// Comes to rest.
    pub fn settle(&mut self) {
        (self.settle)();
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").finish_non_exhaustive()
    }
}
