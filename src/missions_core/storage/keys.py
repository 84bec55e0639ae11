"""Every key of the one table, and the access patterns they serve. No other module joins or splits a key.

Item                                        PK                  SK
player state (1, 2, 3, 26)                  PLAYER#{player}     STATE
spilled action ids of one hour, ttl (4)     PLAYER#{player}     SEEN#{hour}
profile: all personal data (5)              PLAYER#{player}     PROFILE
settled period (6)                          PLAYER#{player}     HISTORY#{start}#{kind}#{label}, one-mission boards + #{template}
evidence (31, 32, 33)                       PLAYER#{player}     EVIDENCE#{mission}#{number}
notification, ttl (23, 24, 25)              PLAYER#{player}     NOTE#{at}#{event id}
grant, immutable (7, 8, 9, 35)              LEDGER#{account}    GRANT#{at}#{cause}
decision on a held grant, immutable (7, 8)  LEDGER#{account}    DECISION#{at}#{cause}, both those of the grant
wallet (7, 10, 35)                          WALLET#{account}    WALLET
inventory row (7, 11)                       WALLET#{account}    ITEM#{kind}#{id}, what expires + #{expires_at}
catalog pointer (12, 13)                    CATALOG             CURRENT
catalog snapshot chunk (12, 13)             CATALOG             SNAPSHOT#{version}#{digest}#{n}
replaced template version (12, 14)          CATALOG             TEMPLATE#{key}#{version}
job run, ttl (15)                           JOB#{name}          {scheduled time}
score, ttl (16, 17)                         SCORES#{board}#{label}#{shard}  {player}
merged leaderboard, ttl (18, 19, 20)        SCORES#{board}#{label}          TOP
counters of all players (21, 22)            STATS#ALL#{shard}   HOLDERS
owner of evidence's content (34)            EVIDENCE#{fingerprint}  OWNER
players of a device, ttl (26)               DEVICE#{hash}       PLAYERS
audit entry (27, 28)                        AUDIT#{yyyy-mm}     {at}#{digest}

 1. Load a player                           GetItem, strong
 2. Save a player                           PutItem if the version is still the loaded one
 3. Players something is due for            Query index `due`: due_shard = DUE#{n}, due_at <= now
 4. Was this old action applied?            BatchGetItem of hours, strong; UpdateItem ADD to an hour's set
 5. Show, change the profile                GetItem, strong; PutItem if the version is still the loaded one
 6. A player's past periods, newest first   Query HISTORY#, backwards
 7. Pay a grant once                        TransactWriteItems: put the grant if absent, ADD to wallet and inventory rows
 8. Which of these grants are paid?         BatchGetItem, strong
 9. An account's grants, newest first       Query GRANT#, backwards
10. Balances                                GetItem, strong
11. An account's goods                      Query ITEM#
12. Publish a catalog                       PutItem of replaced templates and chunks, then of the pointer if its version is the one before
13. Load the catalog                        GetItem of the pointer, strong; Query of its chunks
14. Templates as they were dealt            BatchGetItem
15. Did this job run?                       PutItem, GetItem
16. Raise a player's score                  PutItem if the score held is worse
17. These players' scores                   BatchGetItem
18. Merge scores into a leaderboard         GetItem, strong; PutItem if the version is still the loaded one
19. Show a leaderboard                      GetItem
20. Leaderboards that became final          Query index `work`: work_queue = BOARDS, work_at <= now
21. Count players and holders               UpdateItem ADD
22. Shares of holders                       BatchGetItem
23. Notify a player                         PutItem
24. A player's notifications, newest first  Query NOTE#, backwards
25. How many of them are not read           Query NOTE# after an instant, count
26. Let a player join a device              UpdateItem ADD, while there is room
27. Keep a decision                         PutItem
28. A month's decisions, newest first       Query, backwards
29. An account's held grants                Query GRANT#, filtered
30. Players to look at, longest first       Query index `work`: work_queue = FLAGGED
26. Which of these players were erased?     BatchGetItem
31. Hand in evidence                        Query EVIDENCE#{mission}#, backwards, for the last number, strong; PutItem if absent
32. Check and decide it                     GetItem, strong; UpdateItem while it is undecided
33. Evidence for moderators, longest first  Query index `work`: work_queue = REVIEW; BatchGetItem
34. Whose content was it first?             PutItem if absent; GetItem, strong
35. Buy                                     TransactWriteItems: 2; put the grant if absent, ADD less to the wallet if that covers it
36. Erase a player                         PutItem of a tombstone if the version is still the loaded one
37. Remove what lies around a tombstone     GetItem, strong; Query, strong; DeleteItem; PutItem if it is still that tombstone
38. Take a player off a leaderboard         DeleteItem of the score; 18
39. Show what is kept under a player        Query of PLAYER#, LEDGER# and WALLET#, strong

A held grant is decided on once: releasing and revoking it write the same row. That row has a prefix of its own, because a page of grants
must be a page of `GRANT#`.

Scores are kept by player, not by account: whoever asks for friends' ranks, and whoever erases a player, knows players.
Instants in keys are zero-padded epoch milliseconds: text order is time order. What may hold any text comes last, so no `#` in it can
be mistaken; accounts, template keys, ids of goods and period labels never hold one.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from hashlib import blake2b

from missions_core.domain.state import Board, PendingGrant
from missions_core.errors import InvalidInput

Key = tuple[str, str]

DUE_SHARDS = 64
SCORE_SHARDS = 16  # of one leaderboard: a partition takes 1000 writes a second
STATISTICS_SHARDS = 8
# Queues of the index `work`.
CLOSING_BOARDS = "BOARDS"  # leaderboards that wait for their end
FLAGGED = "FLAGGED"  # states of players that an operator should look at
REVIEW = "REVIEW"  # evidence that waits for a moderator
HISTORY = "HISTORY#"
NOTES = "NOTE#"
EVIDENCE = "EVIDENCE#"
GRANTS = "GRANT#"
DECISIONS = "DECISION#"
ITEMS = "ITEM#"
RANKS = "RANK#"  # in cursors only: ranks have no rows
CATALOG = "CATALOG"
CURRENT = (CATALOG, "CURRENT")
ONE_MISSION_KINDS = frozenset({"special", "perpetual", "quest"})  # boards of these kinds share labels: their template tells them apart


def player(player: str) -> str:
    """The partition of everything that is erased with a player."""
    return f"PLAYER#{player}"


def state(player_id: str) -> Key:
    """A player's game."""
    return player(player_id), "STATE"


