//! Whole attempts through the public interface: lists of a throw-away JPKI over HTTP into a SQLite file, and what a
//! reader of that file then finds.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod deltas;
mod directory;
mod faults;
mod files;
mod folders;
mod hostile;
mod links;
mod lists;
mod memory;
mod originals;
mod phases;
mod removals;
mod restored;
mod service;
mod workers;
mod world;
