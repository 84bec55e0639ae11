"""Calls to HTTP endpoints that operators configure: signed, bounded in time and size, and never into a network of our own."""

import binascii
import hmac
import random
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import urllib3
from urllib3.exceptions import HTTPError

from missions_core import clock
from missions_core.errors import MisconfiguredError, Unreachable
from missions_core.observability import create_logger
from missions_core.targets import Target, read_target, resolve

MAX_ANSWER_BYTES = 64 * 1024
FAILURES_TO_OPEN = 5
OPEN_SECONDS = 30
PAUSE_SECONDS = 0.2  # before the second attempt, at most; twice that before the third, and so on
TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500

JSON = "application/json"
SECRET_PREFIX = b"whsec_"

logger = create_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answered, below 500 and not 429; of a longer body the first 64 KB. A redirect is an answer like any other."""

    status: int
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


class Breaker:
    """Spares an endpoint that fails: after 5 failures in a row nothing is tried for 30 s, then one attempt decides."""

    def __init__(self) -> None:
        self._failures = 0
        self._failed_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the endpoint must be left alone now."""
        return self._failures >= FAILURES_TO_OPEN and time.monotonic() - self._failed_at < OPEN_SECONDS

    def succeeded(self) -> None:
        """The endpoint answered."""
        self._failures = 0

    def failed(self) -> None:
        """The endpoint did not answer, or only with an error of its own."""
        self._failures += 1
        self._failed_at = time.monotonic()


class Endpoint:
    """One URL, its connection and its breaker; keep it as long as the process.

    Only https to public addresses is called; `allow_loopback` is for the local stage and allows http and loopback too.
    Each attempt may take `timeout_seconds`. One that fails, or gets a 5xx or 429, is repeated: `post` because the id lets the
    receiver drop repeats, `get` because it changes nothing.
    """

    def __init__(self, url: str, *, secret: bytes | None, timeout_seconds: float, attempts: int, allow_loopback: bool = False) -> None:
        self._url = url
        self._secret = secret
        self._timeout_seconds = timeout_seconds
        self._attempts = attempts
        self._allow_loopback = allow_loopback
        self._breaker = Breaker()
        self._pool: urllib3.HTTPConnectionPool | None = None
        self._address = ""  # of the pool

    def post(self, body: str, *, id: str, now: int, content_type: str = JSON) -> Answer:
        """Send a message, signed as Standard Webhooks says where there is a secret. `now`: epoch milliseconds.

        Raises Unreachable, and MisconfiguredError for a URL that must not be called.
        """
        headers = {"content-type": content_type, **_signed(self._secret, id=id, at=now // 1000, body=body)}
        return self._call(_Request("POST", headers, body=body.encode()))

    def get(self, query: Mapping[str, str]) -> Answer:
        """Ask for the URL with more parameters, the secret as bearer token where there is one. Raises what `post` raises."""
        headers = {} if self._secret is None else {"authorization": f"Bearer {self._secret.decode()}"}
        return self._call(_Request("GET", headers, query=query))

    def _call(self, request: _Request) -> Answer:
        target = read_target(self._url, allow_http=self._allow_loopback)
        reason = ""
        for attempt in range(self._attempts):
            if self._breaker.is_open:
                raise Unreachable("endpoint_spared", f"{target.host} keeps failing and is left alone for {OPEN_SECONDS} s")
            if attempt:
                clock.sleep(random.uniform(0, PAUSE_SECONDS * 2 ** (attempt - 1)))
            try:
                answer = self._attempt(target, request, attempt)
            except (HTTPError, OSError) as error:
                reason = type(error).__name__  # its text holds the path, which may be secret
            else:
                if answer.status < SERVER_ERROR and answer.status != TOO_MANY_REQUESTS:
                    self._breaker.succeeded()
                    return answer
                reason = f"status {answer.status}"
            self._breaker.failed()
            self._hang_up()
            logger.warning("endpoint failed", host=target.host, reason=reason)
        raise Unreachable("endpoint_unreachable", f"{target.host} did not answer as it should: {reason}")

    def _attempt(self, target: Target, request: _Request, attempt: int) -> Answer:
        deadline = time.monotonic() + self._timeout_seconds
        response = self._connected(target, attempt).urlopen(
            request.method,
            target.path_with(request.query),
            body=request.body,
            headers={"host": target.authority, "user-agent": "missions", "accept-encoding": "identity", **request.headers},
            timeout=urllib3.Timeout(total=self._timeout_seconds),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            return Answer(response.status, _read(response, deadline))
        finally:
            response.close()  # one that was read to its end has given its connection back already

    def _connected(self, target: Target, attempt: int) -> urllib3.HTTPConnectionPool:
        """A connection to an address that was looked up and checked just now: what the name leads to next does not matter."""
        addresses = resolve(target, allow_loopback=self._allow_loopback)
        if self._pool is None or self._address not in addresses:
            self._hang_up()
            self._address = addresses[attempt % len(addresses)]
            self._pool = _pool(target, self._address)
        return self._pool

    def _hang_up(self) -> None:
        if self._pool is not None:
            self._pool.close()
        self._pool = None


def _pool(target: Target, address: str) -> urllib3.HTTPConnectionPool:
    """Connections to exactly this address, whose certificate must be the host's."""
    if target.scheme == "http":
        return urllib3.HTTPConnectionPool(address, target.port)
    return urllib3.HTTPSConnectionPool(address, target.port, cert_reqs="CERT_REQUIRED", server_hostname=target.host)


def _read(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """The body up to its cap. A socket's timeout counts from its last byte: one that drips is stopped here."""
    body = b""
    while len(body) < MAX_ANSWER_BYTES and (chunk := response.read1(MAX_ANSWER_BYTES - len(body), decode_content=False)):
        body += chunk
        if time.monotonic() > deadline:
            raise TimeoutError
    return body


def _signed(secret: bytes | None, *, id: str, at: int, body: str) -> dict[str, str]:
    """The headers of Standard Webhooks. `at`: epoch seconds."""
    headers = {"webhook-id": id, "webhook-timestamp": str(at)}
    if secret is None:
        return headers
    digest = hmac.digest(_key(secret), f"{id}.{at}.{body}".encode(), sha256)
    return {**headers, "webhook-signature": f"v1,{b64encode(digest).decode()}"}


def _key(secret: bytes) -> bytes:
    """The key a secret spells: in base64 after `whsec_`, otherwise the secret itself."""
    if not secret.startswith(SECRET_PREFIX):
        return secret
    try:
        return b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise MisconfiguredError(
            "invalid_secret", "a secret that starts with whsec_ goes on in base64: set the one you were given"
        ) from None
