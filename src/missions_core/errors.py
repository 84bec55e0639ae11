"""Every error a caller can cause or must handle, one tree; anything else is a bug.

MissionsError
├── InvalidInput            the request or message is malformed; `field` names where
│   └── CatalogInvalid      a catalog folder has mistakes; carries all of them
├── NotAuthenticated        no valid access token
├── NotPermitted            a valid token without the needed role
├── NotFound                no such mission, player, route target
├── Conflict                the state forbids it now (claimed already, checked in already, ...)
├── Gone                    it existed and its time is over
│   └── Erased              the player was erased; says when
├── RateLimited             too many client-sent actions; `retry_after_seconds`
├── VersionConflict         someone else saved the player's state first; load it and apply again
├── Contention              the player's state kept changing under us; safe to retry
├── Unavailable             what this needs is down for now; safe to retry
├── Unreachable             an endpoint outside did not answer in time, or is spared because it keeps failing
└── MisconfiguredError      an environment variable or a parameter is missing or contradicts another

Each carries a stable `code` (machine-readable, never reworded) and a message that says what to do.
"""


class MissionsError(Exception):
    """Base of the tree; `details` are extra JSON members for the HTTP problem document."""

    def __init__(self, code: str, message: str, *, field: str | None = None, **details: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.details = details


class InvalidInput(MissionsError):
    """The input is malformed: `field` names the member, the message names the fix."""


class CatalogInvalid(InvalidInput):
    """A catalog folder has mistakes; `problems` lists every one as `file: path: what to write instead`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("catalog_invalid", f"{len(problems)} problem(s) in the catalog:\n" + "\n".join(problems))
        self.problems = problems


class NotAuthenticated(MissionsError):
    """The access token is missing, expired or not an access token."""


class NotPermitted(MissionsError):
    """The token is valid but lacks the role this needs."""


class NotFound(MissionsError):
    """Nothing of that name exists for this caller."""


class Conflict(MissionsError):
    """The current state forbids the command; `details` tell what the state is."""


class Gone(MissionsError):
    """The thing existed and its time is over."""


class Erased(Gone):
    """The player was erased, at an instant in epoch milliseconds. A player's id is not given out again."""

    def __init__(self, erased_at: int) -> None:
        super().__init__(
            "player_erased", "this player was erased; nothing is kept of them, and nothing counts any more", erased_at=erased_at
        )
        self.erased_at = erased_at


class RateLimited(MissionsError):
    """The caller must slow down; `details` carry `retry_after_seconds`."""


class VersionConflict(MissionsError):
    """Someone else saved the player's state since it was loaded."""


class Contention(MissionsError):
    """Bounded retries against other writers ran out; the whole call may be repeated safely."""


class Unavailable(MissionsError):
    """What the call needs is down for now; the whole call may be repeated safely."""


class Unreachable(MissionsError):
    """An endpoint outside did not answer, or only with errors; later it may."""


class MisconfiguredError(MissionsError):
    """The deployment is wrong; nothing a caller does can help."""
