"""Models of what something pays: goods and boosts by name, every other member is an amount of a currency."""

from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue

from missions_core.authoring.values import Amount, AtLeastOne, Currency, GoodsId, Share, Strict

Amounts = dict[Currency, Amount]


class ItemModel(Strict):
    """An item for the inventory."""

    id: GoodsId
    quantity: AtLeastOne = 1
    expires_after_hours: AtLeastOne | None = None
    metadata: dict[str, JsonValue] = Field(default={})


class BoostModel(Strict):
    """For some hours, what completed missions pay of a currency is multiplied."""

    multiply: Share = Field(examples=["2"])
    hours: AtLeastOne


class RewardsModel(Strict):
    """Goods, boosts by currency, and amounts by currency in `model_extra`."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Amount] = Field(init=False)

    items: list[ItemModel] = Field(default=[])
    badges: list[GoodsId] = Field(default=[])
    titles: list[GoodsId] = Field(default=[])
    frames: list[GoodsId] = Field(default=[])
    boost: dict[Currency, BoostModel] = Field(default={})

    @property
    def amounts(self) -> dict[str, int]:
        """Amounts by currency, as written."""
        return dict(self.model_extra or {})


Rewards = Annotated[RewardsModel, Field(examples=["{xp: 50}"])]
