"""What the type checkers accept also runs."""

from __future__ import annotations

from kubehop import Cluster

from . import consumer


def test_the_typed_consumer_runs() -> None:
    cluster = Cluster.load("", consumer.settings)
    assert consumer.severities(cluster) == []
    assert "web/nobody" in consumer.ways(cluster, "web/nobody", "10.0.0.1")[0]
