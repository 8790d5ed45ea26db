//! Addresses and the way between them: what the network plugin does.

mod interfaces;

pub use interfaces::{bridge_address, interface_addresses};
