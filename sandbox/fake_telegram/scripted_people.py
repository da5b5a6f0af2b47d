"""People with scripted replies: each sends one reply after each message it receives."""

import asyncio

from sandbox.fake_telegram.state.mailbox import Event
from sandbox.fake_telegram.state.people import Account, Person
from sandbox.fake_telegram.state.world import World


class ScriptedPeople:
    """A listener of the world; `stop` cancels pending replies."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._timers: set[asyncio.TimerHandle] = set()

    def on_event(self, account: Account, event: Event) -> None:
        """Schedule the person's next scripted reply, after the person's delay in seconds."""
        message = event.message
        if event.change != "message" or message is None or not message.out:
            return
        person = self._world.people.get(event.person_id)
        if person is None or not person.replies:
            return
        reply = person.replies.pop(0)
        texts = [reply] if isinstance(reply, str) else reply
        loop = asyncio.get_running_loop()
        self._timers = {timer for timer in self._timers if timer.when() > loop.time()}
        self._timers.add(loop.call_later(person.delay, self._answer, person, account, texts))

    def stop(self) -> None:
        """Cancel all pending replies."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _answer(self, person: Person, account: Account, texts: list[str]) -> None:
        for text in texts:
            self._world.write(person, account, text)
