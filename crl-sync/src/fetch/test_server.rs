//! A server for tests that says exactly what it is told to, octet by octet.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::source::Location;

/// Answers every connection with the same octets.
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

/// Starts a server.
pub(crate) async fn serve(answer: impl Into<Vec<u8>>, then: Then) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::nowhere(listener.local_addr().unwrap());
    let (answer, requests) = (answer.into(), Arc::clone(&server.requests));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(exchange(
                stream,
                answer.clone(),
                then,
                Arc::clone(&requests),
            ));
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

    /// A location on it that takes ten octets.
    pub(crate) fn location(&self) -> Location {
        Location {
            url: Url::parse(&format!("http://{}/list.crl", self.address)).unwrap(),
            redirect_hosts: Vec::new(),
            max_bytes: 10,
            timeout: Duration::from_secs(20),
        }
    }

    /// The heads of the requests so far, in lowercase.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}
