//! A cable to a server that can be cut and mended.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::broadcast,
};

pub struct Cable {
    port: u16,
    whole: Arc<AtomicBool>,
    cuts: broadcast::Sender<()>,
}

/// Host and port of an AMQP address.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").unwrap().1;
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    rest.split('/').next().unwrap()
}

impl Cable {
    /// A cable to the server of `url`.
    pub async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let whole = Arc::new(AtomicBool::new(true));
        let (cuts, _) = broadcast::channel(4);
        let (server, up, cutter) = (host(url).to_owned(), whole.clone(), cuts.clone());
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                if !up.load(Ordering::SeqCst) {
                    continue;
                }
                let (mut cut, server) = (cutter.subscribe(), server.clone());
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(&server).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.recv() => {}
                    }
                });
            }
        });
        Self { port, whole, cuts }
    }

    /// `url`, through this cable.
    pub fn url(&self, url: &str) -> String {
        url.replace(host(url), &format!("127.0.0.1:{}", self.port))
    }

    /// Ends every connection and takes no new ones.
    pub fn cut(&self) {
        self.whole.store(false, Ordering::SeqCst);
        // Nobody is connected: nothing to end.
        _ = self.cuts.send(());
    }

    /// Takes connections again.
    pub fn mend(&self) {
        self.whole.store(true, Ordering::SeqCst);
    }
}
