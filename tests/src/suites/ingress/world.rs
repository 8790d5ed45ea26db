//! The cluster around a case: a controller that runs, its class, and what the backends name.

use super::{certificate, items, text, yaml};
use kubehop::{Cluster, Settings, Source};
use serde_yaml::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a case says about its surroundings.
#[derive(Debug, Default)]
pub struct World<'a> {
    pub objects: Vec<&'a Value>,
    /// Flags of the controller.
    pub flags: Vec<String>,
    /// Keys of its ConfigMap.
    pub config: Option<&'a Value>,
    /// Services that are not as usual: `missing`, `no endpoints`, `type ExternalName …`.
    pub services: Option<&'a Value>,
    /// Ready endpoints per Service; one unless said.
    pub replicas: Option<&'a Value>,
    /// Secrets and the names their certificates cover.
    pub secrets: Vec<(String, Vec<String>)>,
    /// The Secret that is not there.
    pub absent_secret: String,
    pub reads_classes: bool,
    /// `spec` or `ingress-nginx`.
    pub spec: bool,
}

const CLASS: &str = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: nginx}\nspec: {controller: k8s.io/ingress-nginx}\n";
const SPEC_CLASS: &str = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: spec}\nspec: {controller: traefik.io/ingress-controller}\n";

impl World<'_> {
    /// The cluster, stored as given: nothing is defaulted or validated.
    pub fn cluster(&self) -> Cluster {
        let mut settings = Settings { stored: true, ..Settings::default() };
        settings.ingress.reads_classes = self.reads_classes;
        let documents = self.documents();
        let sources =
            documents.into_iter().enumerate().map(|(n, text)| Source::new(format!("{n}.yaml"), text));
        Cluster::load(sources, &settings)
    }

    fn documents(&self) -> Vec<String> {
        let mut documents = vec![self.controller(), self.entry()];
        let has_class = self.objects.iter().any(|object| text(object, "kind") == "IngressClass");
        if self.spec {
            documents.push(SPEC_CLASS.into());
        } else if !has_class {
            documents.push(CLASS.into());
        }
        if let Some(config) = self.config {
            let data: serde_yaml::Mapping = config.as_mapping().cloned().unwrap_or_default();
            documents.push(format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: controller, namespace: ingress}}\ndata: {}\n",
                serde_json::to_string(&data).unwrap_or_default()
            ));
        }
        for object in &self.objects {
            let mut object = (*object).clone();
            let no_class = object.get("spec").is_some_and(|spec| spec.get("ingressClassName").is_none());
            if self.spec && text(&object, "kind") == "Ingress" && no_class {
                object["spec"]["ingressClassName"] = "spec".into();
            }
            documents.push(yaml(&object));
        }
        documents.extend(self.backends());
        documents.extend(self.tls());
        documents
    }

    fn controller(&self) -> String {
        let image = if self.spec { "traefik:v3" } else { "registry.k8s.io/ingress-nginx/controller:v1.15.1" };
        let mut arguments = self.flags.clone();
        if self.config.is_some() {
            arguments.push("--configmap=$(POD_NAMESPACE)/controller".into());
        }
        if !arguments.iter().any(|argument| argument.contains("publish")) {
            arguments.push("--publish-service=$(POD_NAMESPACE)/controller".into());
        }
        let arguments = serde_json::to_string(&arguments).unwrap_or_default();
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: controller, namespace: ingress, labels: {{app: controller}}}}\n\
             spec:\n  nodeName: node-a\n  containers:\n  - name: controller\n    image: {image}\n    args: {arguments}\n    \
             ports: [{{containerPort: 80, protocol: TCP}}, {{containerPort: 443, protocol: TCP}}]\n\
             status: {{phase: Running, podIP: 10.244.0.9, podIPs: [{{ip: 10.244.0.9}}], conditions: [{{type: Ready, status: 'True'}}]}}\n"
        )
    }

    fn entry(&self) -> String {
        "apiVersion: v1\nkind: Service\nmetadata: {name: controller, namespace: ingress}\n\
         spec: {type: LoadBalancer, clusterIP: 10.96.0.9, clusterIPs: [10.96.0.9], selector: {app: controller}, externalTrafficPolicy: Local, \
         ports: [{name: http, port: 80, targetPort: 80, nodePort: 30080, protocol: TCP}, {name: https, port: 443, targetPort: 443, nodePort: 30443, protocol: TCP}]}\n\
         status: {loadBalancer: {ingress: [{ip: 203.0.113.1}]}}\n"
            .into()
    }

    /// Namespace and name of every Service that an Ingress names, with the ports it names.
    fn named(&self) -> BTreeMap<(String, String), BTreeSet<String>> {
        let mut named: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        for object in self.objects.iter().filter(|object| text(object, "kind") == "Ingress") {
            let namespace = namespace(object);
            let spec = &object["spec"];
            let paths = items(&spec["rules"]).iter().flat_map(|rule| items(&rule["http"]["paths"]));
            let backends = paths.map(|path| &path["backend"]).chain([&spec["defaultBackend"]]);
            for service in backends.filter_map(|backend| backend.get("service")) {
                let port = match service["port"]["number"].as_u64() {
                    Some(number) => number.to_string(),
                    None => text(&service["port"], "name").to_owned(),
                };
                named.entry((namespace.clone(), text(service, "name").into())).or_default().insert(port);
            }
            let fallback =
                object["metadata"]["annotations"]["nginx.ingress.kubernetes.io/default-backend"].as_str();
            if let Some(name) = fallback {
                named.entry((namespace, name.into())).or_default().insert("80".into());
            }
        }
        for flag in &self.flags {
            if let Some((namespace, name)) =
                flag.strip_prefix("--default-backend-service=").and_then(|name| name.split_once('/'))
            {
                named.entry((namespace.into(), name.into())).or_default().insert("80".into());
            }
        }
        named
    }

    fn backends(&self) -> Vec<String> {
        let given = |namespace: &str, name: &str| {
            self.objects.iter().any(|object| {
                text(object, "kind") == "Service"
                    && text(&object["metadata"], "name") == name
                    && super::world::namespace(object) == namespace
            })
        };
        let mut documents = Vec::new();
        for (number, ((namespace, name), ports)) in self.named().into_iter().enumerate() {
            if given(&namespace, &name) {
                continue;
            }
            let how = self.services.map_or("", |services| text(services, &name));
            if how.starts_with("missing") {
                continue;
            }
            if how.contains("ExternalName") {
                let ports = if how.contains("no ports") {
                    "[]"
                } else {
                    "[{name: http, port: 80, targetPort: 80, protocol: TCP}]"
                };
                documents.push(format!(
                    "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
                     spec: {{type: ExternalName, externalName: example.org, ports: {ports}}}\n"
                ));
                continue;
            }
            let ports: Vec<(String, u16)> = ports
                .iter()
                .enumerate()
                .map(|(n, port)| match port.parse() {
                    Ok(number) => (format!("p{number}"), number),
                    Err(_) => (port.clone(), 20000 + n as u16),
                })
                .collect();
            let service_ports: Vec<String> = ports
                .iter()
                .map(|(name, port)| {
                    format!("{{name: {name}, port: {port}, targetPort: {port}, protocol: TCP}}")
                })
                .collect();
            documents.push(format!(
                "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
                 spec: {{type: ClusterIP, clusterIP: 10.97.0.{number}, clusterIPs: [10.97.0.{number}], ports: [{}]}}\n",
                service_ports.join(", ")
            ));
            let count = self.replicas.and_then(|replicas| replicas[name.as_str()].as_u64()).unwrap_or(1);
            let count = if how.starts_with("no endpoints") { 0 } else { count };
            let endpoints: Vec<String> = (1..=count)
                .map(|n| format!("{{addresses: [10.250.{number}.{n}], conditions: {{ready: true}}}}"))
                .collect();
            let slice_ports: Vec<String> = ports
                .iter()
                .map(|(name, port)| format!("{{name: {name}, port: {port}, protocol: TCP}}"))
                .collect();
            documents.push(format!(
                "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: {name}-1, namespace: {namespace}, \
                 labels: {{kubernetes.io/service-name: {name}}}}}\naddressType: IPv4\nports: [{}]\nendpoints: [{}]\n",
                slice_ports.join(", "),
                endpoints.join(", ")
            ));
        }
        documents
    }

    fn tls(&self) -> Vec<String> {
        let mut secrets: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for object in self.objects.iter().filter(|object| text(object, "kind") == "Ingress") {
            for entry in items(&object["spec"]["tls"]) {
                let name = text(entry, "secretName").to_owned();
                let known = self.secrets.iter().find(|(secret, _)| *secret == name);
                let names = match known {
                    Some((_, names)) => names.clone(),
                    None if self.spec => continue,
                    None => items(&entry["hosts"])
                        .iter()
                        .filter_map(|host| host.as_str().map(String::from))
                        .collect(),
                };
                if !name.is_empty() && name != self.absent_secret {
                    secrets.entry((namespace(object), name)).or_default().extend(names);
                }
            }
        }
        secrets
            .into_iter()
            .map(|((namespace, name), names)| certificate::secret(&namespace, &name, &names))
            .collect()
    }
}

/// The namespace of an object, `default` when absent.
pub fn namespace(object: &Value) -> String {
    let namespace = text(&object["metadata"], "namespace");
    if namespace.is_empty() { "default".into() } else { namespace.into() }
}
