"""Calls to operators' endpoints, over real sockets to a server on loopback."""

import json
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from missions_core import clock, outbound
from missions_core.errors import MisconfiguredError, Unreachable
from missions_core.outbound import MAX_ANSWER_BYTES, Answer, Endpoint

# The specification's own example.
SECRET = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
SENT_AT = 1614265330
PAYLOAD = '{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


class Server(ThreadingHTTPServer):
    """Answers what the test says, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, str, dict[str, str], str]] = []
        self.connections: set[tuple[str, int]] = set()
        self.answers: list[tuple[int, bytes, dict[str, str]]] = []
        self.released = Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        self.server.requests.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.server.connections.add(self.client_address)
        status, answer, headers = self.server.answers.pop(0) if self.server.answers else (200, b"{}", {})
        if status == 0:
            self.server.released.wait(5)
            self.close_connection = True
            return
        if "x-drip" in headers:
            self._drip()
            return
        self.send_response(status)
        for name, value in ({"content-length": str(len(answer))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self._write(answer, slowly="x-slow" in headers)
        if "x-hang-up" in headers:
            self.close_connection = True

    def _drip(self) -> None:
        """A header that goes on for five seconds."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nx-dripping: ")
        for _ in range(100):
            self.wfile.write(b"a")
            if self.server.released.wait(0.05):
                break
        self.wfile.write(b"\r\ncontent-length: 0\r\n\r\n")

    def _write(self, answer: bytes, *, slowly: bool) -> None:
        for at in range(0, len(answer), 1 if slowly else max(1, len(answer))):
            self.wfile.write(answer[at : at + 1] if slowly else answer)
            if slowly:
                self.server.released.wait(0.05)

    do_GET = do_POST = _answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def aws(socket_enabled: None) -> None:
    """None here; and real sockets, of this machine only."""


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server()) as server:
        yield server


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(clock, "sleep", slept.append)
    return slept


