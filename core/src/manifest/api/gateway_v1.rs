//! `gateway.networking.k8s.io`; filled by the gateway room as its kinds arrive.
