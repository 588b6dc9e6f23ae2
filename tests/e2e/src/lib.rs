//! Drives the shipped binary through its real ports: browsers, gRPC clients, killed processes.

pub mod browser;
pub mod callers;
pub mod freshness;
pub mod health;
pub mod process;
mod sign_in;
pub mod system;
pub mod world;
