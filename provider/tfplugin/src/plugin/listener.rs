//! Where the plugin listens: a socket that only this user can open, or a port of this machine where there are no
//! sockets with names.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use super::handshake::Handshake;
use super::place::Place;

#[cfg(any(not(unix), test))]
mod port;
#[cfg(unix)]
mod socket;

/// How long a client may take over its side of the encryption.
const SECURE: Duration = Duration::from_secs(10);
/// How long to wait for files to be closed, where there are too many.
const AGAIN: Duration = Duration::from_millis(50);

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListenError {
    #[cfg(unix)]
    #[error("no socket can be made in {}", folder.display())]
    Socket {
        folder: std::path::PathBuf,
        #[source]
        error: io::Error,
    },
    #[cfg(any(not(unix), test))]
    #[error("no port between {first} and {last} is free")]
    Port { first: u16, last: u16 },
}

/// What listens, and where.
pub(super) struct Bound<L> {
    pub(super) listener: L,
    pub(super) place: Place,
    /// The socket's own; it is removed when this is dropped.
    pub(super) folder: Option<TempDir>,
}

/// What listens.
pub(super) struct Listener(#[cfg(unix)] tokio::net::UnixListener, #[cfg(not(unix))] tokio::net::TcpListener);

impl Listener {
    pub(super) fn bind(handshake: &Handshake) -> Result<Bound<Self>, ListenError> {
        #[cfg(unix)]
        let Bound { listener, place, folder } = socket::bind(handshake)?;
        #[cfg(not(unix))]
        let Bound { listener, place, folder } = port::bind(handshake)?;
        Ok(Bound { listener: Self(listener), place, folder })
    }

    /// Connections as they come, encrypted where there is something to do it with.
    pub(super) fn incoming(self, tls: Option<TlsAcceptor>) -> ReceiverStream<io::Result<Connection>> {
        let (sender, receiver) = mpsc::channel(8);
        tokio::spawn(async move {
            while !sender.is_closed() {
                match self.accept().await {
                    // A client that is slow to encrypt keeps no other waiting.
                    Ok(raw) => drop(tokio::spawn(secure(raw, tls.clone(), sender.clone()))),
                    Err(error) => {
                        tracing::warn!(%error, "a connection was not taken");
                        tokio::time::sleep(AGAIN).await;
                    }
                }
            }
        });
        ReceiverStream::new(receiver)
    }

    async fn accept(&self) -> io::Result<Connection> {
        self.0.accept().await.map(|(stream, _)| Connection(Box::new(stream)))
    }
}

async fn secure(raw: Connection, tls: Option<TlsAcceptor>, sender: mpsc::Sender<io::Result<Connection>>) {
    let connection = match tls {
        None => raw,
        Some(tls) => match tokio::time::timeout(SECURE, tls.accept(raw)).await {
            Ok(Ok(secured)) => Connection(Box::new(secured)),
            Ok(Err(error)) => return tracing::warn!(%error, "a client was refused"),
            Err(_) => return tracing::warn!("a client was refused: it did not encrypt in time"),
        },
    };
    // The receiver is gone where the process is ending.
    drop(sender.send(Ok(connection)).await);
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection of any kind.
pub(super) struct Connection(Box<dyn Stream>);

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, from)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}
