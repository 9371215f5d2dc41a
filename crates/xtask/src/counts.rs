//! How many tests a runner says it ran, read from its own output.

use std::ops::AddAssign;

/// Tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

/// Reads the output of a runner line by line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// libtest prints a summary per binary.
    libtest: Counts,
    /// nextest prints one of its own, and shows the libtest output of each test that failed.
    nextest: Option<Counts>,
}

impl Tally {
    /// Adds what this line of output reports, if it is a runner's summary.
    pub(crate) fn read(&mut self, line: &str) {
        let line = line.trim();
        // libtest: `test result: ok. 3 passed; 0 failed; 0 ignored; ..`
        // nextest: `Summary [ 1.234s] 7 tests run: 5 passed (1 slow), 1 failed, 1 timed out, 2 skipped`
        if let Some((_verdict, numbers)) =
            line.strip_prefix("test result:").and_then(|rest| rest.split_once(". "))
        {
            self.libtest += numbers_of(numbers);
        } else if line.starts_with("Summary [")
            && let Some((_total, numbers)) = line.split_once("run: ")
        {
            *self.nextest.get_or_insert_default() += numbers_of(numbers);
        }
    }

    /// The tests reported so far.
    pub(crate) fn counts(self) -> Counts {
        self.nextest.unwrap_or(self.libtest)
    }

    /// Both streams of one runner together.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.libtest += other.libtest;
        if let Some(counts) = other.nextest {
            *self.nextest.get_or_insert_default() += counts;
        }
        self
    }
}

fn numbers_of(list: &str) -> Counts {
    let mut counts = Counts::default();
    for part in list.split([';', ',']) {
        let mut words = part.split_whitespace();
        let Some(number) = words.next().and_then(|word| word.parse::<u64>().ok()) else { continue };
        match words.next() {
            Some("passed") => counts.passed += number,
            Some("failed" | "timed" | "exec") => counts.failed += number,
            _ => {}
        }
    }
    counts
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&str], passed: u64, failed: u64) {
        let mut tally = Tally::default();
        for line in lines {
            tally.read(line);
        }
        assert_eq!(tally.counts(), Counts { passed, failed }, "{lines:?}");
    }

    #[test]
    fn adds_the_summaries_of_libtest() {
        let ok =
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        let bad = "test result: FAILED. 2 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out";
        check(&[ok], 3, 0);
        check(&[ok, bad, ok], 8, 4);
    }

    #[test]
    fn reads_the_summary_of_nextest() {
        check(&["     Summary [   0.029s] 7 tests run: 7 passed, 0 skipped"], 7, 0);
        check(&["     Summary [   1.2s] 1 test run: 0 passed, 1 failed, 12 skipped"], 0, 1);
        check(
            &["     Summary [  61.0s] 9 tests run: 6 passed (2 slow), 2 failed, 1 timed out, 0 skipped"],
            6,
            3,
        );
        check(&["     Summary [   1.0s] 3/9 tests run: 2 passed, 1 exec failed, 0 skipped"], 2, 1);
    }

    #[test]
    fn counts_no_test_twice_that_nextest_shows() {
        let shown = "test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 21 filtered out";
        check(&[shown, "     Summary [   1.0s] 2 tests run: 1 passed, 1 failed, 0 skipped"], 1, 1);
    }

    #[test]
    fn ignores_every_other_line() {
        check(&["", "test result:", "running 3 tests", "5 passed; 4 failed", "test passes ... ok"], 0, 0);
    }
}
