//! One connection, with the limits that hold before a request is known.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tower_service::Service;

use super::api::Api;
use super::auth::Peer;
use super::routes::ROUTES;
use crate::ports::{Queue, Store};

/// Most headers of a request.
const MAX_HEADERS: usize = 64;

/// Largest head of a request, in bytes.
const MAX_HEAD: usize = 64 << 10;

/// Time for a request's head; also how long a connection may be idle between requests.
const HEAD_TIME: Duration = Duration::from_secs(30);

/// What answers requests.
#[derive(Debug, Clone)]
pub struct Server {
    router: Router,
    stopping: watch::Receiver<bool>,
}

impl Server {
    /// The server of an API.
    #[must_use]
    pub fn new<S: Store, Q: Queue>(api: Api<S, Q>) -> Self {
        Self { stopping: api.stopping.clone(), router: api.into_router(ROUTES.iter()) }
    }

    /// The server of a process that only says how it is.
    #[must_use]
    pub fn of_probes<S: Store, Q: Queue>(api: Api<S, Q>) -> Self {
        let probes = ROUTES.iter().filter(|route| route.is_probe());
        Self { stopping: api.stopping.clone(), router: api.into_router(probes) }
    }
}

/// Answers the requests of one connection until it ends. Once the service stops, the request that is being answered is
/// the last one.
pub async fn serve_connection(server: Server, stream: TcpStream, peer: SocketAddr) {
    let Server { router, mut stopping } = server;
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(Peer(peer));
        // A router is always ready, and a clone of it is cheap.
        router.clone().call(request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_headers(MAX_HEADERS).max_buf_size(MAX_HEAD);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // An error says that nobody can stop the service any more, because it is gone: that is an end too.
    let stopped = async { drop(stopping.wait_for(|stopping| *stopping).await) };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // Clients go away all the time.
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}
