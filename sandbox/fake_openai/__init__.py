"""An OpenAI-compatible server with a rule-based model and planned faults.
It may import FastAPI, pydantic and jsonschema.
It must not import the fake Telegram or the product (`api`, `worker`, `shared`)."""
