"""What a settlement is to write for one locked lead."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm.attributes import set_committed_value

from shared.database.models import Lead
from shared.statuses import LeadStatus
from worker.domain.outcomes import Outcome
from worker.messaging.outbox import SentMessage


@dataclass
class LeadChange:
    """What is to be written for one locked lead. `seen` is the status for which the outcome was decided.

    `joins` is the locked conversation that the lead joins, `sent` the delivered message after its update.
    `due` is when the lead is due again; None means that its waiting messages decide it. `rescheduled` is set
    if the listener has changed the due time of a lead that was not greeted, since the lead was read.
    """

    lead: Lead
    seen: LeadStatus
    outcome: Outcome
    joins: Lead | None = None
    sent: SentMessage | None = None
    due: datetime | None = None
    rescheduled: datetime | None = None
    columns: dict[str, Any] = field(default_factory=dict)

    @property
    def lead_id(self) -> int:
        """The id of the lead."""
        return self.lead.id

    def set(self, **columns: Any) -> None:  # noqa: ANN401 - columns of the lead, each of its own type
        """Change columns of the lead: in memory now, in the database with the flush."""
        self.columns |= columns
        self.show_columns()

    def show_columns(self) -> None:
        """Make the lead in memory show the changes, also after it was read again."""
        for name, value in self.columns.items():
            set_committed_value(self.lead, name, value)
