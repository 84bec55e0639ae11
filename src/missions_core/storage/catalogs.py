"""Catalogs: published as immutable chunks behind one pointer, kept compiled while a function is warm."""

import json
import time
import zlib
from collections.abc import Sequence, Set
from dataclasses import dataclass
from hashlib import blake2b

from pynamodb.exceptions import PutError
from pynamodb.expressions.condition import Condition

from missions_core.domain.catalog import Catalog, Snapshot, lost_template
from missions_core.domain.snapshots import catalog_from_snapshot, template_from_snapshot
from missions_core.domain.state import PlayerState
from missions_core.errors import Conflict, MisconfiguredError
from missions_core.observability import create_logger
from missions_core.outages import optional
from missions_core.storage import keys
from missions_core.storage.table import ContentRow, PointerRow, bind, find

CHUNK_BYTES = 350 * 1024  # an item may have 400 KB

# Rules out replacing a catalog with the first one.
IS_FIRST = PointerRow.pk.does_not_exist()

TemplateVersion = tuple[str, int]

logger = create_logger()


@dataclass(frozen=True, slots=True)
class _Pointer:
    version: int
    digest: str
    chunks: int


class Catalogs:
    """The catalogs of one table."""

    def __init__(self, table_name: str, *, recheck_seconds: int = 30) -> None:
        self._pointers = bind(PointerRow, table_name)
        self._contents = bind(ContentRow, table_name)
        self._recheck_seconds = recheck_seconds
        self._catalog: Catalog | None = None
        self._checked_at = 0.0

    def current(self) -> Catalog:
        """The published catalog, at most `recheck_seconds` old."""
        if self._catalog is None or time.monotonic() - self._checked_at >= self._recheck_seconds:
            return self._refreshed()
        return self._catalog

    def for_state(self, state: PlayerState, *, to_show: bool = False) -> Catalog:
        """A catalog no older than the one the state was last written with, and every template version it still needs.

        `to_show`: placeholders do for those that cannot be had. A write must wait: what misses a placeholder is lost for good.
        """
        catalog = self.current()
        if catalog.version < state.catalog_version:
            catalog = self._refreshed()
        if catalog.version < state.catalog_version:
            raise MisconfiguredError(
                "catalog_outdated",
                f"player states name catalog {state.catalog_version}, the table holds {catalog.version}: restore or republish the catalog",
            )
        promised = {(key, version) for key, held in state.achievements.items() for version in held.versions}
        waiting = {(kept.template, kept.version) for kept in state.unproven.values()}
        self.bring(catalog, promised | waiting | {(mission.template, mission.version) for _, mission in state.missions()}, to_show=to_show)
        return catalog

    def published(self) -> Snapshot | None:
        """The current snapshot as published; None: none ever was."""
        pointer = self._pointer()
        return None if pointer is None else self._snapshot(pointer)

    def publish(self, snapshot: Snapshot) -> None:
        """Make a snapshot current: wholly or not at all. Publishing what is current changes nothing.

        Conflict `catalog_changed`: it does not follow the current one. Template versions it replaces are stored first; they are
        taken from the current snapshot, not from the new one, so an attempt that fails cannot change what was published.
        """
        content = _spelled(snapshot)
        parts = _chunks(content)
        pointer = _Pointer(snapshot["version"], blake2b(content, digest_size=16).hexdigest(), len(parts))
        current = self._pointer()
        if pointer == current:
            return
        if current is not None:
            self._keep_replaced(self._snapshot(current), snapshot)
        for index, part in enumerate(parts):
            self._contents(*keys.chunk(pointer.version, pointer.digest, index), content=part).save()
        self._point_to(pointer)

    def _refreshed(self) -> Catalog:
        pointer = self._pointer()
        if pointer is None:
            raise MisconfiguredError("no_catalog", "the table holds no catalog: publish one with `missions catalog apply DIR`")
        if self._catalog is None or self._catalog.version != pointer.version:
            retired = self._catalog.retired if self._catalog else {}
            self._catalog = catalog_from_snapshot(self._snapshot(pointer))
            self._catalog.retired.update(retired)  # published versions never change: what was loaded stays right
        self._checked_at = time.monotonic()
        return self._catalog

    def bring(self, catalog: Catalog, wanted: Set[TemplateVersion], *, to_show: bool = False) -> None:
        """Make the catalog know these template versions too. MisconfiguredError `template_lost`: the table no longer holds one.

        `to_show`: for those, and during an outage for all, placeholders stand in, until they can be had again.
        """
        missing = [version for version in wanted - catalog.versions if not _holds(catalog, version)]
        if not missing:
            return
        for raw in optional("templates", lambda: self._stored(missing), []) if to_show else self._stored(missing):
            catalog.retired[raw["key"], raw["version"]] = template_from_snapshot(raw)
        lost = [version for version in missing if not _holds(catalog, version)]
        if lost and not to_show:
            named = ", ".join(f"{key} version {number}" for key, number in lost)
            raise MisconfiguredError("template_lost", f"the table no longer holds {named}, which players have: restore the table")
        for version in lost:
            logger.error("template missing", template=version[0], version=version[1])
            catalog.retired[version] = lost_template(*version)

    def _stored(self, versions: Sequence[TemplateVersion]) -> list[Snapshot]:
        rows = self._contents.batch_get([keys.template(*version) for version in versions], consistent_read=True)
        return [json.loads(zlib.decompress(row.content)) for row in rows]

    def _pointer(self) -> _Pointer | None:
        row = find(self._pointers, keys.CURRENT)
        return None if row is None else _Pointer(row.version, row.digest, row.chunks)

    def _snapshot(self, pointer: _Pointer) -> Snapshot:
        rows = self._contents.query(
            keys.CATALOG, ContentRow.sk.startswith(keys.snapshot(pointer.version, pointer.digest)), consistent_read=True
        )
        content = zlib.decompress(b"".join(row.content for row in rows))
        snapshot: Snapshot = json.loads(content)
        return snapshot

    def _keep_replaced(self, current: Snapshot, new: Snapshot) -> None:
        kept = {(raw["key"], raw["version"]) for raw in new["templates"]}
        for raw in current["templates"]:
            if (raw["key"], raw["version"]) not in kept:
                self._contents(*keys.template(raw["key"], raw["version"]), content=zlib.compress(_spelled(raw))).save()

    def _point_to(self, pointer: _Pointer) -> None:
        row = self._pointers(*keys.CURRENT, version=pointer.version, digest=pointer.digest, chunks=pointer.chunks)
        try:
            row.save(IS_FIRST if pointer.version == 1 else _follows(pointer.version))
        except PutError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise
            if self._pointer() == pointer:
                return  # our own write, whose acknowledgement was lost and which botocore then repeated
            raise Conflict("catalog_changed", "someone else published meanwhile: apply the catalog again") from None


def _follows(version: int) -> Condition:
    """Rules out replacing any catalog but the one this version was compiled against."""
    return PointerRow.version == version - 1


def _holds(catalog: Catalog, version: TemplateVersion) -> bool:
    """Whether an older version is there, and not just its placeholder."""
    return version in catalog.retired and not catalog.retired[version].is_lost


def _spelled(content: Snapshot) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _chunks(content: bytes) -> list[bytes]:
    packed = zlib.compress(content, 9)
    return [packed[start : start + CHUNK_BYTES] for start in range(0, len(packed), CHUNK_BYTES)]
