"""What a Kubernetes network would do with a packet, and why: manifests in, every hop and its reason out."""

from . import answers, questions
from ._cluster import Cluster, Source, Sources
from ._errors import KubehopError
from ._record import Answer, Several

__all__ = ["Answer", "Cluster", "KubehopError", "Several", "Source", "Sources", "answers", "questions"]
