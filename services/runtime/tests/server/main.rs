//! The gRPC server and client of the runtime against each other, over real connections.

mod access;
mod drain;
mod observe;
mod support;
mod tls;
