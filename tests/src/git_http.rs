//! Git over HTTP: the real `git http-backend` behind a small server on this machine.
//!
//! Fetch and push, a password, and a repository that may only be read. Not here: TLS.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// A running server. It ends with this value.
pub struct GitHttp {
    address: std::net::SocketAddr,
    pushes: Arc<AtomicUsize>,
    _runtime: tokio::runtime::Runtime,
}

/// What a server serves, and to whom.
#[derive(Clone, Debug)]
pub struct Served {
    /// The folder that holds the repositories.
    pub root: PathBuf,
    /// The password that is asked for.
    pub password: Option<String>,
    /// Whether pushes are accepted.
    pub access: Access,
}

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Fetch and push.
    ReadWrite,
    /// Fetch; a push is answered with 403.
    ReadOnly,
    /// Fetch; a push is never answered.
    Stalls,
}

impl GitHttp {
    /// Starts a server on a free port of 127.0.0.1.
    pub fn start(served: Served) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let pushes = Arc::new(AtomicUsize::new(0));
        let router = Router::new().fallback(serve).with_state((Arc::new(served), pushes.clone()));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, pushes, _runtime: runtime }
    }

    /// How many requests of pushes have come.
    pub fn pushes(&self) -> usize {
        self.pushes.load(Ordering::Relaxed)
    }

    /// The address of a repository.
    pub fn url(&self, repository: &str) -> String {
        format!("http://{}/{repository}", self.address)
    }
}

async fn serve(
    State((served, counter)): State<(Arc<Served>, Arc<AtomicUsize>)>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    if !is_known(&served, &parts.headers) {
        let refusal = Response::builder()
            .status(StatusCode::UNAUTHORIZED)
            .header(header::WWW_AUTHENTICATE, "Basic realm=\"git\"");
        return refusal.body(Body::empty()).expect("a response");
    }
    let pushes = path.ends_with("git-receive-pack") || query.contains("git-receive-pack");
    if pushes && served.access == Access::ReadOnly {
        return Response::builder().status(StatusCode::FORBIDDEN).body(Body::empty()).expect("a response");
    }
    if pushes {
        counter.fetch_add(1, Ordering::Relaxed);
    }
    if pushes && served.access == Access::Stalls {
        std::future::pending::<()>().await;
    }
    let body = axum::body::to_bytes(body, 1 << 30).await.expect("a body");
    backend(&served.root, &parts, body).await
}

/// What the real `git http-backend` answers for the repositories below `root`.
pub(crate) async fn backend(root: &Path, parts: &Parts, body: Bytes) -> Response {
    let header =
        |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let mut git = Command::new("git");
    git.arg("http-backend").stdin(Stdio::piped()).stdout(Stdio::piped());
    git.env("GIT_PROJECT_ROOT", root).env("GIT_HTTP_EXPORT_ALL", "1").env("REMOTE_USER", "tester");
    git.env("REQUEST_METHOD", parts.method.as_str()).env("PATH_INFO", parts.uri.path());
    git.env("QUERY_STRING", parts.uri.query().unwrap_or_default());
    git.env("CONTENT_TYPE", header("content-type")).env("CONTENT_LENGTH", body.len().to_string());
    git.env("HTTP_CONTENT_ENCODING", header("content-encoding")).env("GIT_PROTOCOL", header("git-protocol"));
    let mut child = git.spawn().expect("git is installed");
    let mut input = child.stdin.take().expect("a pipe");
    let writing = tokio::spawn(async move { input.write_all(&body).await });
    let output = child.wait_with_output().await.expect("git answers");
    // A backend that refuses early does not read the rest.
    let _written = writing.await;
    answer(&output.stdout)
}

fn is_known(served: &Served, headers: &HeaderMap) -> bool {
    let Some(password) = &served.password else { return true };
    let given =
        headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    // Compared encoded, for each user name that the tests use.
    given.is_some_and(|given| {
        ["git", "x-access-token", "tester"].iter().any(|user| base64(&format!("{user}:{password}")) == given)
    })
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let encode = |chunk: &[u8]| {
        let bits =
            chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        let letter = |index: usize| match index <= chunk.len() {
            true => char::from(LETTERS[(bits >> (18 - 6 * index)) as usize & 63]),
            false => '=',
        };
        (0..4).map(letter).collect::<String>()
    };
    text.as_bytes().chunks(3).map(encode).collect()
}

/// CGI: headers, an empty line, the body.
fn answer(output: &[u8]) -> Response {
    let end = output.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("headers");
    let mut response = Response::builder();
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        let (name, value) = line.split_once(": ").expect("a header");
        response = match name {
            "Status" => response.status(value.split(' ').next().expect("a status")),
            _ => response.header(name, value),
        };
    }
    response.body(Body::from(Bytes::copy_from_slice(&output[end + 4..]))).expect("a response")
}
