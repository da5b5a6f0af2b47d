"""The outcomes of deliveries are the same in the responses, the filters and the database."""

import re
from typing import get_args

from sqlalchemy import CheckConstraint

from api.intake.deliveries import DELIVERIES
from api.queries import filters
from api.schemas import deliveries


def test_outcomes_are_the_same_everywhere() -> None:
    (check,) = [
        str(constraint.sqltext)
        for constraint in DELIVERIES.constraints
        if isinstance(constraint, CheckConstraint) and "outcome" in str(constraint.name)
    ]
    stored = re.findall(r"'(\w+)'", check)
    assert set(get_args(filters.Outcome)) == set(get_args(deliveries.Outcome)) == set(stored)
