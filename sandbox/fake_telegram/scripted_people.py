"""People with a script answer by themselves: one reply after each message they get."""

import asyncio

from sandbox.fake_telegram.state.mailbox import Event
from sandbox.fake_telegram.state.people import Account, Person
from sandbox.fake_telegram.state.world import World


class Prospects:
    """A listener of the world; replies that are still to come are dropped by `stop`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._coming: set[asyncio.TimerHandle] = set()

    def heard(self, account: Account, event: Event) -> None:
        """Let the person answer, after their delay, if they have something left to say."""
        message = event.message
        if event.change != "message" or message is None or not message.out:
            return
        person = self._world.people.get(event.person_id)
        if person is None or not person.replies:
            return
        reply = person.replies.pop(0)
        texts = [reply] if isinstance(reply, str) else reply
        loop = asyncio.get_running_loop()
        self._coming = {timer for timer in self._coming if timer.when() > loop.time()}
        self._coming.add(loop.call_later(person.delay, self._answer, person, account, texts))

    def stop(self) -> None:
        """Nobody says anything more."""
        for timer in self._coming:
            timer.cancel()
        self._coming.clear()

    def _answer(self, person: Person, account: Account, texts: list[str]) -> None:
        for text in texts:
            self._world.write(person, account, text)
