//! PEM armour.
