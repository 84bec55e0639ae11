"""Referrals under every order, repetition and death: each side is paid once."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.awsrequest import AWSResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.inprocess import Deliver, InProcessAws, Request, create_resources, running
from missions_core import clock
from missions_core.domain.referrals import id_of, pseudonym
from missions_core.storage.ledger import Ledger
from missions_core.use_cases.referrals import activate_referral
from missions_core.use_cases.stores import stores_of
from tests.component.test_consume_events import CATALOG, EARLIER, LATER, NOW, consume, ledger, referral
from tests.support.world import World


@pytest.fixture(autouse=True)
def aws(socket_disabled: None) -> None:
    """One for each example, not for the test."""


@contextmanager
def anew() -> Iterator[World]:
    """An empty world: hypothesis calls a test many times, fixtures are made once."""
    with running() as aws, pytest.MonkeyPatch.context() as patched:
        environment = create_resources()
        for name, value in environment.items():
            patched.setenv(name, value)
        world = World(aws, environment, NOW)
        patched.setattr(clock, "now", lambda: world.now)
        world.publish_catalog(CATALOG)
        yield world


class Died(Exception):
    """The process ended here."""


class Mortal:
    """Lets the process die before or after its n-th write."""

    def __init__(self, aws: InProcessAws) -> None:
        self.dies_at: tuple[int, bool] | None = None
        self._inner = aws.intercept
        aws.intercept = self.intercept

    def intercept(self, request: Request, deliver: Deliver) -> AWSResponse:
        if self.dies_at is None or request.operation not in ("PutItem", "TransactWriteItems", "UpdateItem"):
            return self._inner(request, deliver)
        left, after = self.dies_at
        self.dies_at = (left - 1, after) if left else None
        if left == 0 and not after:
            raise Died
        answer = self._inner(request, deliver)
        if left == 0:
            raise Died
        return answer


PLAYERS = st.sampled_from(["ann", "bob", "cid"])
TIMES = st.sampled_from([EARLIER, LATER, "2026-11-20T09:00:00.123Z"])
REFERRALS = st.tuples(PLAYERS, PLAYERS, TIMES).filter(lambda each: each[0] != each[1])
XP = {100: 10, 50: 1}  # what comes with so much gold
DEATHS = st.none() | st.tuples(st.integers(0, 3), st.booleans())


@settings(max_examples=40)
@given(st.lists(st.tuples(REFERRALS, DEATHS, st.booleans()), min_size=1, max_size=6))
def test_each_side_of_a_referral_is_paid_once_whatever_dies_repeats_or_is_reordered(
    deliveries: list[tuple[tuple[str, str, str], tuple[int, bool] | None, bool]],
) -> None:
    with anew() as world:
        mortal = Mortal(world.aws)
        for told, mortal.dies_at, pays in deliveries:
            consume(world, referral(*told))
            mortal.dies_at = None
            if pays:
                world.pay()
                world.now += 120_000  # pending grants are looked after from now on
        for told, _, _ in deliveries:
            assert consume(world, referral(*told)) == []
        world.pay()

        expected: dict[str, dict[str, int]] = {}
        for inviter, invitee in _accepted(world, {(inviter, invitee) for (inviter, invitee, _), _, _ in deliveries}):
            expected.setdefault(inviter, {})[id_of(invitee)] = 100
            expected.setdefault(invitee, {})["referral:invited"] = 50
        assert {
            player: paid for player in ("ann", "bob", "cid") if world.players.load(player) and (paid := ledger(world, player))
        } == expected
        for player, paid in expected.items():
            state, xp = world.state(player), sum(XP[paid_out] for paid_out in paid.values())
            assert Ledger("missions").wallet(state.account) == {"gold": sum(paid.values()), "xp": xp}
            assert state.lifetime_xp == xp


def _accepted(world: World, told: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of all the referrals told, the one of each invitee that the invitee's state remembers; none where each would be mutual."""
    accepted = [(inviter, invitee) for inviter, invitee in told if _inviter(world, invitee) == pseudonym(inviter)]
    refused = {(inviter, invitee) for inviter, invitee in told if (invitee, inviter) in accepted}
    assert not refused & set(accepted)
    assert sorted(invitee for _, invitee in accepted) == sorted({invitee for _, invitee in told - refused})
    return accepted


def _inviter(world: World, player: str) -> str | None:
    stored = world.players.load(player)
    return stored.state.referral.inviter if stored is not None and stored.state.referral is not None else None


def test_of_two_who_invited_each_other_at_the_same_moment_one_is_paid_as_inviter() -> None:
    with anew() as world:
        inner, waiting = world.aws.intercept, [("bob", "ann")]

        def intercept(request: Request, deliver: Deliver) -> AWSResponse:
            if request.operation == "PutItem" and waiting:
                activate_referral(stores_of("missions"), *waiting.pop(), at=NOW, now=NOW)
            return inner(request, deliver)

        world.aws.intercept = intercept
        consume(world, referral("ann", "bob"))
        world.pay()

        assert ledger(world, "ann") == {"referral:invited": 50}
        assert ledger(world, "bob") == {"referral:invited": 50, id_of("ann"): 100}
        assert {body["reason"] for body in world.bodies("QUARANTINE_QUEUE_URL")} == {"mutual_referral"}
