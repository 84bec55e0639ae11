"""What the host and its services tell us of players, in our words. `contracts.incoming` reads it from their events."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlayerAttributes:
    """What the host says about a player; None leaves a member as it is."""

    zone: str | None = None
    locale: str | None = None
    level: int | None = None
    vip: bool | None = None
    segments: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """What the host says about a player at first; None where it does not say."""

    zone: str | None = None
    locale: str | None = None
    name: str | None = None
    email: str | None = None
    avatar: str | None = None

    @property
    def profile(self) -> dict[str, str]:
        """The members of the profile that are said."""
        members = {"language": self.locale, "name": self.name, "email": self.email, "avatar": self.avatar}
        return {member: value for member, value in members.items() if value is not None}


@dataclass(frozen=True, slots=True)
class UserRegistered:
    """There is a new player."""

    player: str
    at: int
    told: Registration


@dataclass(frozen=True, slots=True)
class PlayerUpdated:
    """Something about a player changed."""

    player: str
    at: int
    attributes: PlayerAttributes


@dataclass(frozen=True, slots=True)
class UserDeleted:
    """A player is to be forgotten."""

    player: str
    at: int


@dataclass(frozen=True, slots=True)
class ReferralActivated:
    """Whom a player invited did what that takes."""

    inviter: str
    invitee: str
    at: int


NeighbourEvent = UserRegistered | PlayerUpdated | UserDeleted | ReferralActivated
