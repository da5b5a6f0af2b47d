"""Takes updates as Telegram sends them, finds the gaps, and turns those of private chats into arrivals.
It may import pyrogram, worker.domain and worker.telegram.content.
It must not use Kurigram's high-level objects: their parser raises on updates that it does not expect."""
