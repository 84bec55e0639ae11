"""Calls to HTTP endpoints that operators configure: signed, bounded in time and size, and never into a network of our own."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException

from missions_core import clock
from missions_core.errors import Unreachable
from missions_core.observability import create_logger
from missions_core.outages import AwsError
from missions_core.signatures import read_secret, signature_headers
from missions_core.targets import Target, read_target, resolve
from missions_core.wire import Connection

MAX_ANSWER_BYTES = 64 * 1024
FAILURES_TO_OPEN = 5
OPEN_SECONDS = 30
PAUSE_SECONDS = 0.2  # before the second attempt, at most; twice that before the third, and so on
TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500

JSON = "application/json"

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

    def trip(self) -> None:
        """It cannot be asked: the next attempt is 30 s away."""
        self._failures = FAILURES_TO_OPEN
        self._failed_at = time.monotonic()


class Endpoint:
    """One URL, its connection and its breaker; keep it as long as the process.

    Only https to public addresses is called; `allow_loopback` is for the local stage and allows http and loopback too.
    `secret` is fetched for each call (see messaging.secret); None: there is none. White space around it is no part of it.
    Each attempt may take `timeout_seconds` from its first step to its last byte, but for the look-up of the name, which the system bounds.
    One that fails, or gets a 5xx or 429, is repeated: `post` because the id lets the receiver drop repeats, `get` because it changes
    nothing.
    """

    def __init__(
        self,
        url: str,
        *,
        secret: Callable[[], bytes] | None,
        timeout_seconds: float,
        attempts: int,
        allow_loopback: bool = False,
    ) -> None:
        self._url = url
        self._fetch_secret = secret
        self._timeout_seconds = timeout_seconds
        self._attempts = attempts
        self._allow_loopback = allow_loopback
        self._breaker = Breaker()
        self._connection: Connection | None = None

    def post(self, body: str, *, id: str, now: int, content_type: str = JSON) -> Answer:
        """Send a message, signed as Standard Webhooks says where there is a secret. `now`: epoch milliseconds.

        Raises Unreachable, and MisconfiguredError for a URL that must not be called or a secret that cannot be used.
        """
        target, secret = self._ready()
        headers = {"content-type": content_type, **signature_headers(secret, id=id, at=now // 1000, body=body)}
        return self._call(target, _Request("POST", headers, body=body.encode()))

    def get(self, query: Mapping[str, str]) -> Answer:
        """Ask for the URL with more parameters, the secret as bearer token where there is one. Raises what `post` raises."""
        target, secret = self._ready()
        headers = {} if secret is None else {"authorization": f"Bearer {secret}"}
        return self._call(target, _Request("GET", headers, query=query))

    def _ready(self) -> tuple[Target, str | None]:
        """What is called, and with which secret."""
        target = read_target(self._url, allow_http=self._allow_loopback)
        self._check_breaker(target)
        if self._fetch_secret is None:
            return target, None
        try:
            return target, read_secret(self._fetch_secret())
        except AwsError:
            self._breaker.trip()
            logger.exception("endpoint without secret", host=target.host)
            raise Unreachable("secret_unavailable", f"the secret for {target.host} cannot be fetched") from None

    def _check_breaker(self, target: Target) -> None:
        if self._breaker.is_open:
            raise Unreachable("endpoint_spared", f"{target.host} keeps failing and is left alone for {OPEN_SECONDS} s")

    def _call(self, target: Target, request: _Request) -> Answer:
        reason = ""
        for attempt in range(self._attempts):
            if attempt:
                self._check_breaker(target)
                clock.sleep(random.uniform(0, PAUSE_SECONDS * 2 ** (attempt - 1)))
            try:
                answer = self._attempt(target, request, attempt)
            except (HTTPException, OSError, ValueError) as error:  # the last: a name or path that cannot be spelled as HTTP wants it
                reason = type(error).__name__  # its text may hold the path, which may be secret
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
        ends_at = time.monotonic() + self._timeout_seconds
        connection = self._connected(target, attempt)
        connection.deadline.at = ends_at
        headers = {"host": target.authority, "user-agent": "missions", "accept-encoding": "identity", **request.headers}
        connection.request(request.method, target.path_with(request.query), body=request.body, headers=headers)
        return Answer(*connection.read(MAX_ANSWER_BYTES))

    def _connected(self, target: Target, attempt: int) -> Connection:
        """A connection to an address that was looked up and checked just now: what the name leads to next does not matter."""
        addresses = resolve(target, allow_loopback=self._allow_loopback)
        if self._connection is None or self._connection.is_stale or self._connection.address not in addresses:
            self._hang_up()
            self._connection = Connection(target, addresses[attempt % len(addresses)])
        return self._connection

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
