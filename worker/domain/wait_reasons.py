"""Why new leads wait, as stored in `leads.last_error`. Data only."""

NO_CAPACITY = "waits for room: no account may begin another conversation yet"
NO_LOOKUP_METHOD = "waits: Telegram lets no account look anybody up this way yet"
OUTSIDE_HOURS = "waits for OUTREACH_HOURS where the person is"
