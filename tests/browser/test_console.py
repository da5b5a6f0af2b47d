"""The console as its users work with it: sign-in, live lists, a conversation, two people, the keyboard."""

import re

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import PASSWORD, Console
from tests.support.waiting import until


def _reply(page: Page, text: str) -> None:
    page.fill("#reply-text", text)
    page.click("[data-composer] button.primary")


def test_sign_in_and_out(console: Console) -> None:
    page = console.new_page(user=None)
    console.sign_in(page, "Мария")
    page.click(".menu summary")
    page.click("text=Выйти")
    page.wait_for_url("**/login")
    page.fill("[name=name]", "мария")
    page.fill("[name=password]", "wrong")
    page.click("button.primary")
    expect(page.get_by_role("alert")).to_have_text("Неверное имя или пароль.")
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.wait_for_url("**/console/")
    page.click(".menu summary")
    page.click("text=English")
    expect(page.locator("h1")).to_have_text("Inbox")


def test_a_form_appears_without_a_reload(console: Console) -> None:
    page = console.new_page("Анна")
    page.evaluate("window.isSamePage = true")
    answer = page.request.post(
        "/leads/webhooks/tilda", form={"Name": "Живая Заявка", "Phone": "+79991110001"}
    )
    assert answer.ok
    expect(page.locator("[data-row]", has_text="Живая Заявка")).to_be_visible()
    assert page.evaluate("window.isSamePage") is True


def test_words_appear_in_the_conversation_and_the_reply_is_queued(postgres_console: Console) -> None:
    console = postgres_console
    lead = console.samples.lead(name="Пётр", account_id=1, status="engaged")
    console.samples.message(lead, "Первые слова")
    page = console.new_page("Мария")
    page.click("text=Пётр")
    expect(page.locator("#messages")).to_contain_text("Первые слова")
    page.evaluate("window.isSamePage = true")
    console.samples.message(lead, "Вторые слова")
    expect(page.locator("#messages")).to_contain_text("Вторые слова")
    assert page.evaluate("window.isSamePage") is True
    _reply(page, "Ответ человека")
    expect(page.locator(".message.human")).to_contain_text("Ответ человека")
    expect(page.locator("#head-marks")).to_contain_text("у человека")
    expect(page.locator("#history")).to_contain_text("Мария")
    page.click("text=Вернуть ассистенту")
    expect(page.locator("#head-marks")).to_contain_text("разговор идёт")


def test_a_draft_is_edited_and_approved(console: Console) -> None:
    lead = console.samples.lead(name="Черновик", account_id=1)
    console.samples.message(lead, "Сколько?", state="handled")
    console.samples.message(lead, "От 100 000", kind="answer", state="draft", random_id=None)
    page = console.new_page("Анна", "operator")
    expect(page.locator("[data-row]", has_text="Черновик")).to_contain_text("черновик ждёт")
    page.goto(f"/console/leads/{lead}")
    page.fill("#draft-text", "От 100 000 рублей")
    page.click("#draft button.primary")
    expect(page.locator(".message.out")).to_contain_text("От 100 000 рублей")
    expect(page.locator("#draft form")).to_have_count(0)


def test_of_two_operators_the_second_is_told(console: Console) -> None:
    lead = console.samples.lead(name="Общий", account_id=1)
    console.samples.message(lead, "Кто мне ответит?")
    maria, oleg = console.new_page("Мария"), console.new_page("Олег")
    for page in (maria, oleg):
        page.goto(f"/console/leads/{lead}")
        # As if this page had lost its connection: it does not learn of the other's reply.
        page.route("**/*", _abort_if_by_script)
    oleg.reload()
    expect(oleg.locator("#connection")).to_be_visible()
    _reply(maria, "Отвечает Мария")
    expect(maria.locator(".message.human")).to_have_count(1)
    _reply(oleg, "Отвечает Олег")
    expect(oleg.get_by_role("alert")).to_contain_text("Ничего не отправлено")
    expect(oleg.locator(".message.new")).to_contain_text("Отвечает Мария")
    expect(oleg.locator("#reply-text")).to_have_value("Отвечает Олег")
    expect(oleg.locator(".message.human")).to_have_count(1)
    console.problems[:] = [each for each in console.problems if "ERR_FAILED" not in each]


