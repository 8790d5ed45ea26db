//! Which controllers there are, how they run, and which Ingresses each of them takes.

use crate::manifest::ObjectRef;
use crate::manifest::api::meta::Labels;
use crate::manifest::api::networking_v1::Ingress;
use crate::model::{IngressProfile, PodId, Snapshot, Stored};
use crate::order::SliceOrder;
use std::collections::BTreeMap;

/// `spec.controller` of ingress-nginx.
pub(crate) const INGRESS_NGINX: &str = "k8s.io/ingress-nginx";
/// The annotation that came before `spec.ingressClassName`.
pub(crate) const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

/// Controllers that are told by the image of their pods: `spec.controller`, part of the image name, and
/// the class that their legacy annotation names.
const KNOWN: &[(&str, &str, &str)] = &[
    (INGRESS_NGINX, "ingress-nginx/controller", "nginx"),
    (INGRESS_NGINX, "nginx-ingress-controller", "nginx"),
    ("nginx.org/ingress-controller", "nginx/nginx-ingress", "nginx"),
    ("traefik.io/ingress-controller", "traefik", "traefik"),
    ("haproxy.org/ingress-controller/haproxy", "haproxytech/kubernetes-ingress", "haproxy"),
    ("haproxy-ingress.github.io/controller", "haproxy-ingress", "haproxy"),
    ("projectcontour.io/projectcontour/contour", "projectcontour/contour", "contour"),
    ("ingress-controllers.konghq.com/kong", "kong/kubernetes-ingress-controller", "kong"),
    ("cilium.io/ingress-controller", "cilium/cilium", "cilium"),
    ("istio.io/ingress-controller", "istio/proxyv2", "istio"),
];

/// Flags of ingress-nginx that change routing.
// ingress-nginx: pkg/flags/flags.go
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) ingress_class: String,
    pub(crate) controller_class: String,
    pub(crate) by_name: bool,
    pub(crate) watch_without_class: bool,
    pub(crate) disable_catch_all: bool,
    pub(crate) default_backend: Option<String>,
    pub(crate) default_certificate: Option<String>,
    pub(crate) publish_service: Option<String>,
    pub(crate) publish_address: Vec<String>,
    pub(crate) watch_namespace: String,
    pub(crate) config_map: Option<String>,
    pub(crate) disable_external_name: bool,
    pub(crate) ssl_passthrough: bool,
    pub(crate) http_port: u16,
    pub(crate) https_port: u16,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            ingress_class: "nginx".into(),
            controller_class: INGRESS_NGINX.into(),
            by_name: false,
            watch_without_class: false,
            disable_catch_all: false,
            default_backend: None,
            default_certificate: None,
            publish_service: None,
            publish_address: Vec::new(),
            watch_namespace: String::new(),
            config_map: None,
            disable_external_name: false,
            ssl_passthrough: false,
            http_port: 80,
            https_port: 443,
        }
    }
}

impl Flags {
    fn parse(arguments: &[String]) -> Self {
        let mut flags = Self::default();
        let mut rest = arguments.iter().peekable();
        while let Some(argument) = rest.next() {
            let Some(flag) = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-')) else {
                continue;
            };
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => match rest.peek().filter(|next| !next.starts_with('-')) {
                    Some(next) => (flag, (*next).clone()),
                    None => (flag, "true".to_owned()),
                },
            };
            let is_true = value != "false";
            match name {
                "ingress-class" => flags.ingress_class = value,
                "controller-class" => flags.controller_class = value,
                "ingress-class-by-name" => flags.by_name = is_true,
                "watch-ingress-without-class" => flags.watch_without_class = is_true,
                "disable-catch-all" => flags.disable_catch_all = is_true,
                "default-backend-service" => flags.default_backend = Some(value),
                "default-ssl-certificate" => flags.default_certificate = Some(value),
                "publish-service" => flags.publish_service = Some(value),
                "publish-status-address" => {
                    flags.publish_address = value.split(',').map(|part| part.trim().to_owned()).collect();
                }
                "watch-namespace" => flags.watch_namespace = value,
                "configmap" => flags.config_map = Some(value),
                "enable-ssl-passthrough" => flags.ssl_passthrough = is_true,
                "disable-svc-external-name" => flags.disable_external_name = is_true,
                "http-port" => flags.http_port = value.parse().unwrap_or(80),
                "https-port" => flags.https_port = value.parse().unwrap_or(443),
                _ => {}
            }
        }
        flags
    }
}

