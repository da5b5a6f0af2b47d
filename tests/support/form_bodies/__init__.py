"""Webhook bodies of many senders, and the leads that a reader must find in them.

The shapes are those of the senders' documentation, which each group names; all values are our own.
"""

from tests.support.form_bodies import (
    ads,
    ads_meta,
    builders,
    crm,
    crm_other,
    forms,
    forms_fields,
    hostile_fields,
    hostile_people,
    integrators,
    kinds,
    landings,
    shops,
    spelling,
    wordpress,
)
from tests.support.form_bodies.case import Case, Expected

__all__ = ["CASES", "Case", "Expected"]

CASES: tuple[Case, ...] = (
    *ads_meta.CASES,
    *ads.CASES,
    *builders.CASES,
    *landings.CASES,
    *wordpress.CASES,
    *forms.CASES,
    *forms_fields.CASES,
    *crm.CASES,
    *crm_other.CASES,
    *integrators.CASES,
    *shops.CASES,
    *hostile_people.CASES,
    *hostile_fields.CASES,
    *spelling.CASES,
    *kinds.CASES,
)