def _abort_if_by_script(route: Route) -> None:
    if route.request.resource_type in {"eventsource", "fetch"}:
        route.abort()
    else:
        route.continue_()


def test_the_colleague_who_is_typing_is_shown(console: Console) -> None:
    lead = console.samples.lead(name="Занят", account_id=1)
    console.samples.message(lead, "Есть кто?")
    maria, oleg = console.new_page("Мария"), console.new_page("Олег")
    for page in (maria, oleg):
        page.goto(f"/console/leads/{lead}")
    maria.locator("#reply-text").press_sequentially("При")
    expect(oleg.locator("#head-marks")).to_contain_text(re.compile(r"Мария \d+ отвечает"))


def test_what_is_typed_survives_new_words(console: Console) -> None:
    lead = console.samples.lead(name="Печатает", account_id=1)
    console.samples.message(lead, "Раз")
    page = console.new_page("Анна")
    page.goto(f"/console/leads/{lead}")
    page.fill("#reply-text", "половина мысли")
    page.focus("#reply-text")
    console.samples.message(lead, "Два")
    expect(page.locator("#messages")).to_contain_text("Два")
    expect(page.locator("#news")).to_be_visible()
    expect(page.locator("#reply-text")).to_have_value("половина мысли")
    expect(page.locator("#reply-text")).to_be_focused()


def test_a_reconnect_fetches_everything(console: Console) -> None:
    page = console.new_page("Анна")
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_contain_text("Нет связи")
    console.samples.lead(name="Пришёл без связи")
    page.context.set_offline(False)
    expect(page.locator("[data-row]", has_text="Пришёл без связи")).to_be_visible()
    expect(page.locator("#connection")).not_to_contain_text("Нет связи")
    console.problems[:] = [each for each in console.problems if "ERR_INTERNET_DISCONNECTED" not in each]


def test_pages_of_a_browser_share_one_stream(console: Console) -> None:
    first = console.new_page("Анна")
    second = first.context.new_page()
    console.watch(second)
    streams = {first: 0, second: 0}
    for page in (first, second):
        page.on("request", lambda request, page=page: _count_stream(streams, page, request))
        page.goto("/console/")
    console.samples.lead(name="Видят обе")
    for page in (first, second):
        expect(page.locator("[data-row]", has_text="Видят обе")).to_be_visible()
    assert streams == {first: 1, second: 0}
    first.goto("/console/overview")
    until(lambda: second.evaluate("1") and streams[second] == 1, "the second page has opened the stream")
    console.samples.lead(name="Видит вторая")
    expect(second.locator("[data-row]", has_text="Видит вторая")).to_be_visible()
    assert second.locator("#connection").text_content() == "", "it was never without a connection"
    second.close()
    until(lambda: first.evaluate("1") and streams[first] == 2, "the first page has opened it again")


def _count_stream(streams: dict[Page, int], page: Page, request: Request) -> None:
    streams[page] += request.url.endswith("/events")


def test_rows_do_not_move_under_the_mouse(console: Console) -> None:
    console.samples.lead(name="Стоит на месте")
    page = console.new_page("Анна")
    row = page.locator("#all-title ~ .rows [data-row]").first
    row.hover()
    before = page.locator("[data-row]").first.get_attribute("id")
    console.samples.lead(name="Новый сверху")
    expect(page.locator("#pending")).to_be_visible()
    assert page.locator("[data-row]").first.get_attribute("id") == before
    page.mouse.move(2, 2)
    expect(page.locator("[data-row]", has_text="Новый сверху")).to_be_visible()


# A browser that may notify, and keeps what it was told to show.
_NOTIFICATION = """
window.Notification = class {
  static permission = "granted";
  constructor(name, { tag }) { document.documentElement.dataset.told = `${name} ${tag}`; }
};
"""


