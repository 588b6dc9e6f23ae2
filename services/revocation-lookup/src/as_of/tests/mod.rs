//! Tests of the rule.

mod cases;
mod now;
mod worlds;
