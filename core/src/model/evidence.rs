//! From a decision to the object, field and position behind it.

use super::{Origin, Pod, PodId, ServiceId, Snapshot, Stored};
use crate::manifest::{Evidence, Node, ObjectId, ObjectRef};

/// A field path below a prefix.
pub(crate) fn join(prefix: &str, field: &str) -> String {
    match (prefix.is_empty(), field.is_empty()) {
        (true, _) => field.to_owned(),
        (_, true) => prefix.to_owned(),
        _ if field.starts_with('[') => format!("{prefix}{field}"),
        _ => format!("{prefix}.{field}"),
    }
}

impl Snapshot {
    /// The object, field and position behind a decision. For a pod that a workload made, that is the
    /// workload's manifest and a path inside its template; `object` names things without a manifest.
    pub fn evidence(&self, object: ObjectRef, origin: &Origin, field: &str) -> Evidence {
        match origin {
            Origin::ControlPlane => Evidence { object, field: field.to_owned(), place: None },
            Origin::Manifest { object: id, prefix } => {
                let field = join(prefix, field);
                let id = ObjectId(*id);
                let place = Some(self.manifests.place(id, &field));
                let object = if prefix.is_empty() { object } else { self.reference(id).unwrap_or(object) };
                Evidence { object, field, place }
            }
        }
    }

    /// An object of the input as it is named in the cluster.
    fn reference(&self, id: ObjectId) -> Option<ObjectRef> {
        let object = self.manifests.objects().get(id.index())?;
        Some(super::intake::reference(object))
    }

    /// The object of the input behind something, for what the typed objects leave out.
    pub fn source(&self, origin: &Origin) -> Option<Node<'_>> {
        match origin {
            Origin::Manifest { object, .. } => Some(self.manifests.node(ObjectId(*object))),
            Origin::ControlPlane => None,
        }
    }

    /// Evidence for a field of a pod (`metadata.labels[app]`, `spec.containers[0].ports[0]`).
    pub fn pod_evidence(&self, id: PodId, field: &str) -> Option<Evidence> {
        let object = self.pod_ref(id)?;
        self.pod(id).map(|Pod { origin, .. }| self.evidence(object, origin, field))
    }

    /// Evidence for a field of a Service (`spec.ports[0].targetPort`).
    pub fn service_evidence(&self, id: ServiceId, field: &str) -> Option<Evidence> {
        let object = self.service_ref(id)?;
        self.service(id).map(|service| self.evidence(object, &service.origin, field))
    }

    /// Evidence for a field of an object kept as stored: a policy, an Ingress …
    pub fn stored_evidence<T>(&self, stored: &Stored<T>, field: &str) -> Evidence {
        self.evidence(stored.object.clone(), &stored.origin, field)
    }
}
