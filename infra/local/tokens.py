"""Access tokens of the local user pool: users are made when first asked for."""

import secrets
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from infra.local.stack import LocalStack, local_session

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient
    from types_boto3_cognito_idp.type_defs import AttributeTypeTypeDef

Role = Literal["admin", "moderator", "service"]
ROLES: tuple[Role, ...] = get_args(Role)


class Token(NamedTuple):
    """An access token and the player it stands for."""

    token: str
    player: str  # the token's `sub`: the player's id everywhere in the system


def issue_token(stack: LocalStack, name: str, role: Role | None = None) -> Token:
    """Sign in the user `name`, making it first when new; `role` is kept from then on."""
    cognito = local_session().client("cognito-idp", endpoint_url=stack.endpoint_url)
    player = ensure_user(cognito, stack.user_pool_id, name)
    if role:
        cognito.admin_add_user_to_group(UserPoolId=stack.user_pool_id, Username=name, GroupName=role)
    password = f"Aa1{secrets.token_urlsafe(18)}"  # used once, here; the prefix satisfies the pool's policy
    cognito.admin_set_user_password(UserPoolId=stack.user_pool_id, Username=name, Password=password, Permanent=True)
    answer = cognito.admin_initiate_auth(
        UserPoolId=stack.user_pool_id,
        ClientId=stack.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    return Token(answer["AuthenticationResult"]["AccessToken"], player)


def find_user(stack: LocalStack, name: str) -> str | None:
    """The id (`sub`) of the user `name`; None: there is no such user."""
    cognito = local_session().client("cognito-idp", endpoint_url=stack.endpoint_url)
    try:
        return _sub(cognito.admin_get_user(UserPoolId=stack.user_pool_id, Username=name)["UserAttributes"])
    except cognito.exceptions.UserNotFoundException:
        return None


def ensure_user(cognito: "CognitoIdentityProviderClient", user_pool_id: str, name: str) -> str:
    """The id (`sub`) of the user `name`, who is made when new."""
    try:
        attributes = cognito.admin_get_user(UserPoolId=user_pool_id, Username=name)["UserAttributes"]
    except cognito.exceptions.UserNotFoundException:
        user = cognito.admin_create_user(UserPoolId=user_pool_id, Username=name, MessageAction="SUPPRESS")["User"]
        attributes = user["Attributes"]
    return _sub(attributes)


def _sub(attributes: "list[AttributeTypeTypeDef]") -> str:
    return next(attribute["Value"] for attribute in attributes if attribute["Name"] == "sub")