def player_of(partition: str) -> str:
    """The player a partition belongs to."""
    return partition.removeprefix("PLAYER#")


def kind_of(sort: str) -> str:
    """What kind of row a sort key stands for, in partitions where its first part says so."""
    return sort.partition("#")[0]


def seen(player_id: str, hour: int) -> Key:
    """Action ids of one hour that left the state."""
    return player(player_id), f"SEEN#{hour}"


def hour_of_seen(sort: str) -> int:
    """The hour a SEEN row belongs to."""
    return int(sort.removeprefix("SEEN#"))


def profile(player_id: str) -> Key:
    """A player's personal data."""
    return player(player_id), "PROFILE"


def history(player_id: str, board: Board) -> Key:
    """A settled board."""
    period = board.period
    sort = f"{HISTORY}{_instant(period.start)}#{period.kind}#{period.label}"
    return player(player_id), f"{sort}#{board.missions[0].template}" if period.kind in ONE_MISSION_KINDS else sort


def note(player_id: str, at: int, id_: str) -> Key:
    """A notification of what happened at an instant: the same event has the same key however often it is told."""
    return player(player_id), f"{NOTES}{_instant(at)}#{id_}"


def notes_since(at: int) -> tuple[str, str]:
    """Between which sort keys the notifications of what happened since an instant lie."""
    return f"{NOTES}{_instant(at)}", "NOTE$"  # the character after `#`


def evidence(player_id: str, mission: str, number: int) -> Key:
    """Evidence for a mission, by its number. Neither a template key nor a label has a `#`."""
    return player(player_id), f"{evidence_of_mission(mission)}{number:06d}"


def evidence_of_mission(mission: str) -> str:
    """The sort key prefix of all evidence for a mission."""
    return f"{EVIDENCE}{mission}#"


def evidence_of(key: Key) -> tuple[str, str, int]:
    """The player, the mission and the number evidence belongs to."""
    partition, sort = key
    mission, _, number = sort.removeprefix(EVIDENCE).rpartition("#")
    return player_of(partition), mission, int(number)


def owner(fingerprint: str) -> Key:
    """Whose evidence had a content first."""
    return f"{EVIDENCE}{fingerprint}", "OWNER"


def due_shard(player_id: str) -> str:
    """The index partition a player's next change is found under."""
    return due_partition(_hash(player_id) % DUE_SHARDS)


def due_partition(shard: int) -> str:
    """One of the 64 index partitions."""
    return f"DUE#{shard}"


def ledger(account: str) -> str:
    """The partition of an account's grants: its rows are only ever added."""
    return f"LEDGER#{account}"


def grant(account: str, pending: PendingGrant) -> Key:
    """A grant, or a decision on one: its time is fixed in the state, so the same cause has the same key whenever it is paid."""
    prefix = DECISIONS if pending.is_decision else GRANTS
    return ledger(account), f"{prefix}{_instant(pending.at)}#{pending.cause}"


