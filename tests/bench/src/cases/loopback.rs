//! Requests over real sockets: what is taken of the processor by everything but the client.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use axum::Router;
use portcullis_testkit::Algorithm;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::case::Case;
use crate::cases::Entry;
use crate::cases::composite::full_app;
use crate::cases::floors::router;
use crate::cases::layers::settle;
use crate::drive::PATH;
use crate::tokens::bearer;

pub(super) const CASES: &[Entry] = &[
    ("loopback bare", || serving(router(), &bearer(Algorithm::Es256), || ())),
    ("loopback full es256", || full(Algorithm::Es256)),
    ("loopback full hs256", || full(Algorithm::Hs256)),
];

/// So many connections have a request in flight at the same time.
const CONNECTIONS: usize = 32;

fn full(algorithm: Algorithm) -> Case {
    let app = full_app(algorithm);
    let audit = app.security().audit().clone();
    serving(Router::new().fallback_service(app), &bearer(algorithm), move || settle(&audit))
}

/// So many requests are one turn: what the end of one takes, which waits until every event is safe, must not count.
const TURN: u32 = 2_048;

/// Serves on a thread of its own until the program ends; what `settle` waits for counts too.
pub(crate) fn serving(app: Router, authorization: &str, settle: impl Fn() + 'static) -> Case {
    let address = serve(app);
    let request =
        format!("GET {PATH} HTTP/1.1\r\nhost: api.example.com\r\nauthorization: {authorization}\r\n\r\n");
    let mut connections: Vec<TcpStream> = (0..CONNECTIONS).map(|_| connect(address)).collect();
    let case = Case::taking(move |iterations| {
        let before = taken_by_others();
        let mut left = iterations as usize;
        while left > 0 {
            let batch = left.min(CONNECTIONS);
            for connection in connections.iter_mut().take(batch) {
                connection.write_all(request.as_bytes()).expect("the server reads");
            }
            connections.iter_mut().take(batch).for_each(read_answer);
            left -= batch;
        }
        settle();
        taken_by_others().zip(before).map(|(after, before)| after.saturating_sub(before))
    });
    case.at_least(TURN)
}

fn serve(app: Router) -> SocketAddr {
    let (ready, address) = mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            ready.send(listener.local_addr().expect("an address")).expect("somebody waits");
            let make = app.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, make).await.expect("it serves");
        });
    });
    address.recv().expect("the server is ready")
}

fn connect(address: SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(address).expect("the server listens");
    connection.set_nodelay(true).expect("an option of TCP");
    connection
}

fn read_answer(connection: &mut TcpStream) {
    let (mut answer, mut held) = ([0; 1024], 0);
    // The handler answers with a body that no field ends with.
    while !answer[..held].ends_with(b"\r\n\r\nhello") {
        let read = connection.read(&mut answer[held..]).expect("the server writes");
        assert!(read > 0, "the server closed the connection");
        held += read;
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..held]));
}

/// What every thread but this one has taken of the processor so far; `None` where the system does not tell.
fn taken_by_others() -> Option<Duration> {
    let this = fs::read_link("/proc/thread-self").ok()?;
    let this = this.file_name()?;
    let threads = fs::read_dir("/proc/self/task").ok()?.flatten().filter(|thread| thread.file_name() != this);
    let taken = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Some(Duration::from_nanos(taken.sum()))
}
