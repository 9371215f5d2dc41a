//! Time stands still but where everybody waits, and then it goes on to the next thing at once.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use http_body_util::BodyExt;
use portcullis_core::TimeSource;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::sync::Semaphore;

use super::*;

const PAUSE: Duration = Duration::from_secs(30);
const SECOND: Duration = Duration::from_secs(1);

struct Virtual;

impl TimeSource for Virtual {
    fn wall(&self) -> SystemTime {
        UNIX_EPOCH
    }

    fn monotonic(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}

fn pace(rate: Option<u32>) -> Pace {
    Pace { pause: PAUSE, rate }
}

/// A body whose frames come after such pauses.
struct Sent {
    frames: VecDeque<(Duration, usize)>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        let Some((pause, octets)) = this.frames.front().copied() else { return Poll::Ready(None) };
        if !pause.is_zero() {
            let pause = this.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
            std::task::ready!(pause.as_mut().poll(cx));
        }
        (this.pause, _) = (None, this.frames.pop_front());
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; octets])))))
    }
}

/// Whether the body is read to its end, and after how many seconds it is or is not.
async fn read(rate: Option<u32>, frames: impl IntoIterator<Item = (Duration, usize)>) -> (bool, u64) {
    let begun = tokio::time::Instant::now();
    let sent = Sent { frames: frames.into_iter().collect(), pause: None };
    let read = PatientBody::new(sent, pace(rate), Clock::new(Virtual)).collect().await;
    if let Err(error) = &read {
        assert_eq!(error.to_string(), TOO_SLOW);
    }
    (read.is_ok(), begun.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_ends_soon_after_the_longest_pause() {
    let drip = vec![(Duration::from_secs(29), 1); 16];
    assert_eq!(read(Some(240), drip.clone()).await, (false, 30));
    assert_eq!(read(None, drip).await, (true, 29 * 16), "nobody asks for a rate");
    let empty = vec![(SECOND, 0); 100];
    assert_eq!(read(Some(240), empty).await, (false, 30), "empty frames are no octets");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_slow_but_at_the_rate_is_read_to_its_end() {
    for (octets, whole, seconds) in [(1_000, true, 10_000), (240, true, 10_000), (239, false, 6_961)] {
        assert_eq!(read(Some(240), vec![(SECOND, octets); 10_000]).await, (whole, seconds), "{octets}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_may_be_as_long_as_is_said_and_no_longer() {
    assert_eq!(read(Some(240), [(PAUSE, 1)]).await, (true, 30));
    assert_eq!(read(Some(240), [(PAUSE + SECOND, 1)]).await, (false, 30));
    assert_eq!(read(None, [(PAUSE, 1), (PAUSE, 1)]).await, (true, 60));
    assert_eq!(read(None, [(PAUSE, 1), (PAUSE + SECOND, 1)]).await, (false, 60));
    // All that may be waited is used up; the octets in between bring some of it back.
    assert_eq!(read(Some(240), [(PAUSE, 240), (SECOND, 1)]).await, (true, 31));
    assert_eq!(read(Some(240), [(PAUSE, 240), (SECOND * 2, 1)]).await, (false, 31));
}

#[tokio::test(start_paused = true)]
async fn what_came_quickly_is_no_licence_to_drip() {
    let drip = vec![(Duration::from_secs(29), 1); 16];
    let burst = [(Duration::ZERO, 1024 * 1024)].into_iter().chain(drip);
    assert_eq!(read(Some(240), burst).await, (false, 30));
}

#[tokio::test(start_paused = true)]
async fn the_time_that_the_server_takes_is_not_the_clients() {
    let sent = Sent { frames: [(SECOND, 1); 20].into(), pause: None };
    let mut body = PatientBody::new(sent, pace(Some(240)), Clock::new(Virtual));
    for _ in 0..20 {
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "x");
        tokio::time::sleep(PAUSE * 2).await;
    }
    assert!(body.frame().await.is_none());
}

/// Whether so many octets are taken by a client that takes some at a time, and after how many seconds they are or are not.
async fn write(octets: usize, every: Duration, takes: usize) -> (bool, u64) {
    let begun = tokio::time::Instant::now();
    let (near, mut far) = duplex(64);
    let permit = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
    let mut stream = PatientStream::new(near, pace(Some(240)), Clock::new(Virtual), permit);
    let client = async {
        let mut taken = vec![0; takes];
        loop {
            tokio::time::sleep(every).await;
            far.read_exact(&mut taken).await.unwrap();
        }
    };
    let content = vec![b'x'; octets];
    let written = tokio::select! {
        written = stream.write_all(&content) => written,
        () = client => unreachable!(),
    };
    if let Err(error) = &written {
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
    (written.is_ok(), begun.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_an_answer_by_drips_is_cut_off() {
    assert_eq!(write(1_000, Duration::from_secs(29), 1).await, (false, 30));
    assert_eq!(write(1_000, PAUSE * 2, 1).await, (false, 30), "it takes nothing");
    let (whole, _) = write(240 * 1_000, SECOND, 240).await;
    assert!(whole, "it is slow, and at the rate");
}

#[tokio::test(start_paused = true)]
async fn an_application_that_says_little_is_not_cut_off() {
    let (near, mut far) = duplex(64);
    let permit = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
    let mut stream = PatientStream::new(near, pace(Some(u32::MAX)), Clock::new(Virtual), permit);
    for _ in 0..100 {
        tokio::time::sleep(PAUSE * 10).await;
        stream.write_all(b"x").await.unwrap();
        assert_eq!(far.read_u8().await.unwrap(), b'x');
    }
}