/// One controller: its classes, its pods and how it was started.
#[derive(Clone, Debug)]
pub(crate) struct Controller {
    pub(crate) name: String,
    pub(crate) profile: IngressProfile,
    pub(crate) classes: Vec<String>,
    /// The legacy annotation value it takes.
    pub(crate) annotation: String,
    pub(crate) workload: Option<ObjectRef>,
    pub(crate) pods: Vec<PodId>,
    pub(crate) flags: Flags,
    pub(crate) config: Labels,
    /// Whether classes can be read at all (RBAC); else only the annotation counts.
    pub(crate) reads_classes: bool,
}

/// Why an Ingress is not this controller's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotClaimed {
    /// `spec.ingressClassName` names a class that does not exist.
    NoSuchClass(String),
    /// The class belongs to another controller.
    OtherController { class: String, controller: String },
    /// The legacy annotation names something else.
    OtherAnnotation(String),
    /// Neither field nor annotation.
    NoClass,
    /// The flag `--disable-catch-all`.
    CatchAllDisabled,
    /// The flag `--watch-namespace`.
    OtherNamespace,
}

impl Controller {
    /// Whether it takes `ingress`.
    // ingress-nginx: internal/ingress/controller/store/store.go GetIngressClass
    pub(crate) fn claims(&self, snapshot: &Snapshot, stored: &Stored<Ingress>) -> Result<(), NotClaimed> {
        let ingress = &stored.value;
        let namespace = &self.flags.watch_namespace;
        if !namespace.is_empty() && *namespace != namespace_of(stored) {
            return Err(NotClaimed::OtherNamespace);
        }
        self.claims_class(snapshot, ingress)?;
        if self.flags.disable_catch_all
            && ingress.spec.rules.is_empty()
            && ingress.spec.default_backend.is_some()
        {
            return Err(NotClaimed::CatchAllDisabled);
        }
        Ok(())
    }

    fn claims_class(&self, snapshot: &Snapshot, ingress: &Ingress) -> Result<(), NotClaimed> {
        let class = ingress.spec.ingress_class_name.as_ref().filter(|_| self.reads_classes);
        if let Some(class) = class {
            if self.classes.contains(class) {
                return Ok(());
            }
            let known = snapshot.ingress_classes.iter().find(|stored| stored.value.metadata.name == *class);
            return Err(match known {
                Some(stored) => NotClaimed::OtherController {
                    class: class.clone(),
                    controller: stored.value.spec.controller.clone(),
                },
                None => NotClaimed::NoSuchClass(class.clone()),
            });
        }
        if let Some(value) = ingress.metadata.annotations.get(CLASS_ANNOTATION) {
            let takes = if self.profile == IngressProfile::IngressNginx {
                *value == self.annotation
            } else {
                *value == self.annotation || self.classes.contains(value)
            };
            return if takes { Ok(()) } else { Err(NotClaimed::OtherAnnotation(value.clone())) };
        }
        if self.flags.watch_without_class { Ok(()) } else { Err(NotClaimed::NoClass) }
    }

    /// The objects behind `pods`.
    pub(crate) fn pod_refs(&self, snapshot: &Snapshot) -> Vec<ObjectRef> {
        self.pods.iter().filter_map(|pod| snapshot.pod_ref(*pod)).collect()
    }
}

/// Every controller that the cluster shows: by its pods, else by its IngressClasses.
pub(crate) fn discover(snapshot: &Snapshot) -> Vec<Controller> {
    let mut found: Vec<Controller> = by_pods(snapshot);
    for class in &snapshot.ingress_classes {
        let name = &class.value.spec.controller;
        let taken = found.iter().any(|controller| controller.name == *name);
        if !taken && !name.is_empty() {
            found.push(without_pods(snapshot, name));
        }
    }
    let settings = &snapshot.settings.ingress;
    if found.is_empty() && (settings.assume_controller || settings.profile.is_some()) {
        found.push(without_pods(snapshot, INGRESS_NGINX));
    }
    for controller in &mut found {
        let by_class = |stored: &&Stored<crate::manifest::api::networking_v1::IngressClass>| {
            stored.value.spec.controller == controller.name
                || (controller.flags.by_name && stored.value.metadata.name == controller.flags.ingress_class)
        };
        let classes = snapshot.ingress_classes.iter().filter(by_class);
        controller.classes = classes.map(|stored| stored.value.metadata.name.clone()).collect();
    }
    found
}

fn profile_of(snapshot: &Snapshot, name: &str) -> IngressProfile {
    let by_name = if name == INGRESS_NGINX { IngressProfile::IngressNginx } else { IngressProfile::Spec };
    snapshot.settings.ingress.profile.unwrap_or(by_name)
}

