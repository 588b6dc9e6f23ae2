//! A server for tests that says exactly what it is told to, octet by octet.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::access::Access;
use crate::location::{HttpLocation, Location, Transport};

/// Answers every connection with the octets that are its turn.
pub(crate) struct Server {
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

/// What it does once they are sent.
#[derive(Clone, Copy)]
pub(crate) enum Then {
    /// Closes the connection.
    Close,
    /// Keeps it open without another word.
    Stall,
    /// Sends so many more, four a second, and closes.
    Drip { octets: usize },
}

/// Starts a server that always says the same.
pub(crate) async fn serve(answer: impl Into<Vec<u8>>, then: Then) -> Server {
    serve_each(vec![(answer.into(), then)]).await
}

/// Starts a server that says one thing after the other, and the last of them from then on.
pub(crate) async fn serve_each(answers: Vec<(Vec<u8>, Then)>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::nowhere(listener.local_addr().unwrap());
    let requests = Arc::clone(&server.requests);
    tokio::spawn(async move {
        for turn in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            let (answer, then) = answers[answers.len().min(turn + 1) - 1].clone();
            tokio::spawn(exchange(stream, answer, then, Arc::clone(&requests)));
        }
    });
    server
}

async fn exchange(
    mut stream: TcpStream,
    answer: Vec<u8>,
    then: Then,
    requests: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await?);
    }
    requests
        .lock()
        .unwrap()
        .push(String::from_utf8(request).unwrap().to_ascii_lowercase());
    stream.write_all(&answer).await?;
    match then {
        Then::Close => Ok(()),
        Then::Stall => std::future::pending().await,
        Then::Drip { octets } => {
            for _ in 0..octets {
                tokio::time::sleep(Duration::from_millis(250)).await;
                stream.write_all(b"0").await?;
            }
            Ok(())
        }
    }
}

impl Server {
    /// One that nobody listens for.
    pub(crate) fn nowhere(address: SocketAddr) -> Self {
        Self {
            address: address.to_string(),
            requests: Arc::default(),
        }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/list.crl", self.address)
    }

    /// A location on it that takes ten octets.
    pub(crate) fn location(&self) -> Location {
        self.location_led_to(&[])
    }

    /// The same, which may be redirected to these hosts.
    pub(crate) fn location_led_to(&self, hosts: &[&str]) -> Location {
        Location {
            transport: Transport::Http(HttpLocation {
                url: Url::parse(&self.url()).unwrap(),
                redirect_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
                access: Access::default(),
            }),
            max_bytes: 10,
            timeout: Duration::from_secs(20),
        }
    }

    /// The heads of the requests so far, in lowercase.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}
