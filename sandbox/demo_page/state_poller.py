"""The parts that the demo page plays with, and the loop that asks the product what it has stored."""

import asyncio
from contextlib import suppress

import httpx2

from sandbox.demo_page import counts
from sandbox.demo_page.fault_injection import Troubles
from sandbox.demo_page.product import Product
from sandbox.demo_page.visitors import Visitor, Visitors, now
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account

LOOK_SECONDS = 0.4
# A visitor whose page is not open is asked for in every fourth round.
_SELDOM = 4
# After this time without news, only open pages are kept up to date.
_IDLE_SECONDS = 600


class Stage:
    """`refresh_forever` runs while a page is open."""

    def __init__(self, telegram: Telegram, account: Account, product: Product, troubles: Troubles) -> None:
        self.telegram = telegram
        self.account = account
        self.product = product
        self.troubles = troubles
        self.visitors = Visitors(telegram.world)
        self.is_over = False
        self._open_pages: dict[int, int] = {}
        self._round = 0
        self._calm_since = now()
        self._can_read = True
        self._refreshing: asyncio.Task[None] | None = None

    def quiet_since(self, moment: float) -> float:
        """Return the seconds since this moment or the end of the last trouble; 0 during a trouble.

        It is a trouble, too, if the product's leads cannot be read.
        """
        if self.troubles.current() or not self.product.is_up or not self._can_read:
            return 0.0
        return now() - max(moment, self._calm_since)

    def open_page(self, visitor: Visitor) -> None:
        """Keep this visitor up to date until `close_page`."""
        self._open_pages[visitor.person_id] = self._open_pages.get(visitor.person_id, 0) + 1
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh_forever())

    def close_page(self, visitor: Visitor) -> None:
        """End what `open_page` has begun."""
        self._open_pages[visitor.person_id] -= 1
        if not self._open_pages[visitor.person_id]:
            del self._open_pages[visitor.person_id]

    async def close(self) -> None:
        """End all streams, and the client."""
        self.is_over = True
        if self._refreshing is not None:
            self._refreshing.cancel()
            with suppress(asyncio.CancelledError):
                await self._refreshing
        await self.product.close()

    async def refresh(self, visitor: Visitor) -> None:
        """Ask the product for the visitor's leads."""
        record = visitor.record
        chats = [chat for _, chat in self.visitors.chats(visitor)]
        # Counted before the product is asked: what is sent while it answers is not compared.
        sent, written = counts.sent_count(chats), counts.written_count(chats)
        try:
            for lead_id in visitor.lead_ids:
                lead = await self.product.lead(lead_id)
                if lead is not None:
                    record.leads[lead_id] = lead
                elif record.leads.pop(lead_id, None) is not None:
                    record.gone.add(lead_id)
        except httpx2.HTTPError:
            self._can_read = False
            return
        record.sent_before, record.written_before = sent, written
        self._can_read = True

    async def _refresh_forever(self) -> None:
        # What is known may be old: nothing is lost before it was asked for.
        self._calm_since = now()
        while self._open_pages and not self.is_over:
            self._round += 1
            await self.product.check()
            if self.troubles.current() or not self.product.is_up:
                self._calm_since = now()
            for visitor in self.visitors:
                if self._is_due(visitor):
                    await self.refresh(visitor)
            await asyncio.sleep(LOOK_SECONDS)

    def _is_due(self, visitor: Visitor) -> bool:
        if visitor.person_id in self._open_pages:
            return True
        if self._round % _SELDOM or not visitor.lead_ids:
            return False
        news_at = max([visitor.last_words_at] + [form.at for form in visitor.forms])
        return now() - max(news_at, self._calm_since) < _IDLE_SECONDS