@pytest.fixture
def name_to(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What the next look-ups of any name find, one list of addresses each; the last stays."""

    def naming(*answers: list[str]) -> None:
        waiting = list(answers)
        real = socket.getaddrinfo

        def look_up(host: str, port: int, *args: int, **options: int) -> list[tuple[Any, ...]]:
            if not host.endswith(".example"):
                return list(real(host, port, *args, **options))
            addresses = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)

    return naming


def endpoint(server: Server, *, path: str = "/hook", secret: bytes | None = SECRET, attempts: int = 1, timeout: float = 2) -> Endpoint:
    url = f"http://127.0.0.1:{server.server_port}{path}"
    fetch = None if secret is None else lambda: secret
    return Endpoint(url, secret=fetch, timeout_seconds=timeout, attempts=attempts, allow_loopback=True)


def post(to: Endpoint) -> Answer:
    return to.post(PAYLOAD, id=MESSAGE_ID, now=SENT_AT * 1000 + 999)


def failing(to: Endpoint) -> str:
    """The code of the error that a message ends in."""
    with pytest.raises(Unreachable) as unreachable:
        post(to)
    return unreachable.value.code


def test_a_message_is_signed_as_the_specification_shows(server: Server) -> None:
    server.answers = [(202, b"thanks", {})]
    answer = post(endpoint(server))
    assert (answer, answer.is_success) == (Answer(202, b"thanks"), True)
    ((method, path, headers, body),) = server.requests
    assert (method, path, body) == ("POST", "/hook", PAYLOAD)
    assert headers["content-type"] == "application/json"
    assert {name: value for name, value in headers.items() if name.startswith("webhook-")} == {
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": str(SENT_AT),
        "webhook-signature": SIGNATURE,
    }


def test_without_a_secret_nothing_is_signed(server: Server) -> None:
    post(endpoint(server, secret=None))
    ((_, _, headers, _),) = server.requests
    assert "webhook-signature" not in headers
    assert headers["webhook-id"] == MESSAGE_ID


def test_a_secret_that_only_looks_encoded_is_refused(server: Server) -> None:
    with pytest.raises(MisconfiguredError, match="base64"):
        post(endpoint(server, secret=b"whsec_not base64!"))
    assert server.requests == []


@pytest.mark.parametrize("size", [0, 23, 65])
def test_an_encoded_key_of_another_size_than_the_specifications_is_refused(server: Server, size: int) -> None:
    with pytest.raises(MisconfiguredError, match="24 to 64 bytes"):
        post(endpoint(server, secret=b"whsec_" + b64encode(b"k" * size)))
    assert server.requests == []


@pytest.mark.parametrize("size", [24, 64])
def test_an_encoded_key_of_a_size_the_specification_allows_signs(server: Server, size: int) -> None:
    assert post(endpoint(server, secret=b"whsec_" + b64encode(b"k" * size))).is_success


def test_white_space_around_a_secret_is_no_part_of_it(server: Server) -> None:
    post(endpoint(server, secret=b" " + SECRET + b"\r\n"))
    endpoint(server, secret=b"token\n").get({})
    assert server.requests[0][2]["webhook-signature"] == SIGNATURE
    assert server.requests[1][2]["authorization"] == "Bearer token"


@pytest.mark.parametrize("secret", [b"", b" \n", b"mark\ned", b"mark\x00ed", "markéd".encode(), "markéd".encode("latin-1"), b"\xff\xfe"])
def test_a_secret_that_no_header_can_carry_is_refused_and_not_told(server: Server, secret: bytes) -> None:
    hook = endpoint(server, secret=secret)
    for call in (lambda: post(hook), lambda: hook.get({})):
        with pytest.raises(MisconfiguredError, match="printable ASCII") as refused:
            call()
        assert (refused.value.code, "mark" in str(refused.value)) == ("invalid_secret", False)
    assert server.requests == []


def test_a_secret_that_cannot_be_fetched_is_asked_for_again_half_a_minute_later(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [100.0]
    monkeypatch.setattr(outbound.time, "monotonic", lambda: seconds[0])
    answers: list[bytes | Exception] = [ClientError({"Error": {"Code": "InternalServiceError"}}, "GetSecretValue"), SECRET]

    def fetch() -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    url = f"http://127.0.0.1:{server.server_port}/"
    hook = Endpoint(url, secret=fetch, timeout_seconds=1, attempts=1, allow_loopback=True)
    assert [failing(hook), failing(hook)] == ["secret_unavailable", "endpoint_spared"]
    assert server.requests == []

    seconds[0] += 30
    assert post(hook).is_success


def test_a_question_carries_its_query_and_the_secret(server: Server) -> None:
    server.answers = [(200, b'{"name":"Ada"}', {})]
    answer = endpoint(server, path="/users?v=1", secret=b"token").get({"id": "ada&co"})
    assert json.loads(answer.body) == {"name": "Ada"}
    ((method, path, headers, _),) = server.requests
    assert (method, path, headers["authorization"]) == ("GET", "/users?v=1&id=ada%26co", "Bearer token")


def test_calls_share_a_connection(server: Server) -> None:
    hook = endpoint(server)
    for _ in range(3):
        post(hook)
    assert (len(server.requests), len(server.connections)) == (3, 1)


def test_an_answer_in_chunks_is_read_to_its_end(server: Server) -> None:
    server.answers = [(200, b"2\r\n{}\r\n1\r\n!\r\n0\r\n\r\n", {"transfer-encoding": "chunked"})]
    hook = endpoint(server)
    assert post(hook).body == b"{}!"
    assert post(hook).body == b"{}"
    assert len(server.connections) == 1


@pytest.mark.parametrize("leave", [{"connection": "close"}, {"x-hang-up": "1"}])
def test_a_connection_the_server_closed_is_not_used_again(server: Server, leave: dict[str, str]) -> None:
    server.answers = [(200, b"{}", leave)]
    hook = endpoint(server)
    assert post(hook).body == b"{}"
    time.sleep(0.05)  # until it is known here
    assert post(hook).is_success
    assert len(server.connections) == 2


def test_what_is_left_of_a_long_answer_is_not_waited_for_and_its_connection_not_used_again(server: Server) -> None:
    server.answers = [(200, b"x" * MAX_ANSWER_BYTES, {"content-length": str(MAX_ANSWER_BYTES + 1)})]
    hook = endpoint(server)
    assert post(hook).body == b"x" * MAX_ANSWER_BYTES
    assert post(hook).is_success
    assert len(server.connections) == 2


def test_half_an_answer_is_none(server: Server) -> None:
    server.answers = [(200, b'{"verdict": "app', {"content-length": "30", "connection": "close"})]
    with pytest.raises(Unreachable, match="IncompleteRead"):
        post(endpoint(server))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(server: Server, status: int) -> None:
    server.answers = [(status, b"", {"location": f"http://127.0.0.1:{server.server_port}/elsewhere"})]
    answer = post(endpoint(server))
    assert (answer.status, answer.is_success) == (status, False)
    assert [path for _, path, _, _ in server.requests] == ["/hook"]


def test_of_a_long_answer_the_beginning_is_kept(server: Server) -> None:
    server.answers = [(200, b"x" * (MAX_ANSWER_BYTES * 4), {})]
    hook = endpoint(server)
    assert post(hook).body == b"x" * MAX_ANSWER_BYTES
    assert post(hook).is_success, "the rest of it is not taken for the next answer"


def test_a_compressed_answer_is_not_unpacked(server: Server) -> None:
    server.answers = [(200, b"no gzip at all", {"content-encoding": "gzip"})]
    assert post(endpoint(server)).body == b"no gzip at all"


@pytest.mark.parametrize("failure", [(500, b"", {}), (503, b"", {}), (429, b"", {})])
def test_a_failure_is_tried_again_and_then_told(server: Server, failure: Any, pauses: list[float]) -> None:
    server.answers = [failure, failure, (200, b"", {})]
    assert post(endpoint(server, attempts=3)).is_success
    assert len(pauses) == 2
    server.answers = [failure, failure]
    with pytest.raises(Unreachable) as unreachable:
        post(endpoint(server, attempts=2))
    assert unreachable.value.code == "endpoint_unreachable"
    assert "/hook" not in unreachable.value.message


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
def test_a_refusal_is_an_answer_and_not_tried_again(server: Server, status: int) -> None:
    server.answers = [(status, b"", {})]
    assert post(endpoint(server, attempts=3)).status == status
    assert len(server.requests) == 1


def test_an_endpoint_that_does_not_answer_in_time_is_unreachable(server: Server) -> None:
    server.answers = [(0, b"", {})]
    with pytest.raises(Unreachable, match="TimeoutError"):
        post(endpoint(server, timeout=0.1))


def test_an_answer_that_drips_is_cut_off(server: Server) -> None:
    server.answers = [(200, b"x" * 200, {"x-slow": "1"})]
    with pytest.raises(Unreachable, match="TimeoutError"):
        post(endpoint(server, timeout=0.2))


@pytest.mark.parametrize("is_tls", [False, True])
def test_headers_that_drip_are_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name_to: Callable[..., None], is_tls: bool) -> None:
    server = Server()
    if is_tls:
        monkeypatch.setenv("SSL_CERT_FILE", str(certified(server, tmp_path, "partner.example")))
    name_to(["127.0.0.1"])
    server.answers = [(200, b"", {"x-drip": "1"})]
    url = f"http{'s' if is_tls else ''}://partner.example:{server.server_port}/"
    with serving(server):
        began = time.monotonic()
        with pytest.raises(Unreachable, match="TimeoutError"):
            post(Endpoint(url, secret=None, timeout_seconds=0.5, attempts=1, allow_loopback=True))
        assert time.monotonic() - began < 2
    assert len(server.requests) == 1


def test_an_endpoint_that_is_not_there_is_unreachable() -> None:
    with serving(Server()) as gone:
        hook = endpoint(gone)
    with pytest.raises(Unreachable):
        post(hook)


def test_a_name_that_nobody_knows_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unreachable, match="gaierror"):
        post(Endpoint("https://partner.example/", secret=None, timeout_seconds=1, attempts=1))


@pytest.mark.parametrize("host", ["users..example.com", "a" * 70 + ".example.com"])
def test_a_name_that_cannot_be_looked_up_is_unreachable(host: str) -> None:
    with pytest.raises(Unreachable, match="UnicodeError"):
        post(Endpoint(f"https://{host}/", secret=None, timeout_seconds=1, attempts=1))


def test_after_five_failures_an_endpoint_is_spared_and_then_tried_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [100.0]
    monkeypatch.setattr(outbound.time, "monotonic", lambda: seconds[0])
    hook = endpoint(server, attempts=3)
    server.answers = [(500, b"", {})] * 6
    assert [failing(hook) for _ in range(3)] == ["endpoint_unreachable", "endpoint_spared", "endpoint_spared"]
    assert len(server.requests) == 5

    seconds[0] += 30
    assert failing(hook) == "endpoint_spared", "the one trial failed"
    assert len(server.requests) == 6

    seconds[0] += 30
    assert post(hook).is_success
    server.answers = [(500, b"", {})]
    assert post(hook).is_success, "an answer closes it: one failure means nothing again"


def test_a_private_address_is_refused_when_called_and_nothing_is_sent(server: Server) -> None:
    url = f"https://127.0.0.1:{server.server_port}/"
    with pytest.raises(MisconfiguredError) as refused:
        post(Endpoint(url, secret=lambda: SECRET, timeout_seconds=1, attempts=3))
    assert refused.value.code == "endpoint_refused"
    assert server.connections == set()


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0"])
def test_a_spelling_of_loopback_is_judged_by_what_it_resolves_to(host: str) -> None:
    with pytest.raises(MisconfiguredError):
        post(Endpoint(f"https://{host}/", secret=None, timeout_seconds=1, attempts=1))


def test_a_name_that_moves_inside_is_refused_at_the_next_call(server: Server, name_to: Callable[..., None]) -> None:
    name_to(["127.0.0.1"], ["10.0.0.1"])
    hook = Endpoint(f"http://partner.example:{server.server_port}/", secret=None, timeout_seconds=1, attempts=1, allow_loopback=True)
    assert post(hook).is_success
    with pytest.raises(MisconfiguredError):
        post(hook)


def test_the_address_that_was_checked_is_the_one_called(server: Server, name_to: Callable[..., None]) -> None:
    """A second look-up could be answered differently: there is none."""
    name_to(["127.0.0.1"], ["192.0.2.1"])
    hook = Endpoint(f"http://partner.example:{server.server_port}/", secret=None, timeout_seconds=1, attempts=1, allow_loopback=True)
    assert post(hook).is_success
    ((_, _, headers, _),) = server.requests
    assert headers["host"] == f"partner.example:{server.server_port}"


def test_another_attempt_takes_another_address(server: Server, name_to: Callable[..., None]) -> None:
    name_to(["127.0.0.2", "127.0.0.1"])
    hook = Endpoint(f"http://partner.example:{server.server_port}/", secret=None, timeout_seconds=1, attempts=2, allow_loopback=True)
    assert post(hook).is_success


def certified(server: Server, folder: Path, name: str) -> Path:
    """Make the server speak TLS as `name`; the file with the certificate to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), now - timedelta(1), now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted = folder / "certificate.pem"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return trusted


@pytest.mark.parametrize(
    ("certificate", "is_trusted", "is_answered"),
    [("partner.example", True, True), ("partner.example", False, False), ("other.example", True, False)],
)
def test_the_certificate_must_be_the_names_not_the_addresss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name_to: Callable[..., None], certificate: str, is_trusted: bool, is_answered: bool
) -> None:
    server = Server()
    trusted = certified(server, tmp_path, certificate)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    name_to(["127.0.0.1"])
    with serving(server):
        hook = Endpoint(f"https://partner.example:{server.server_port}/", secret=None, timeout_seconds=2, attempts=1, allow_loopback=True)
        if is_answered:
            assert post(hook).is_success
        else:
            with pytest.raises(Unreachable, match="SSLCertVerificationError"):
                post(hook)
    assert bool(server.requests) == is_answered
