"""The OpenAPI document as tests ask it: its operations, and the routes handlers are registered for."""

import json
import re
from typing import Any

from missions_core.http import openapi
from missions_core.http.api import Routes

Route = tuple[str, str]  # method and path

DOCUMENT: dict[str, Any] = json.loads(openapi.FILE.read_text())
OPERATIONS: dict[Route, dict[str, Any]] = {
    (method.upper(), path): operation for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
}
PROTECTED = [route for route, operation in OPERATIONS.items() if "security" in operation]
PUBLIC = [route for route in OPERATIONS if route not in PROTECTED]


def handled(routes: Routes) -> set[Route]:
    """What a function's handlers are registered for."""
    return {(method, re.sub(r"<(\w+)>", r"{\1}", path)) for path, methods, *_ in routes._routes for method in methods}
