//! Clients of HTTP/2 and their windows.

use super::*;

/// A request of HTTP/2 whose client has so large windows for the octets of an answer.
pub(super) fn second_version(path: &str, window: u32) -> Vec<u8> {
    let setting = [&[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4][..], &window.to_be_bytes()].concat();
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &setting[..], &get_on(1, path)].concat()
}

/// The head of a request on that stream.
fn get_on(stream: u8, path: &str) -> Vec<u8> {
    // Static table: `:method: GET`, `:scheme: http`; literals without indexing for the rest.
    let block = [&[0x82, 0x86, 0x04, path.len() as u8][..], path.as_bytes(), &[0x01, 1], b"x"].concat();
    [&[0, 0, block.len() as u8, 1, 5, 0, 0, 0, stream][..], &block].concat()
}

/// The type and the stream of the next frame; `None` at the end.
async fn frame(stream: &mut TcpStream) -> Option<(u8, u8)> {
    let mut head = [0; 9];
    let read = timeout(PATIENCE, stream.read_exact(&mut head)).await.expect("the server says something");
    read.ok()?;
    let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
    stream.read_exact(&mut payload).await.ok()?;
    Some((head[3], head[8]))
}

/// RFC 9113 §10.5: the client reads all that comes, and keeps the stream shut.
#[tokio::test]
async fn a_client_that_opens_no_window_is_cut_off_and_one_that_has_nothing_to_take_is_not() {
    let gone = Arc::new(Semaphore::new(0));
    let tell = Arc::clone(&gone);
    let endless = move || {
        let body = Endless(Arc::clone(&tell));
        async { Response::new(Body::new(body)) }
    };
    let silent = async || Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    let routes = Routes::new()
        .route("/endless", get(endless).public("test"))
        .route("/short", get(async || "short").public("test"))
        .route("/large", get(async || vec![b'x'; 1 << 20]).public("test"))
        .route("/silent", get(silent).public("test"));
    let strict = |server: Serve| server.with_write_timeout(QUICK).with_min_write_rate(1 << 20);
    let served = Served::new(routes, strict).await;
    let shut = served.send(&second_version("/endless", 0)).await;
    timeout(PATIENCE, gone.acquire()).await.expect("the body is given up").unwrap().forget();
    rest(shut).await;
    rest(served.send(&second_version("/short", 0)).await).await;
    // A window of one octet is none.
    rest(served.send(&second_version("/large", 1)).await).await;
    let mut silent = served.send(&second_version("/silent", 65_535)).await;
    let mut read = Vec::new();
    assert!(timeout(QUICK * 6, silent.read_to_end(&mut read)).await.is_err(), "it is not closed");
}

/// Who takes nothing may share a connection with others, behind a proxy: what those have begun is finished.
#[tokio::test]
async fn the_other_requests_of_a_connection_that_is_stuck_are_finished() {
    const HEADERS: u8 = 1;
    const GOAWAY: u8 = 7;
    let go = Arc::new(Semaphore::new(0));
    let waits = Arc::clone(&go);
    let gated = move || {
        let waits = Arc::clone(&waits);
        async move { waits.acquire_owned().await.unwrap().forget() }
    };
    let endless = || async { Response::new(Body::new(Endless(Arc::new(Semaphore::new(0))))) };
    let routes = Routes::new()
        .route("/endless", get(endless).public("test"))
        .route("/gated", get(gated).public("test"));
    let served = Served::new(routes, |server| server.with_write_timeout(QUICK)).await;
    let both = [second_version("/endless", 0), get_on(3, "/gated")].concat();
    let mut stream = served.send(&both).await;
    let mut answered = Vec::new();
    while let Some((kind, of)) = frame(&mut stream).await {
        match kind {
            HEADERS => answered.push(of),
            GOAWAY => go.add_permits(1),
            _ => {}
        }
    }
    assert_eq!(answered, [1, 3], "and then it is closed");
}
