use super::*;

struct Fixed(SystemTime, Instant);

impl TimeSource for Fixed {
    fn wall(&self) -> SystemTime {
        self.0
    }

    fn monotonic(&self) -> Instant {
        self.1
    }
}

#[test]
fn both_are_those_of_a_clock_of_ones_own() {
    let (wall, monotonic) = (UNIX_EPOCH + Duration::from_secs(7), Clock::system().monotonic());
    let clock = Clock::new(Fixed(wall, monotonic));
    // Neither is extrapolated from the system's.
    let _ = Clock::system().both();
    assert_eq!((clock.both(), clock.both()), ((wall, monotonic), (wall, monotonic)));
}

#[test]
fn both_stay_beside_the_clocks_of_the_system() {
    let clock = Clock::system();
    for _ in 0..1000 {
        let before = (clock.wall(), clock.monotonic());
        let (wall, monotonic) = clock.both();
        let after = (clock.wall(), clock.monotonic());
        assert!(before.1 <= monotonic && monotonic <= after.1);
        // As long as nobody sets the clock meanwhile.
        let slack = MAX_ANCHOR_AGE;
        assert!(before.0 <= wall + slack && wall <= after.0 + slack);
    }
}

#[test]
fn a_reading_serves_clones_of_a_clock_and_no_other() {
    let fixed = || Clock::new(Fixed(UNIX_EPOCH, Clock::system().monotonic()));
    let clock = fixed();
    assert!(clock.shares_source(&clock.clone()) && Clock::system().shares_source(&Clock::default()));
    assert!(!clock.shares_source(&fixed()) && !clock.shares_source(&Clock::system()));
}

/// It is before every exact reading that came after it, and as a rule hardly before the one that came before it: not
/// always, since the kernel may be kept from counting.
fn check_coarse<T: Copy + PartialOrd>(
    exact: impl Fn() -> T,
    coarse: impl Fn() -> T,
    later: impl Fn(T) -> T,
    never_goes_back: bool,
) {
    let (mut last, mut late) = (coarse(), 0);
    for _ in 0..READINGS {
        let before = exact();
        let read = coarse();
        assert!(read <= exact(), "it leads");
        assert!(last <= read || !never_goes_back, "it went back");
        late += u32::from(later(read) < before);
        last = read;
    }
    assert!(late <= READINGS / 2, "it lagged {late} times of {READINGS}");
}

/// So many that the kernel counts on several times meanwhile.
const READINGS: u32 = 500_000;

#[test]
fn coarse_time_never_leads_and_never_goes_back_and_hardly_lags() {
    let clock = Clock::system();
    let later = |time: Instant| time + MAX_COARSE_LAG;
    check_coarse(|| clock.monotonic(), || clock.monotonic_coarse(), later, true);
}

#[test]
fn coarse_wall_clock_time_hardly_lags() {
    let clock = Clock::system();
    // Somebody may set the clock meanwhile: then all clocks go back, and this one with them.
    check_coarse(|| clock.unix_time(), || clock.unix_time_coarse(), |time| time + MAX_COARSE_LAG, false);
}

#[test]
fn coarse_time_goes_on_in_every_thread() {
    let clock = Clock::system();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let clock = clock.clone();
            std::thread::spawn(move || {
                let (begun, read) = (clock.monotonic(), clock.monotonic_coarse());
                while clock.monotonic_coarse() == read {
                    assert!(clock.monotonic() < begun + Duration::from_secs(5), "it stands still");
                }
                assert!(clock.monotonic_coarse() > read);
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Two clocks of one's own stand side by side: neither is told what the other said.
#[test]
fn coarse_time_is_exactly_that_of_a_clock_of_ones_own() {
    let now = Clock::system().monotonic_coarse();
    for seconds in [7, 3, 7] {
        let moment = Duration::from_secs(seconds);
        let clock = Clock::new(Fixed(UNIX_EPOCH + moment, now + moment));
        assert_eq!(clock.monotonic_coarse(), clock.monotonic());
        assert_eq!(clock.unix_time_coarse(), moment);
    }
}
