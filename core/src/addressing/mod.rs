//! Addresses and the way between them: what the network plugin does.
//!
//! Modelled: plugins that give each node a pod CIDR and hand out addresses with host-local: flannel
//! (VXLAN and host-gw), kindnet, the reference bridge plugin; Calico's IPIP as far as it is the same.
//!
//! **Not** modelled: address pools apart from the node's pod CIDR (Calico blocks, Cilium pools, cloud
//! plugins), several networks per pod.

mod explain;
mod interfaces;
mod masquerade;
mod origin;
mod path;
#[cfg(test)]
mod tests;

pub use interfaces::{bridge_address, egress_address, interface_addresses, tunnel_address};
pub use masquerade::{PluginMasquerade, plugin_masquerade};
pub use origin::{AddressOrigin, AddressRole, origin};
pub use path::{Leg, TunnelHeader, Way, path};
