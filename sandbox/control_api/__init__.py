"""The control API: HTTP routes that read and change the fake Telegram.
It may import `sandbox.sessions` and `sandbox.fake_telegram`.
It must not import the fake OpenAI server, the demo or the product (`api`, `worker`, `shared`)."""
