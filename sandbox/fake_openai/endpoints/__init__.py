"""The endpoints of the fake OpenAI server: requests are parsed, answered and logged.
It may import the rest of `sandbox.fake_openai` except its app and control routes.
It must not import the product (`api`, `worker`, `shared`) or the fake Telegram."""
