//! `k8s.io/api/discovery/v1`.

use super::core_v1::ObjectReference;
use super::meta::ObjectMeta;
use crate::manifest::read::api;

api! {
    /// Some of the endpoints of a Service.
    EndpointSlice {
        "metadata" metadata: ObjectMeta,
        "addressType" address_type: String,
        "endpoints" endpoints: Vec<Endpoint>,
        "ports" ports: Vec<EndpointPort>,
    }
    /// One endpoint.
    Endpoint {
        "addresses" addresses: Vec<String>,
        "conditions" conditions: EndpointConditions,
        "hostname" hostname: Option<String>,
        "targetRef" target_ref: Option<ObjectReference>,
        "nodeName" node_name: Option<String>,
        "zone" zone: Option<String>,
        "hints" hints: Option<EndpointHints>,
    }
    /// Conditions; an absent `ready` means ready, an absent `serving` equals ready.
    EndpointConditions {
        "ready" ready: Option<bool>,
        "serving" serving: Option<bool>,
        "terminating" terminating: Option<bool>,
    }
    /// For whom an endpoint is meant.
    EndpointHints { "forZones" for_zones: Vec<ForName>, "forNodes" for_nodes: Vec<ForName> }
    /// A zone or node by name.
    ForName { "name" name: String }
    /// One port of a slice; no number means all ports.
    EndpointPort {
        "name" name: Option<String>,
        "protocol" protocol: Option<String>,
        "port" port: Option<i32>,
        "appProtocol" app_protocol: Option<String>,
    }
}
