//! gRPC below the generated clients: any octets as a message, any request on a connection.

use anyhow::{Context as _, Result};
use bytes::{Buf as _, BufMut as _, Bytes};
use http::uri::PathAndQuery;
use http_body_util::{BodyExt as _, Full};
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Request, Status};
use tower::{Service as _, ServiceExt as _};

/// Sends octets as the one message of a call: the answer's octets, or the status.
pub async fn call(
    channel: &Channel,
    method: &str,
    message: Vec<u8>,
) -> Result<Result<Vec<u8>, Status>> {
    let mut grpc = Grpc::new(channel.clone()).max_encoding_message_size(usize::MAX);
    grpc.ready().await.context("connecting")?;
    let path = PathAndQuery::try_from(method)?;
    let answer = grpc.unary(Request::new(message), path, OctetsCodec).await;
    Ok(answer.map(tonic::Response::into_inner))
}

/// How a server answered a request that may be no gRPC at all.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `grpc-status`, from the head or the trailers.
    pub grpc_status: Option<String>,
    /// `grpc-message`, as it stands there.
    pub grpc_message: Option<String>,
    /// Every header and trailer but the date, in order of their names.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Bytes,
}

/// Sends any request on a connection.
pub async fn send(channel: &Channel, request: http::Request<Vec<u8>>) -> Result<Answer> {
    let (parts, body) = request.into_parts();
    let request = http::Request::from_parts(parts, Body::new(Full::new(Bytes::from(body))));
    let mut channel = channel.clone();
    let response = channel.ready().await?.call(request).await?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.context("reading the answer")?;
    let trailers = body.trailers().cloned().unwrap_or_default();
    let mut headers: Vec<(String, Vec<u8>)> = head
        .headers
        .iter()
        .chain(&trailers)
        .filter(|(name, _)| *name != http::header::DATE)
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect();
    headers.sort();
    let text = |wanted: &str| {
        headers
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    Ok(Answer {
        status: head.status.as_u16(),
        grpc_status: text("grpc-status"),
        grpc_message: text("grpc-message"),
        headers,
        body: body.to_bytes(),
    })
}

/// A gRPC request as [`send`] takes it: one message in its frame.
pub fn framed(method: &str, message: &[u8]) -> Result<http::Request<Vec<u8>>> {
    let length = u32::try_from(message.len())?;
    request(method, [&[0][..], &length.to_be_bytes(), message].concat())
}

/// A gRPC request whose body need not be a frame.
pub fn request(method: &str, body: Vec<u8>) -> Result<http::Request<Vec<u8>>> {
    Ok(http::Request::post(format!("https://akashi.test{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(body)?)
}

/// A protobuf field of octets or text.
pub fn octets_field(number: u64, octets: &[u8]) -> Vec<u8> {
    [
        varint(number << 3 | 2),
        varint(octets.len() as u64),
        octets.to_vec(),
    ]
    .concat()
}

/// A protobuf field of a number.
pub fn number_field(number: u64, value: u64) -> Vec<u8> {
    [varint(number << 3), varint(value)].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut octets = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        if value == 0 {
            octets.push(low);
            return octets;
        }
        octets.push(low | 0x80);
    }
}

/// Messages as they are.
#[derive(Clone, Copy, Debug)]
struct OctetsCodec;

impl Codec for OctetsCodec {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for OctetsCodec {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for OctetsCodec {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining()).to_vec()))
    }
}
