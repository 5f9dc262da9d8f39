# expect: succeeded
# inputs: {"orders": [{"id": 1, "state": "open"}, {"id": 2, "state": "paid"}]}
# output: {"orders": [{"id": 2, "state": "paid", "note": null, "tags": []}, {"id": 1, "state": "open", "note": null, "tags": []}]}
# why: dataclasses, enums and typing build code at run time and look the module up in sys.modules
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Optional


class State(str, Enum):
    OPEN = "open"
    PAID = "paid"


@dataclass(order=True)
class Order:
    id: int
    state: State
    note: Optional[str] = None
    tags: list = field(default_factory=list)


def main(orders: list) -> dict:
    parsed = sorted((Order(order["id"], State(order["state"])) for order in orders), reverse=True)
    return {"orders": [{**asdict(order), "state": order.state.value} for order in parsed]}
