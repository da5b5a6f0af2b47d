"""The suite mirrors the source; journeys, races and crashes stand beside it."""
