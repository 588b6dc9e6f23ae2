//! The load benchmark: the shipped binary, each role its own process over mutual TLS on loopback, compared with limits
//! that are measured in the same run.
//!
//! A figure alone says more about the machine than about Akashi. So each is a ratio to a limit: a server of the same
//! builder, contract, messages, TLS and load that does nothing ([`echo`]), and one bare signature check ([`rsa`]). What
//! is compared is measured in turns ([`rounds`]), many times, and the median is told. CPU time of the server's process
//! is the figure to trust where client and servers share their cores; requests a second depend on who gets them.

pub mod bare_database;
pub mod batch;
pub mod binary;
pub mod child;
pub mod client;
pub mod command;
pub mod cpu;
pub mod durable;
pub mod echo;
pub mod exact;
pub mod gateway;
pub mod index_figures;
pub mod index_report;
pub mod index_serials;
pub mod installation;
pub mod leaf;
pub mod leaf_report;
pub mod limits;
pub mod list_source;
pub mod lists_command;
pub mod measured;
pub mod ocsp;
pub mod open_loop;
pub mod partitions;
pub mod path;
pub mod questions;
pub mod ratios;
pub mod report;
pub mod resync;
pub mod resync_questions;
pub mod rounds;
pub mod rsa;
pub mod start;
pub mod sync;
pub mod sync_once;
pub mod transport;
pub mod turns;
pub mod visible;
mod visible_list;
