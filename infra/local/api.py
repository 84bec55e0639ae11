"""A small client of the deployed HTTP API, for checks and demonstrations."""

import json
import urllib.error
import urllib.request
from typing import Any, NamedTuple

TIMEOUT_SECONDS = 30


class Answer(NamedTuple):
    """What the API said."""

    status: int
    body: Any  # parsed JSON


class Api:
    """The API as one caller sees it."""

    def __init__(self, base_url: str, token: str | None = None) -> None:
        self._base_url = base_url
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str) -> Answer:
        """GET `path`."""
        return self.request("GET", path)

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        """POST `body` as JSON; `idempotency_key="…"` becomes the header Idempotency-Key."""
        return self.request("POST", path, body, **headers)

    def request(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Any method. An error status is an answer too, not an exception."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._base_url + path, data, {"content-type": "application/json"} | self._headers | named, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
                return Answer(response.status, _parse(response.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _parse(error.read()))


def _parse(content: bytes) -> Any:
    return json.loads(content) if content else None
