use super::*;
use tokio::net::{TcpListener, UnixListener};

/// What ClamAV's makers agreed to call malware, so that nobody needs any (eicar.org). Written apart, so that no scanner
/// takes this file away.
pub(crate) fn eicar() -> Vec<u8> {
    ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat().into_bytes()
}

/// How a played scanner behaves.
#[derive(Clone, Copy)]
pub(crate) enum Plays {
    /// It looks for the harmless test file, in streams of at most so many bytes.
    Honest(usize),
    /// It takes everything and says nothing.
    Silent,
    /// It hangs up at once.
    Rude,
    /// It says this.
    Says(&'static str),
}

/// One visit, as clamd 1.4 does it.
async fn visit<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, plays: Plays) -> io::Result<()> {
    if let Plays::Rude = plays {
        return Ok(());
    }
    let mut command = Vec::new();
    loop {
        match stream.read_u8().await? {
            0 => break,
            byte => command.push(byte),
        }
    }
    if command == b"zPING" {
        return stream.write_all(b"PONG\0").await;
    }
    assert_eq!(command, b"zINSTREAM");
    let mut body = Vec::new();
    loop {
        let length = stream.read_u32().await? as usize;
        if length == 0 {
            break;
        }
        if let Plays::Honest(most) = plays
            && body.len() + length > most
        {
            return stream.write_all(b"INSTREAM size limit exceeded. ERROR\0").await;
        }
        let at = body.len();
        body.resize(at + length, 0);
        stream.read_exact(&mut body[at..]).await?;
    }
    let bad = eicar();
    let answer = match plays {
        Plays::Honest(_) if body.windows(bad.len()).any(|part| part == bad) => "stream: Eicar-Signature FOUND",
        Plays::Honest(_) => "stream: OK",
        Plays::Says(words) => words,
        Plays::Silent | Plays::Rude => return std::future::pending().await,
    };
    stream.write_all(format!("{answer}\0").as_bytes()).await
}

/// A played scanner; it stops with the test.
pub(crate) async fn played(plays: Plays) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(visit(stream, plays));
        }
    });
    Address::Tcp(address.to_string())
}

fn scanner(address: Address, when_down: WhenDown) -> Clamd {
    Config { address, when_down, patience: Duration::from_secs(1) }.build()
}

#[tokio::test]
async fn malware_is_found_wherever_it_lies_and_nothing_else_is() {
    let clamd = scanner(played(Plays::Honest(1_000_000)).await, WhenDown::Take);
    clamd.ping().await.unwrap();
    let mut across = vec![7; PIECE - 20];
    across.extend(eicar());
    across.extend([7; 100]);
    let rows = [(Vec::new(), Verdict::Take), (vec![0xff; 300_000], Verdict::Take), (eicar(), Verdict::Malware)];
    for (bytes, verdict) in rows.into_iter().chain([(across, Verdict::Malware)]) {
        assert_eq!(clamd.judge(&bytes).await, verdict, "{} bytes", bytes.len());
    }
    let finding = clamd.scan(&vec![1; 1_500_000]).await;
    assert!(matches!(&finding, Finding::Unknown(why) if why.contains("StreamMaxLength")), "{finding:?}");
}

#[tokio::test]
async fn a_socket_of_this_machine_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clamd.ctl");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(visit(stream, Plays::Honest(1_000_000)));
        }
    });
    let clamd = scanner(Address::Unix(path), WhenDown::Refuse);
    assert_eq!((clamd.judge(b"x").await, clamd.judge(&eicar()).await), (Verdict::Take, Verdict::Malware));
}

#[tokio::test]
async fn whoever_cannot_be_asked_is_passed_over_or_waited_for_as_the_city_says() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let addresses = [
        Address::Tcp(closed.to_string()),
        Address::Unix("/nowhere/clamd.ctl".into()),
        played(Plays::Rude).await,
        played(Plays::Silent).await,
        played(Plays::Says("")).await,
        played(Plays::Says("HTTP/1.1 400 Bad Request")).await,
        played(Plays::Says("stream: Can't allocate memory ERROR")).await,
        played(Plays::Honest(0)).await,
    ];
    for address in addresses {
        for (when_down, verdict) in [(WhenDown::Take, Verdict::Take), (WhenDown::Refuse, Verdict::Away)] {
            assert_eq!(scanner(address.clone(), when_down).judge(b"photo").await, verdict, "{address:?}");
        }
    }
}

#[tokio::test]
async fn a_scanner_that_hangs_is_left_alone_for_a_while() {
    let clamd = scanner(played(Plays::Silent).await, WhenDown::Take);
    clamd.judge(b"photo").await;
    let start = Instant::now();
    for _ in 0..20 {
        assert_eq!(clamd.judge(b"photo").await, Verdict::Take);
    }
    assert!(start.elapsed() < Duration::from_millis(900), "nobody waits for it again: {:?}", start.elapsed());
}

#[test]
fn addresses_are_read() {
    for good in ["tcp://127.0.0.1:3310", "tcp://clamav.city.example:3310", "tcp://[::1]:3310", "unix:/run/clamd.ctl"] {
        assert!(good.parse::<Address>().is_ok(), "{good}");
    }
    for bad in [
        "",
        "127.0.0.1:3310",
        "tcp://",
        "tcp://host",
        "tcp://:1",
        "tcp://h:0",
        "tcp://u@h:1",
        "unix:clamd",
        "http://h:1",
    ] {
        let fault = bad.parse::<Address>().unwrap_err();
        assert!(fault.field == "photos.clamd" && fault.message.contains("tcp://127.0.0.1:3310"), "{bad}");
    }
}

/// The real one, when it is there: `deploy/dev/up DIR scan`.
#[tokio::test]
async fn the_real_scanner_finds_it_too() {
    let Ok(address) = std::env::var("VOORDEUR_TEST_CLAMD") else {
        assert!(std::env::var("VOORDEUR_TEST_ALL").is_err(), "VOORDEUR_TEST_CLAMD must name a scanner");
        return;
    };
    let patience = Duration::from_secs(10);
    let clamd = Config { address: address.parse().unwrap(), when_down: WhenDown::Refuse, patience }.build();
    clamd.ping().await.unwrap();
    let finding = clamd.scan(&eicar()).await;
    assert!(matches!(&finding, Finding::Malware(name) if name.starts_with("Eicar-Test")), "{finding:?}");
    assert_eq!(clamd.scan(b"a photo").await, Finding::Clean);
    let finding = clamd.scan(&vec![1; 3_000_000]).await;
    assert!(matches!(&finding, Finding::Unknown(why) if why.contains("StreamMaxLength")), "{finding:?}");
}
