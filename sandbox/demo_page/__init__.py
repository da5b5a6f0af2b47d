"""The demo page at `/` of the sandbox: a website, its visitor's phone, the console, and what happens between.
It reaches the product only by HTTP, and the sandbox's own Telegram and model directly.
It must not import the product (`api`, `worker`, `shared`) or `sandbox.demo`."""
