"""A running product and what its faults need: the database's owner, its server, the network to it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from shared.database.faults.error_tables import Meaning
from tests.chaos.outages.postgres import OwnPostgres
from tests.support.postgres_proxies import SilentProxy
from tests.support.running_product import RunningProduct


@dataclass(frozen=True)
class Installation:
    """`owner_url`: the product's database for the one who makes the faults."""

    product: RunningProduct
    owner_url: str
    health_port: int
    server: OwnPostgres | None = None
    network: SilentProxy | None = None


@dataclass(frozen=True)
class Fault:
    """`begin` makes the fault until its block ends. `says`: the reasons that the product may tell.

    `is_slow`: it runs only with `make chaos`. `fields`: of the form that is sent meanwhile.
    """

    name: str
    begin: Callable[[Installation], AbstractContextManager[None]]
    says: Sequence[Meaning]
    is_slow: bool = False
    fields: dict[str, str] = field(default_factory=dict)
