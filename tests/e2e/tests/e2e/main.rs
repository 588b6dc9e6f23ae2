//! The main job through the real ports, in one process and in many.

mod agency;
mod faults;
mod operations;
mod sign_in;