def test_the_browser_tells_of_a_person_who_needs_somebody(console: Console) -> None:
    def add(name: str) -> int:
        lead = console.samples.lead(name=name, account_id=1, status="handed_off")
        console.samples.message(lead, "Алло?")
        return lead

    add("Ждёт давно")
    page = console.new_page("Анна")
    page.add_init_script(_NOTIFICATION)
    page.clock.install()
    page.goto("/console/overview")
    expect(page).to_have_title(re.compile(r"^\(\d+\+?\) Обзор"))
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    lead = add("Ждёт с этой минуты")
    page.clock.fast_forward(61_000)
    expect(page.locator("html")).to_have_attribute("data-told", f"Ждёт с этой минуты lead-{lead}")


def test_a_meeting_is_entered_in_local_time_and_survives_news(console: Console) -> None:
    lead = console.samples.lead(name="Встреча", account_id=1, status="scheduled")
    page = console.new_page("Анна", timezone_id="Asia/Yekaterinburg")
    page.goto(f"/console/leads/{lead}")
    page.click("text=Отметить запись на встречу")
    at = f"{page.evaluate('new Date(Date.now() + 86400000).toISOString()')[:10]}T15:30"
    page.fill("#meeting [name=at] >> nth=0", at)
    console.samples.message(lead, "Ещё слово")
    expect(page.locator("#messages")).to_contain_text("Ещё слово")
    page.click("text=Сохранить встречу")
    expect(page.locator("#head-marks .mark-booked")).to_contain_text("15:30")
    expect(page.locator("#head-marks")).to_contain_text("записан")


def test_the_keyboard_alone(console: Console) -> None:
    lead = console.samples.lead(name="Клавиатура", account_id=1)
    console.samples.message(lead, "Можно без мыши?")
    page = console.new_page("Анна")
    page.keyboard.press("/")
    page.keyboard.type("Клавиатура")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    page.keyboard.press("j")
    expect(page.locator("[data-row] a").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/leads/{lead}")
    page.keyboard.press("n")
    page.keyboard.type("заметка")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#history")).to_contain_text("заметка")
    page.keyboard.press("t")
    page.keyboard.press("Enter")
    expect(page.locator("#head-marks")).to_contain_text("у человека")
    page.keyboard.press("r")
    page.keyboard.type("Да")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message.human")).to_contain_text("Да")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_an_import_reports_each_row(console: Console) -> None:
    page = console.new_page("Анна", "operator")
    page.goto("/console/import")
    text = "Name,Phone\nИмпорт Один,+79992220001\nБез контакта,\nИмпорт Один,+79992220001\n"
    _drop(page, text)
    expect(page.locator("#report .figures")).to_contain_text(re.compile(r"1\s*сохранено"))
    expect(page.locator("#report .figures")).to_contain_text(re.compile(r"1\s*отклонено"))
    expect(page.locator("#report tbody tr")).to_have_count(3)
    # The page takes another file at once.
    _drop(page, "Name,Phone\nИмпорт Два,+79992220002\n")
    expect(page.locator("#report tbody tr")).to_have_count(1)
    expect(page.locator("#report")).to_be_focused()


def _drop(page: Page, text: str) -> None:
    """Drop a CSV file on the form, as from the desktop."""
    dropped = page.evaluate_handle(
        """text => {
            const dropped = new DataTransfer();
            dropped.items.add(new File([text], "a.csv", { type: "text/csv" }));
            return dropped;
        }""",
        text,
    )
    page.dispatch_event("form.drop", "drop", {"dataTransfer": dropped})


def test_a_refused_delivery_is_replayed(console: Console) -> None:
    number = console.samples.delivery(
        outcome="refused", error="old mapping", body="Name=Replay&Phone=%2B79993330001"
    )
    page = console.new_page("Анна", "operator")
    page.goto(f"/console/deliveries/{number}")
    page.click("text=Обработать снова")
    page.wait_for_url("**/leads/*")
    expect(page.locator("h1")).to_have_text("Replay")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_owner_erases_a_person(console: Console, scripts: bool) -> None:
    lead = console.samples.lead(name=f"Стереть {scripts}")
    page = console.new_page("Анна", java_script_enabled=scripts)
    page.goto(f"/console/leads/{lead}")
    page.click("text=Удалить человека…")
    page.click("text=Удалить навсегда")
    page.wait_for_url("**/console/")
    expect(page.locator("[data-row]", has_text=f"Стереть {scripts}")).to_have_count(0)
