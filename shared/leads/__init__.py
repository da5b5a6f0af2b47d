"""What the API and the worker do with a lead alike: status changes, handoff, suppression list, message ids.

May import the rest of shared. Must not import api, worker or sandbox.
"""
