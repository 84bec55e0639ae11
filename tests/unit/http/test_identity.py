"""Who calls: hostile claims, roles in every form they arrive in."""

from typing import Any

import pytest

from missions_core import clock
from missions_core.errors import InvalidInput, NotAuthenticated, NotPermitted
from missions_core.http.identity import Caller, caller_of, player_id

NOW_SECONDS = 1_795_255_200
COGNITO = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc"
CLAIMS: dict[str, Any] = {"sub": "p1", "iss": COGNITO, "exp": str(NOW_SECONDS + 60), "token_use": "access"}


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "real_now", lambda: NOW_SECONDS * 1000)


def event(claims: object) -> dict[str, Any]:
    return {"requestContext": {"authorizer": {"jwt": {"claims": claims}}}}


def with_claims(**claims: Any) -> Caller:
    return caller_of(event(CLAIMS | claims))


def without(claim: str) -> dict[str, Any]:
    return event({name: value for name, value in CLAIMS.items() if name != claim})


def test_a_caller_is_the_tokens_subject_without_roles() -> None:
    assert with_claims() == Caller("p1", frozenset())


@pytest.mark.parametrize("broken", [{}, {"requestContext": None}, {"requestContext": {"authorizer": {}}}, event(None), event("sub=p1")])
def test_no_claims_no_caller(broken: dict[str, Any]) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        caller_of(broken)
    assert caught.value.code == "missing_token"


@pytest.mark.parametrize(
    "expiry", [NOW_SECONDS + 1, float(NOW_SECONDS + 1), str(NOW_SECONDS + 1), "1795255201.0", "1.8e9", "1.795255201E9", "1.795255201e+09"]
)
def test_an_expiry_ahead_passes_as_a_number_or_however_json_spells_it(expiry: object) -> None:
    assert with_claims(exp=expiry).player == "p1"


@pytest.mark.parametrize("expiry", [NOW_SECONDS, NOW_SECONDS - 1, str(NOW_SECONDS), "0", -1, 0])
def test_an_expiry_reached_is_refused(expiry: object) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        with_claims(exp=expiry)
    assert caught.value.code == "token_expired"


@pytest.mark.parametrize(
    "expiry",
    [None, "", "never", "inf", "-inf", "nan", float("inf"), float("nan"), True, [NOW_SECONDS + 1], {}, 10**12, "1795255260000", 10**400],
)
def test_an_expiry_that_says_nothing_is_refused(expiry: object) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        with_claims(exp=expiry)
    assert caught.value.code == "invalid_token"


@pytest.mark.parametrize(
    "expiry",
    [1_800_000_000.5, "1800000000.5", "1.8000000005e9", "1e400", " 1800000000", "1800000000\n", "1_8e8", "+1800000000", "01800000000"],
)
def test_an_expiry_that_is_no_whole_number_as_json_spells_it_is_refused(expiry: object) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        with_claims(exp=expiry)
    assert caught.value.code == "invalid_token"


@pytest.mark.parametrize("claim", ["nbf", "iat"])
@pytest.mark.parametrize("start", [NOW_SECONDS, NOW_SECONDS + 60, NOW_SECONDS + 59.5, str(NOW_SECONDS - 1), 0, "-1"])
def test_a_token_is_valid_from_its_start_or_a_minute_before(claim: str, start: object) -> None:
    assert with_claims(**{claim: start}).player == "p1"


@pytest.mark.parametrize("claim", ["nbf", "iat"])
@pytest.mark.parametrize("start", [NOW_SECONDS + 61, str(NOW_SECONDS + 61), " 1", "soon", "nan", None, True, [NOW_SECONDS], ""])
def test_a_token_whose_time_has_not_come_is_refused(claim: str, start: object) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        with_claims(**{claim: start})
    assert caught.value.code == "token_not_yet_valid"


def test_a_missing_expiry_or_subject_is_refused() -> None:
    for claim in ("exp", "sub"):
        with pytest.raises(NotAuthenticated):
            caller_of(without(claim))


@pytest.mark.parametrize(
    "subject", ["", " ", None, 7, ["p1"], "p" * 129, "p\n1", "p\x00", "p\u202e1", "null", "true", "false", "[a b]", '{"a": 1}']
)
def test_a_subject_that_is_no_id_is_refused(subject: object) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        with_claims(sub=subject)
    assert caught.value.code == "invalid_token"


