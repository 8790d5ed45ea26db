"""The one exception."""

from __future__ import annotations

import json
from typing import Any


class KubehopError(Exception):
    """A question names something that does not exist, or something given cannot be read."""

    code: str
    """Stable code, to branch on: `notFound`, `unreadable`, `unreadableSettings` ..."""
    details: dict[str, Any]
    """All there is to know about a question that cannot be answered."""

    def __init__(self, message: str, code: str = "", details: str = "null") -> None:
        super().__init__(message)
        self.code = code
        self.details = json.loads(details) or {}

    @property
    def near(self) -> str | None:
        """The nearest name that exists, when a name was not found."""
        near = self.details.get("near")
        return near if isinstance(near, str) else None
