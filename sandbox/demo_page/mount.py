"""Adds the demo page to a sandbox."""

from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI

from sandbox.demo_page import actions, pages
from sandbox.demo_page.console import proxy
from sandbox.demo_page.console.sign_in import ConsoleSignIn
from sandbox.demo_page.fault_injection import Troubles
from sandbox.demo_page.product import Product, ProductAddress
from sandbox.demo_page.state_poller import Stage
from sandbox.fake_openai.state import OpenAIState
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account


@dataclass(frozen=True)
class DemoSettings:
    """Where the product is.

    `worker_pid` holds the worker's process id, `console_link` the output of `python -m api user add`.
    """

    product: ProductAddress
    worker_pid: Path | None = None
    console_link: Path | None = None


def install(
    app: FastAPI, telegram: Telegram, model: OpenAIState, account: Account, settings: DemoSettings
) -> Stage:
    """Add the page's routes to the sandbox's app; `close` the returned stage at the end."""
    product = Product(settings.product)
    troubles = Troubles(telegram, model, account, settings.worker_pid)
    stage = Stage(telegram, account, product, troubles)
    sign_in = ConsoleSignIn(product.client, settings.console_link)
    guarded = APIRouter(dependencies=[Depends(actions.check_caller)])
    for router in (
        pages.build(stage),
        actions.build(stage),
        proxy.build(product.client, sign_in),
    ):
        guarded.include_router(router)
    app.include_router(guarded)
    return stage
