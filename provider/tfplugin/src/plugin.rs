//! The plugin's process: how Terraform starts it, finds it, talks to it and ends it.
//!
//! Source: <https://github.com/hashicorp/go-plugin/blob/main/docs/internals.md>. Not here: what is said ([`crate::server`]).

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use crate::provider::Provider;
use crate::server::Server;

mod debug;
mod handshake;
mod life;
mod listener;
mod log;
mod place;
mod services;
mod tls;

use handshake::Handshake;
use listener::{Bound, Listener};

/// How long what runs may take to end. Terraform kills the process two seconds after it has asked it to end.
const END: Duration = Duration::from_millis(1500);
/// How long the last answers may take to reach Terraform.
const FLUSH: Duration = Duration::from_millis(200);

/// What a process needs to know of itself.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The provider's address: `registry.terraform.io/NAMESPACE/NAME`.
    pub address: &'static str,
    /// The crates whose log lines follow Terraform's log level. Of others only warnings and errors are shown.
    pub log_targets: &'static [&'static str],
}

impl Options {
    /// The last part of the address.
    fn name(&self) -> &'static str {
        self.address.rsplit('/').next().unwrap_or(self.address)
    }
}

/// Why a process could not serve.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error(transparent)]
    Handshake(#[from] handshake::HandshakeError),
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    #[error(transparent)]
    Listen(#[from] listener::ListenError),
    #[error("standard output cannot be written")]
    Output(#[source] std::io::Error),
    #[error("the runtime cannot be started")]
    Runtime(#[source] std::io::Error),
    #[error("signals cannot be watched")]
    Signals(#[source] std::io::Error),
    #[error("the connection broke")]
    Serve(#[source] tonic::transport::Error),
}

/// Serves `provider` to the Terraform that started this process, until that tells it to end. With the argument `--debug`
/// it serves any Terraform that is given the line it prints, until it is interrupted.
pub fn serve(provider: impl Provider, options: &Options) -> ExitCode {
    let debug = std::env::args().skip(1).any(|argument| argument == "--debug" || argument == "-debug");
    match run(provider, options, debug) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn run(provider: impl Provider, options: &Options, debug: bool) -> Result<(), ServeError> {
    let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let handshake = if debug { Handshake::default() } else { Handshake::read(environment)? };
    life::print_panics_as_terraform_reads_them();
    log::start(options, environment);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(ServeError::Runtime)?;
    let served = runtime.block_on(serve_until_the_end(provider, options, &handshake, debug));
    // What still runs has had its time.
    runtime.shutdown_background();
    served
}

async fn serve_until_the_end(
    provider: impl Provider,
    options: &Options,
    handshake: &Handshake,
    debug: bool,
) -> Result<(), ServeError> {
    let secured = handshake.client_certificate.as_deref().map(tls::for_client).transpose()?;
    // The folder goes when this function ends, whatever still runs then.
    let Bound { listener, place, folder: _folder } = Listener::bind(handshake)?;
    let (ending, end) = life::ending();
    life::watch(&ending, debug).map_err(ServeError::Signals)?;
    let line = match debug {
        true => debug::line(options, &place),
        false => handshake.line(&place, secured.as_ref().map(|secured| secured.certificate.as_ref())),
    };
    announce(&line).map_err(ServeError::Output)?;
    let server = Server::new(provider);
    let incoming = listener.incoming(secured.map(|secured| secured.acceptor));
    let controller = services::Controller::new(ending.clone(), debug);
    let serving =
        services::router(&server, controller).serve_with_incoming_shutdown(incoming, end.clone().comes());
    let (mut serving, mut closing) = (std::pin::pin!(serving), std::pin::pin!(ended(&server, end)));
    tokio::select! {
        served = &mut serving => {
            // Terraform hangs up as soon as it has asked for the end; what is open is closed all the same.
            ending.now("no client is connected any more");
            closing.await;
            served.map_err(ServeError::Serve)
        }
        () = &mut closing => {
            drop(tokio::time::timeout(FLUSH, serving).await);
            Ok(())
        }
    }
}

/// Standard output carries one line and nothing else.
fn announce(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

async fn ended(server: &Server, end: life::End) {
    end.comes().await;
    if tokio::time::timeout(END, server.end()).await.is_err() {
        tracing::error!("the provider ends before everything it was doing has ended");
    }
}
