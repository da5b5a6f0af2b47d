"""The page of a lead, and what a user does with the lead.
It may import the rest of the console, the queries and shared/leads.
It must not import other pages."""
