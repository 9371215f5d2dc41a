//! One thing that is measured.

use std::fmt;
use std::time::Duration;

/// Something that can be done many times, made ready.
pub struct Case {
    run: Box<dyn FnMut(u32) -> Option<Duration>>,
    settle: Box<dyn FnMut()>,
    least: u32,
}

impl Case {
    /// Does that many iterations when it is asked to.
    pub(crate) fn new(mut run: impl FnMut(u32) + 'static) -> Self {
        Self::taking(move |iterations| {
            run(iterations);
            None
        })
    }

    /// The same, and says what it took, where that is another time than what passes meanwhile.
    pub(crate) fn taking(run: impl FnMut(u32) -> Option<Duration> + 'static) -> Self {
        Self { run: Box::new(run), settle: Box::new(|| ()), least: 1 }
    }

    /// Something to be done between measurements, such as waiting for a queue to be empty.
    pub(crate) fn settling(self, settle: impl FnMut() + 'static) -> Self {
        Self { settle: Box::new(settle), ..self }
    }

    /// Takes no turn of fewer iterations, where each turn has a price of its own.
    pub(crate) fn at_least(self, iterations: u32) -> Self {
        Self { least: iterations, ..self }
    }

    /// The fewest iterations of a turn.
    #[must_use]
    pub fn least(&self) -> u32 {
        self.least
    }

    /// Does so many iterations.
    pub fn run(&mut self, iterations: u32) {
        let _ = self.time(iterations);
    }

    /// Does so many iterations. What they took, if the case itself knows; else it is the time that passes.
    pub fn time(&mut self, iterations: u32) -> Option<Duration> {
        (self.run)(iterations)
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
