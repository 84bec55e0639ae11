"""Work that waits for an operator: the index `work`, queue by queue."""

from typing import Any

from pynamodb.connection import TableConnection

from missions_core.storage import keys


def waiting(connection: TableConnection, queue: str, *, limit: int, cursor: str | None) -> tuple[list[keys.Key], str | None]:
    """Keys of what waits longest in a queue, and the cursor of the next page. Eventually consistent: may name what was just done."""
    start = None if cursor is None else _position(queue, *keys.after_work(cursor, queue))
    found = connection.query(queue, index_name="work", limit=limit + 1, exclusive_start_key=start)["Items"]
    page: list[Any] = found[:limit]
    entries = [(int(entry["work_at"]["N"]), (entry["PK"]["S"], entry["SK"]["S"])) for entry in page]
    return [key for _, key in entries], keys.work_cursor(queue, *entries[-1]) if len(found) > limit else None


def _position(queue: str, at: int, key: keys.Key) -> Any:  # PynamoDB's annotation says text
    partition, sort = key
    return {"work_queue": {"S": queue}, "work_at": {"N": str(at)}, "PK": {"S": partition}, "SK": {"S": sort}}
