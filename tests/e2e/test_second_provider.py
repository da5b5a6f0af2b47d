"""A worker whose first provider of the model cannot be reached: the second answers, and the owner sees it."""

from pathlib import Path

from sandbox.demo.product_processes import free_port
from sandbox.fake_openai.app import create_openai_app
from sandbox.fake_openai.state import OpenAIState
from tests.support.running_product import LINK, running_product
from tests.support.serving import serving
from tests.support.waiting import until
from tests.support.worker_command import run


def test_the_second_provider_answers_and_the_status_shows_it(tmp_path: Path, database_url: str) -> None:
    first = f"http://127.0.0.1:{free_port()}/v1"
    state = OpenAIState()
    with serving(create_openai_app(state)) as second:
        settings = {
            "OPENAI_BASE_URL": first,
            "OPENAI_FALLBACK_BASE_URL": second,
            "OPENAI_FALLBACK_API_KEY": "sk-second-0123456789",
            "OPENAI_FALLBACK_MODEL": "deepseek-chat",
            "OWNER_CHAT": "me",
        }
        with running_product(tmp_path, database_url, **settings) as product:
            person = product.add_person(name="Ольга")
            lead = product.submit(Name="Ольга", telegram=f"@{person['username']}")
            product.wait_for_status(lead["id"], "contacted")
            product.say(person, "Да, давайте созвонимся")
            until(lambda: LINK in product.received(person)[-1], "the link is sent")
            models = {message["model"] for message in product.get_lead(lead["id"])["messages"]}
            assert models - {None} == {"deepseek-chat"}

            def status() -> str:
                return run(tmp_path, "status", DATABASE_URL=database_url, OWNER_LANGUAGE="ru").stdout

            # Not every 0.05 s: each look is a process.
            shown = until(
                lambda: text if "недоступна с" in (text := status()) else None,
                "the status shows it",
                poll_seconds=0.5,
            )
            assert "до модели не достучаться" in shown
            (second_row,) = (line for line in shown.splitlines() if line.startswith("deepseek-chat "))
            # A cell of its own: a reason could say "не отвечает".
            assert "  отвечает " in second_row
            (notice,) = until(
                lambda: [text for text in product.notices() if "вторая модель" in text], "the notice"
            )
            assert "deepseek-chat" in notice
            health = (tmp_path / "session" / "ai_assistant.health").read_text()
            assert "the second provider of the model answers" in health
        assert state.calls.counters().total >= 2