def decision(grant_key: Key) -> Key:
    """The decision on a held grant."""
    account, sort = grant_key
    return account, f"{DECISIONS}{sort.removeprefix(GRANTS)}"


def goods(account: str) -> str:
    """The partition of an account's wallet and inventory."""
    return f"WALLET#{account}"


def wallet(account: str) -> Key:
    """An account's balances."""
    return goods(account), "WALLET"


def item(account: str, kind: str, id_: str, expires_at: int | None) -> Key:
    """A stack of goods: what expires at different times lies on different stacks."""
    sort = f"{ITEMS}{kind}#{id_}"
    return goods(account), sort if expires_at is None else f"{sort}#{_instant(expires_at)}"


def snapshot(version: int, digest: str) -> str:
    """The sort key prefix of a snapshot's chunks. The digest keeps apart what two publishers write for one version."""
    return f"SNAPSHOT#{version:08d}#{digest}#"


def chunk(version: int, digest: str, index: int) -> Key:
    """One chunk of a snapshot."""
    return CATALOG, f"{snapshot(version, digest)}{index:04d}"


def template(template_key: str, version: int) -> Key:
    """A template version that the current catalog no longer holds."""
    return CATALOG, f"TEMPLATE#{template_key}#{version}"


def jobs(name: str) -> str:
    """The runs of a scheduled job."""
    return f"JOB#{name}"


def job(name: str, scheduled_at: int) -> Key:
    """One run of a scheduled job."""
    return jobs(name), _instant(scheduled_at)


def leaderboard(board: str, label: str) -> str:
    """The partition of a leaderboard: of a board, and the label of the period it ranks. Neither has a `#`."""
    return f"SCORES#{board}#{label}"


def board_of(partition: str) -> tuple[str, str]:
    """The board and the label a leaderboard's partition belongs to."""
    _, board, label = partition.split("#")
    return board, label


def top(board: str, label: str) -> Key:
    """A leaderboard's merged row."""
    return leaderboard(board, label), "TOP"


def score(board: str, label: str, player_id: str) -> Key:
    """A player's score, on one of the leaderboard's shards."""
    return f"{leaderboard(board, label)}#{_hash(player_id) % SCORE_SHARDS}", player_id


def statistics(shard: int) -> Key:
    """One of the rows that together count all players."""
    return f"STATS#ALL#{shard}", "HOLDERS"


def device(hash_: str) -> Key:
    """The players of a device."""
    return f"DEVICE#{hash_}", "PLAYERS"


def audit(month: str) -> str:
    """The partition of a month's (YYYY-MM) audit entries."""
    return f"AUDIT#{month}"


def audit_entry(month: str, at: int, digest: str) -> Key:
    """An audit entry: the same one has the same key."""
    return audit(month), f"{_instant(at)}#{digest}"


def cursor(key: Key) -> str:
    """An opaque cursor that continues a list after this key."""
    partition, sort = key
    return urlsafe_b64encode(_binding(partition) + sort.encode()).decode().rstrip("=")


def after_cursor(text: str, partition: str, prefix: str) -> Key:
    """The key a cursor stands for. InvalidInput: not a cursor of this list."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        binding, sort = raw[:8], raw[8:].decode()
    except (Base64Error, ValueError):
        binding, sort = b"", ""
    if binding != _binding(partition) or not sort.startswith(prefix):
        raise _invalid_cursor()
    return partition, sort


def rank_cursor(partition: str, rank: int) -> str:
    """An opaque cursor that continues a leaderboard after this rank."""
    return cursor((partition, f"{RANKS}{rank}"))


def after_rank(text: str, partition: str) -> int:
    """The rank a cursor stands for. InvalidInput: not a cursor of this leaderboard."""
    rank = after_cursor(text, partition, RANKS)[1].removeprefix(RANKS)
    if not rank.isdecimal():
        raise _invalid_cursor()
    return int(rank)


def work_cursor(queue: str, at: int, key: Key) -> str:
    """An opaque cursor that continues a queue of the index `work` after this entry. No key has the separator in it."""
    return cursor((queue, "\0".join((_instant(at), *key))))


def after_work(text: str, queue: str) -> tuple[int, Key]:
    """When the entry was queued that a cursor stands for, and its key. InvalidInput: not a cursor of this queue."""
    at, _, key = after_cursor(text, queue, "")[1].partition("\0")
    partition, _, sort = key.partition("\0")
    if not (at.isdecimal() and partition and sort):
        raise _invalid_cursor()
    return int(at), (partition, sort)


def _invalid_cursor() -> InvalidInput:
    return InvalidInput("invalid_cursor", "cursor must be a next_cursor of this list; without one it starts at the top", field="cursor")


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def _binding(partition: str) -> bytes:
    return blake2b(partition.encode(), digest_size=8).digest()


def _instant(instant: int) -> str:
    return f"{instant:013d}"
