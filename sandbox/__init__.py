"""The sandbox: loopback servers that stand for Telegram and OpenAI in the demo and in the tests.
It may import pyrogram (Kurigram), FastAPI and other libraries.
It must not import the product: `api`, `worker` and `shared`."""
