"""The rule-based model: pure functions that read a prompt and answer it in Russian or English.
It may import the turn and the strict-schema rules of `sandbox.fake_openai`.
It must not import FastAPI, the endpoints or the product (`api`, `worker`, `shared`)."""
