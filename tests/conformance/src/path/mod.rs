//! Hierarchies of every shape, right and wrong: keys, parties, extension values, and a whole question about a path.

mod key;
mod party;
pub mod values;
mod world;

pub use key::Key;
pub use party::{Party, bare, extended, revoked, unnamed};
pub use world::{HOUR, Tier, World};