@pytest.mark.parametrize("subject", ["p", "p" * 128, "auth0|5f7c8ec7", "jürgen@example.org", "a#b", "nullius", "7", "a[1]"])
def test_subjects_of_any_issuer_are_ids(subject: str) -> None:
    assert with_claims(sub=subject).player == subject


@pytest.mark.parametrize(
    "claims",
    [
        {"token_use": "id"},
        {"token_use": None},
        {"token_use": "Access"},
        {"token_use": ["access"]},
        {"token_use": "id", "iss": "https://issuer.example"},
        {"token_use": None, "iss": None},
        {"token_use": None, "iss": "https://issuer.example", "nonce": "n"},
        {"token_use": None, "iss": "https://issuer.example", "at_hash": "h"},
    ],
)
def test_what_is_not_an_access_token_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        with_claims(**claims)
    assert caught.value.code == "not_an_access_token"


def test_issuers_other_than_cognito_need_not_mark_access_tokens() -> None:
    assert with_claims(iss="https://issuer.example", token_use=None).player == "p1"


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        ({"cognito:groups": "[admin service]"}, {"admin", "service"}),
        ({"cognito:groups": "[moderator]"}, {"moderator"}),
        ({"cognito:groups": "service"}, {"service"}),
        ({"cognito:groups": ["service", 7, "other"]}, {"service"}),
        ({"cognito:groups": "[x,admin]"}, set()),
        ({"cognito:groups": "[administrators]"}, set()),
        ({"cognito:groups": "xadmin]"}, set()),
        ({"cognito:groups": "[adminx"}, set()),
        ({"cognito:groups": "adminXservice", "roles": "adminXservice"}, set()),
        ({"cognito:groups": "[]"}, set()),
        ({"cognito:groups": {"admin": True}}, set()),
        ({"roles": "admin, moderator"}, {"admin", "moderator"}),
        ({"roles": "[service admin]"}, {"service", "admin"}),
        ({"roles": ["moderator"]}, {"moderator"}),
        ({"roles": "ADMIN"}, set()),
        ({"role": "admin", "scope": "admin", "groups": "[admin]"}, set()),
    ],
)
def test_roles_come_from_groups_or_roles_only_and_are_known_ones(claims: dict[str, Any], roles: set[str]) -> None:
    assert with_claims(**claims).roles == roles


def test_one_of_the_accepted_roles_is_enough_and_none_is_not() -> None:
    Caller("p", frozenset({"service"})).require_role("admin", "service")
    with pytest.raises(NotPermitted) as caught:
        Caller("p", frozenset({"moderator"})).require_role("admin", "service")
    assert caught.value.code == "missing_role"


def test_a_players_id_given_by_the_host_has_the_same_bounds() -> None:
    assert player_id("p1", field="player_id") == "p1"
    with pytest.raises(InvalidInput) as caught:
        player_id("p" * 129, field="player_id")
    assert (caught.value.code, caught.value.field) == ("invalid_player", "player_id")


@pytest.mark.parametrize(
    ("claims", "advice"),
    [
        ({"exp": None}, "the token does not say when it expires (exp)"),
        ({"exp": 1}, "the access token has expired; get a new one"),
        ({"token_use": "id"}, "this is not an access token; send the access token, not the ID token"),
        ({"sub": ""}, "the token's subject must have 1 to 128 printable characters"),
    ],
)
def test_a_refusal_says_what_is_wrong_with_the_token(claims: dict[str, Any], advice: str) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        with_claims(**claims)
    assert caught.value.message == advice


def test_whoever_sends_no_token_or_lacks_a_role_learns_what_to_send() -> None:
    with pytest.raises(NotAuthenticated) as anonymous:
        caller_of({})
    with pytest.raises(NotPermitted) as powerless:
        Caller("p", frozenset()).require_role("admin", "service")
    with pytest.raises(InvalidInput) as nobody:
        player_id("", field="player_id")

    assert anonymous.value.message == "send an access token: Authorization: Bearer <token>"
    assert powerless.value.message == "this needs a token with the role admin or service"
    assert powerless.value.details == {"required_roles": ["admin", "service"]}
    assert nobody.value.message == "a player's id has 1 to 128 printable characters"
