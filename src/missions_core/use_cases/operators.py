"""What holds for whatever operators decide: it is about somebody else."""

from missions_core.errors import NotPermitted


def require_impartial(actor: str, player: str) -> None:
    """NotPermitted `own_case` where operators would decide about themselves."""
    if actor == player:
        raise NotPermitted("own_case", "this is about you; somebody else must decide")
