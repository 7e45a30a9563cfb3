//! The other side: a mail server and an SMS gateway that take everything, keep nothing, and count.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// Person `n` has this number; the last digits are theirs.
const FIRST_NUMBER: usize = 32_470_000_000;

/// The mail address of person `n`.
pub fn mail_of(n: usize) -> String {
    format!("person-{n}@inbox.example")
}

/// The mobile number of person `n`, of ten million at most.
pub fn number_of(n: usize) -> String {
    format!("+{}", FIRST_NUMBER + n)
}

/// Persons, and when their message came.
type Times = Vec<(usize, Instant)>;

/// What a server speaks.
#[derive(Debug, Clone, Copy)]
enum Speaks {
    Smtp,
    Http,
}

/// A server that takes everything and keeps nothing.
#[derive(Clone, Default)]
pub struct Sink {
    taken: Arc<AtomicUsize>,
    news: Arc<Notify>,
    /// Whose message came when.
    when: Option<Arc<Mutex<Times>>>,
}

impl Sink {
    /// A sink that also remembers when each person's message came.
    pub fn with_times() -> Self {
        Self { when: Some(Arc::default()), ..Self::default() }
    }

    /// Listens as a mail server; its port.
    pub async fn mail(&self) -> anyhow::Result<u16> {
        self.listen(Speaks::Smtp).await
    }

    /// Listens as a gateway that takes text messages as Kannel does; its port.
    pub async fn gateway(&self) -> anyhow::Result<u16> {
        self.listen(Speaks::Http).await
    }

    /// So many messages were taken.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Returns when `count` messages were taken.
    pub async fn wait_for(&self, count: usize) {
        loop {
            let mut news = std::pin::pin!(self.news.notified());
            news.as_mut().enable();
            if self.taken() >= count {
                return;
            }
            news.await;
        }
    }

    /// Whose message came when, in the order they came; empty unless made by [`Sink::with_times`].
    pub fn times(&self) -> Times {
        let times = self.when.as_ref().map(|when| when.lock().unwrap_or_else(PoisonError::into_inner).clone());
        times.unwrap_or_default()
    }

    async fn listen(&self, speaks: Speaks) -> anyhow::Result<u16> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let sink = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                let sink = sink.clone();
                // A sender that goes away in the middle ends its own conversation only.
                tokio::spawn(async move {
                    match speaks {
                        Speaks::Smtp => sink.take_mail(stream).await,
                        Speaks::Http => sink.take_texts(stream).await,
                    }
                });
            }
        });
        Ok(port)
    }

    fn take(&self, whose: Option<usize>) {
        if let (Some(when), Some(whose)) = (&self.when, whose) {
            when.lock().unwrap_or_else(PoisonError::into_inner).push((whose, Instant::now()));
        }
        self.taken.fetch_add(1, Ordering::Relaxed);
        self.news.notify_waiters();
    }

    async fn take_mail(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::with_capacity(64 * 1024, read);
        let (mut line, mut whose) = (Vec::new(), None);
        let mut in_data = false;
        write.write_all(b"220 sink.example ESMTP\r\n").await?;
        while next_line(&mut lines, &mut line).await? {
            let answer: &[u8] = if in_data {
                if line != b".\r\n" {
                    continue;
                }
                in_data = false;
                self.take(whose.take());
                b"250 taken\r\n"
            } else {
                match line.get(..4).map(<[u8]>::to_ascii_uppercase).as_deref() {
                    Some(b"EHLO") => b"250-sink.example\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
                    Some(b"DATA") => {
                        in_data = true;
                        b"354 go on\r\n"
                    }
                    Some(b"RCPT") => {
                        whose = digits_behind(&line, b"<person-");
                        b"250 ok\r\n"
                    }
                    Some(b"QUIT") => b"221 bye\r\n",
                    _ => b"250 ok\r\n",
                }
            };
            write.write_all(answer).await?;
        }
        Ok(())
    }

    async fn take_texts(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::with_capacity(64 * 1024, read);
        let (mut line, mut whose) = (Vec::new(), None);
        while next_line(&mut lines, &mut line).await? {
            if line.starts_with(b"GET ") {
                whose = digits_behind(&line, b"&to=%2B").and_then(|number| number.checked_sub(FIRST_NUMBER));
            }
            if line == b"\r\n" {
                self.take(whose.take());
                write
                    .write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 25\r\n\r\n0: Accepted for delivery.")
                    .await?;
            }
        }
        Ok(())
    }
}

/// Reads one line with its end; false when the other side has closed.
async fn next_line(lines: &mut (impl AsyncBufRead + Unpin), line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    Ok(lines.read_until(b'\n', line).await? > 0)
}

/// The number that stands behind the first `mark` in `line`.
fn digits_behind(line: &[u8], mark: &[u8]) -> Option<usize> {
    let at = line.windows(mark.len()).position(|piece| piece == mark)? + mark.len();
    let digits: Vec<u8> = line[at..].iter().copied().take_while(u8::is_ascii_digit).collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_message_it_is_is_read_from_it() {
        let line = format!("RCPT TO:<{}>\r\n", mail_of(42));
        assert_eq!(digits_behind(line.as_bytes(), b"<person-"), Some(42));
        let line = format!("GET /cgi-bin/sendsms?from=Bench&to={}&text=x\r\n", number_of(42).replace('+', "%2B"));
        assert_eq!(digits_behind(line.as_bytes(), b"&to=%2B"), Some(FIRST_NUMBER + 42));
        assert_eq!(digits_behind(b"nothing", b"<person-"), None);
    }
}
