"""The official DynamoDB Local as the in-process services' DynamoDB: a second opinion on what the emulator answers (docs/testing.md)."""

import http.client
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra import inprocess
from infra.errors import ToolError

HOST = "127.0.0.1"
START_SECONDS = 60
SERVED = ("dynamodb", "dynamodb-streams")


class DynamoDbLocal:
    """Hands every request on to the jar, over HTTP: a drop-in for ministack's service modules."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def handle_request(
        self, method: str, path: str, headers: dict[str, str], body: bytes, _query_params: dict[str, list[str]]
    ) -> tuple[int, dict[str, str], bytes | str]:
        """The jar's answer, whatever it says."""
        connection = http.client.HTTPConnection(HOST, self._port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def reset(self) -> None:
        """Drop every table."""
        for name in self._ask("ListTables", {})["TableNames"]:
            self._ask("DeleteTable", {"TableName": name})

    def _ask(self, operation: str, members: dict[str, str]) -> dict[str, list[str]]:
        signed_enough = "AWS4-HMAC-SHA256 Credential=testing/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
        headers = {
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            "Authorization": signed_enough,
            "Content-Type": "application/x-amz-json-1.0",
        }
        connection = http.client.HTTPConnection(HOST, self._port, timeout=30)
        connection.request("POST", "/", json.dumps(members), headers)
        answer: dict[str, list[str]] = json.loads(connection.getresponse().read())
        connection.close()
        return answer


@contextmanager
def serving(emulator: Path, port: int) -> Iterator[None]:
    """Let DynamoDB Local (the folder of its jar) answer for DynamoDB until the block ends."""
    java = shutil.which("java")
    if java is None:
        raise ToolError("DynamoDB Local needs Java 17 or newer: sudo apt install openjdk-17-jre-headless")
    command = [
        java,
        "-Djava.library.path=DynamoDBLocal_lib",
        "-jar",
        "DynamoDBLocal.jar",
        "-inMemory",
        "-sharedDb",
        "-disableTelemetry",
        "-port",
        str(port),
    ]
    process = subprocess.Popen(command, cwd=emulator, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    replaced = {name: inprocess.SERVICES[name] for name in SERVED}
    try:
        service = DynamoDbLocal(port)
        _wait_until_ready(process, service)
        inprocess.SERVICES.update(dict.fromkeys(SERVED, service))
        yield
    finally:
        inprocess.SERVICES.update(replaced)
        process.terminate()
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], service: DynamoDbLocal) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return service.reset()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise ToolError("DynamoDB Local did not start; it needs Java 17 or newer: java -version") from None
            time.sleep(0.1)
