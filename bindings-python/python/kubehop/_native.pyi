"""What `kubehop` is built on; use that instead."""

from typing import final

__all__ = ["Cluster", "Given"]

@final
class Cluster:
    """A settled cluster."""

    def __new__(cls, sources: list[tuple[str, bytes]], settings: str) -> Cluster:
        """Loads sources, `(name, bytes)` each."""

    def with_(self, sources: list[tuple[str, bytes]]) -> Cluster:
        """A new cluster with these sources in place of those of the same names."""

    def ask(self, question: str) -> Given:
        """Answers a question written as JSON."""

@final
class Given:
    """An answer."""

    def json(self) -> str:
        """As JSON."""

    def text(self) -> str:
        """As text for a terminal."""