fn without_pods(snapshot: &Snapshot, name: &str) -> Controller {
    let annotation = KNOWN.iter().find(|(known, ..)| known == &name).map_or("", |(_, _, class)| *class);
    Controller {
        name: name.to_owned(),
        profile: profile_of(snapshot, name),
        classes: Vec::new(),
        annotation: annotation.to_owned(),
        workload: None,
        pods: Vec::new(),
        flags: Flags { controller_class: name.to_owned(), ..Flags::default() },
        config: Labels::new(),
        reads_classes: snapshot.settings.ingress.reads_classes,
    }
}

fn by_pods(snapshot: &Snapshot) -> Vec<Controller> {
    let mut groups: BTreeMap<String, Controller> = BTreeMap::new();
    for (index, pod) in snapshot.pods.iter().enumerate() {
        let id = PodId(index as u32);
        let known = pod.spec.containers.iter().find_map(|container| {
            let row = KNOWN.iter().find(|(_, image, _)| container.image.contains(image))?;
            Some((container, row))
        });
        let Some((container, (name, _, annotation))) = known else { continue };
        let Some(object) = pod.workload.clone().or_else(|| snapshot.pod_ref(id)) else { continue };
        let group = groups.entry(object.to_string()).or_insert_with(|| {
            let arguments: Vec<String> = container.command.iter().chain(&container.args).cloned().collect();
            let is_nginx = *name == INGRESS_NGINX;
            let flags = if is_nginx { Flags::parse(&arguments) } else { Flags::default() };
            let namespace = snapshot.namespace_name(pod.namespace);
            let name = if is_nginx { flags.controller_class.clone() } else { (*name).to_owned() };
            let annotation = if is_nginx { flags.ingress_class.clone() } else { (*annotation).to_owned() };
            let profile = if is_nginx {
                snapshot.settings.ingress.profile.unwrap_or(IngressProfile::IngressNginx)
            } else {
                profile_of(snapshot, &name)
            };
            Controller {
                profile,
                name,
                classes: Vec::new(),
                annotation,
                workload: pod.workload.clone(),
                pods: Vec::new(),
                config: config_map(snapshot, namespace, flags.config_map.as_deref()),
                flags,
                reads_classes: snapshot.settings.ingress.reads_classes,
            }
        });
        group.pods.push(id);
    }
    groups.into_values().collect()
}

/// The ConfigMap of `--configmap=$(POD_NAMESPACE)/ingress-nginx-controller`.
fn config_map(snapshot: &Snapshot, pod_namespace: &str, name: Option<&str>) -> Labels {
    let Some((namespace, name)) = name.and_then(|name| name.split_once('/')) else { return Labels::new() };
    let namespace = if namespace == "$(POD_NAMESPACE)" { pod_namespace } else { namespace };
    let found = snapshot
        .config_maps
        .iter()
        .find(|stored| namespace_of(stored) == namespace && stored.object.name == name);
    found.map(|stored| stored.value.data.clone()).unwrap_or_default()
}

/// The namespace of an object in the cluster.
pub(crate) fn namespace_of<T>(stored: &Stored<T>) -> &str {
    stored.object.namespace.as_deref().unwrap_or_default()
}

/// Ingresses of one controller, oldest first; equal times: ingress-nginx takes the greater name first.
/// Objects without a creation time were created after those with one, in input order.
// ingress-nginx: internal/ingress/controller/store/store.go sortIngressSlice
pub(crate) fn by_age(snapshot: &Snapshot) -> Vec<u32> {
    let mut order: Vec<u32> = (0..snapshot.ingresses.len() as u32).collect();
    let time = |index: &u32| {
        let stored = snapshot.ingresses.get(*index as usize)?;
        super::tls::seconds(stored.value.metadata.creation_timestamp.as_deref()?)
    };
    order.order_by(|a, b| match (time(a), time(b)) {
        (Some(x), Some(y)) if x == y => {
            let name =
                |index: &u32| snapshot.ingresses.get(*index as usize).map(|stored| stored.object.clone());
            name(b).cmp(&name(a))
        }
        (Some(x), Some(y)) => x.cmp(&y),
        (Some(_), None) => std::cmp::Ordering::Less,
        (None, Some(_)) => std::cmp::Ordering::Greater,
        (None, None) => a.cmp(b),
    });
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_in_both_forms() {
        let arguments: Vec<String> = [
            "/nginx-ingress-controller",
            "--ingress-class=test",
            "--watch-ingress-without-class",
            "--publish-service",
            "a/b",
            "--disable-catch-all=false",
        ]
        .map(String::from)
        .to_vec();
        let flags = Flags::parse(&arguments);
        assert_eq!(flags.ingress_class, "test");
        assert!(flags.watch_without_class && !flags.disable_catch_all);
        assert_eq!(flags.publish_service.as_deref(), Some("a/b"));
    }
}
