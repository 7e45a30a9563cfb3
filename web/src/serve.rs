//! Listening, and stopping without cutting anybody off.

use crate::guard::room::Room;
use axum::{
    Extension, Router,
    body::Body,
    extract::{ConnectInfo, Request},
    serve::Listener,
};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Handle, Runtime},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// How long a connection may wait for the head of its next request. Longer than reverse proxies
/// keep an idle connection (nginx: 60 s), so that it is they who close it and never we, just as a
/// request comes in.
const HEAD_TIME: Duration = Duration::from_secs(75);

/// Serves `router` on `listener` until `shutdown` is cancelled; then takes no new connection and
/// finishes the requests in hand. How long to wait for those is the caller's decision.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) -> std::io::Result<()> {
    serve_with(listener, router, None, shutdown, HEAD_TIME).await
}

/// Every page and every call, and who looks for room before anybody comes in.
pub struct Door {
    router: Router,
    room: Option<Room>,
}

impl Door {
    pub(crate) fn new(router: Router, room: Option<Room>) -> Self {
        Self { router, room }
    }

    /// With other addresses beside its own.
    #[must_use]
    pub fn beside(self, other: Router) -> Self {
        Self { router: self.router.merge(other), ..self }
    }
}

/// Where whatever is let in is worked on.
#[derive(Clone)]
pub(crate) struct Inside(pub(crate) Handle);

/// As [`serve`], on threads of its own: with far too many at the door all that it does is to say so, and what was let in, the
/// writing of rows and everything else go on beside it, on the threads of whoever calls this.
///
/// # Errors
/// No thread can be started, or the listener cannot be moved.
pub async fn serve_apart(listener: TcpListener, door: Door, shutdown: CancellationToken) -> std::io::Result<()> {
    let Door { router, room } = door;
    let inside = Inside(Handle::current());
    let door = tokio::runtime::Builder::new_multi_thread().thread_name("door").enable_all().build()?;
    let door = Threads(Some(door));
    let listener = listener.into_std()?;
    let served = door.0.as_ref().map(|door| {
        door.spawn(async move {
            let router = router.layer(Extension(inside));
            serve_with(TcpListener::from_std(listener)?, router, room, shutdown, HEAD_TIME).await
        })
    });
    match served {
        Some(served) => served.await.map_err(std::io::Error::other)?,
        None => Ok(()),
    }
}

/// Threads that end when nobody waits for them any more; a runtime that is dropped among tasks would panic.
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(door) = self.0.take() {
            door.shutdown_background();
        }
    }
}

/// `axum::serve` has no clock: whoever opens connections and says nothing keeps them for ever, and
/// with enough of them the door is shut for everybody.
async fn serve_with(
    mut listener: TcpListener,
    router: Router,
    room: Option<Room>,
    shutdown: CancellationToken,
    head_time: Duration,
) -> std::io::Result<()> {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head_time);
    let open = GracefulShutdown::new();
    while let Some((stream, peer)) = shutdown.run_until_cancelled(Listener::accept(&mut listener)).await {
        let connection = http.serve_connection(TokioIo::new(ready(stream)), service(&router, &room, peer));
        let connection = open.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::trace!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    open.shutdown().await;
    Ok(())
}

/// Small answers leave at once instead of waiting for more (RFC 896 helps nobody here).
fn ready(stream: TcpStream) -> TcpStream {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    stream
}

/// What answers on one connection, and knows who is at the other end.
fn service(
    router: &Router,
    room: &Option<Room>,
    peer: SocketAddr,
) -> TowerToHyperService<
    impl tower::Service<
        Request<Incoming>,
        Response = axum::response::Response,
        Error = std::convert::Infallible,
        Future: Send,
    > + Clone
    + Send
    + use<>,
> {
    let (router, room) = (router.clone(), room.clone());
    TowerToHyperService::new(tower::service_fn(move |mut request: Request<Incoming>| {
        let answer = match room.as_ref().and_then(|room| room.refuse(&request)) {
            Some(refused) => Err(refused),
            None => {
                request.extensions_mut().insert(ConnectInfo(peer));
                Ok(router.clone().oneshot(request.map(Body::new)))
            }
        };
        async move {
            match answer {
                Ok(answer) => answer.await,
                Err(refused) => Ok(refused),
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        time::timeout,
    };

    const SOON: Duration = Duration::from_secs(20);

    async fn open(
        head_time: Duration,
    ) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<std::io::Result<()>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router =
            Router::new().route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }));
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve_with(listener, router, None, stop.clone(), head_time));
        (address, stop, task)
    }

    async fn rest(stream: &mut TcpStream) -> String {
        let mut said = Vec::new();
        timeout(SOON, stream.read_to_end(&mut said)).await.expect("the connection is closed").unwrap();
        String::from_utf8(said).unwrap()
    }

    #[tokio::test]
    async fn whoever_says_nothing_is_let_go() {
        let (address, _stop, _task) = open(Duration::from_millis(50)).await;
        for said in ["", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let me = stream.local_addr().unwrap().to_string();
            stream.write_all(said.as_bytes()).await.unwrap();
            let answer = rest(&mut stream).await;
            assert_eq!(answer.contains(&me), said.ends_with("\r\n\r\n"), "{said:?}: {answer}");
        }
    }

    #[tokio::test]
    async fn stopping_closes_what_is_idle_and_finishes() {
        let (address, stop, task) = open(Duration::from_secs(3600)).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut first = [0; 12];
        idle.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        stop.cancel();
        timeout(SOON, task).await.expect("it stops").unwrap().unwrap();
        rest(&mut idle).await;
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn a_door_on_threads_of_its_own_answers_and_ends_as_asked() {
        let names = || async { std::thread::current().name().unwrap_or_default().to_owned() };
        for asked in [true, false] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
            let router = Router::new().route("/", get(names));
            let task = tokio::spawn(serve_apart(listener, Door::new(router, None), stop.clone()));
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
            let answer = rest(&mut stream).await;
            assert!(answer.ends_with("door"), "{answer}");
            if asked {
                stop.cancel();
                timeout(SOON, task).await.expect("it stops").unwrap().unwrap();
            } else {
                // Whoever opened it is gone, in the middle of everything.
                task.abort();
                assert!(timeout(SOON, task).await.expect("it ends").unwrap_err().is_cancelled());
            }
        }
    }
}
