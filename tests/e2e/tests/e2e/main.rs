//! The main job through the real ports, in one process and in many.

mod access;
mod agency;
mod architecture;
mod demo;
mod faults;
mod hostile_input;
mod hygiene;
mod ocsp;
mod operations;
mod pages;
mod real_clients;
mod sign_in;
mod signature_pages;
mod visitor;
