"""What importing a function costs, in terms of `import boto3` and one client: fresh interpreters, measured in pairs."""

import resource
import subprocess
import sys
from collections.abc import Iterator

BASE = 'import boto3; boto3.client("dynamodb")'


def ratios(function: str, *, rounds: int) -> Iterator[float]:
    """The CPU time of a function's cold start over the base's, once per round; the bare interpreter is taken off both.

    Each pair is measured one after the other, so that a busy machine slows both; the least ratio is the least disturbed.
    """
    for _ in range(rounds):
        bare, base, ours = _cpu_seconds("pass"), _cpu_seconds(BASE), _cpu_seconds(f"import functions.{function}.app")
        yield (ours - bare) / (base - bare)


def _cpu_seconds(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
