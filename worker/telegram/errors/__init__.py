"""Says what Telegram's errors mean, and translates them into those of the Telegram port.
It may import pyrogram's errors and worker.domain.
It must not call Telegram, and must not decide about leads."""
