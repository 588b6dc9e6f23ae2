//! Drives the shipped binary through its real ports: browsers, gRPC clients, killed processes.

pub mod accessibility;
pub mod browser;
pub mod by_hand;
pub mod callers;
pub mod findings;
pub mod freshness;
pub mod health;
pub mod process;
pub mod raw_http;
mod sign_in;
pub mod small_disk;
pub mod system;
pub mod tls;
pub mod wire;
pub mod world;
