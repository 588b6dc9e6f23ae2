//! Whole attempts through the public interface: lists of a throw-away JPKI over HTTP into a SQLite file, and what a
//! reader of that file then finds.

mod links;
mod lists;
mod phases;
mod service;
mod world;
