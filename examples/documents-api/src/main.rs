//! `cargo run -p documents-api`: see README.md.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use documents_api::{Command, Options, Server, with_causes};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::from_command_line();
    // Logs go to stderr; `RUST_LOG=warn` silences the line for each request.
    let level = std::env::var(EnvFilter::DEFAULT_ENV).ok().filter(|level| !level.is_empty());
    let filter = level.and_then(|level| level.parse().ok()).unwrap_or_else(|| EnvFilter::new("info"));
    let color = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(color).with_writer(io::stderr).init();
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {}", with_causes(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    if let Some(Command::Routes { format }) = options.command {
        io::stdout().write_all(format.print(&Server::route_table(options)?).as_bytes())?;
        return Ok(());
    }
    let server = Server::start(options).await?;
    // Before anything is printed: whoever reads it may stop the service at once.
    let stop = stop_signal()?;
    if options.issuer.as_ref().is_some_and(documents_api::IssuerUrl::is_insecure_plain_http) {
        tracing::warn!(
            "the issuer is reached by insecure plain http: any program on this machine can answer for it"
        );
    }
    let tour = server.tour().await?;
    // Whether anybody reads it is not our concern.
    let _ = io::stdout().write_all(tour.as_bytes()).and_then(|()| io::stdout().flush());
    server.run(stop).await?;
    tracing::info!("stopped; every audit event is written");
    Ok(())
}

/// Resolves on Ctrl-C and on SIGTERM.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
