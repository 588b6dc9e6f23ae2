//! Leaves and lists as JPKI has them, each right but for one thing, judged by both ways: as the
//! services do it, and as a path is validated offline.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

mod cases;
mod differences;
mod genuine;
mod matrix;
mod next_card;
mod permutations;
mod scene;
mod table;
mod ways;
mod world;
