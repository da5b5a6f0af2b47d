"""The booking link of one lead: its token and name, beside whatever the owner's link holds already."""

from urllib.parse import parse_qs, urlsplit

import pytest

from worker.bookings.links import new_token, personal_link
from worker.domain.config.setting_checks import check_link_template

TOKEN = "tok-1_2"
CALENDLY = "https://calendly.com/gordov/30min"


def query_of(link: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(link).query, keep_blank_values=True)


def test_calendly_gets_token_source_and_name() -> None:
    assert personal_link(CALENDLY, TOKEN, "Анна К.") == (
        f"{CALENDLY}?name=%D0%90%D0%BD%D0%BD%D0%B0%20%D0%9A.&utm_source=telegram&utm_content={TOKEN}"
    )
    assert personal_link(CALENDLY, TOKEN) == f"{CALENDLY}?utm_source=telegram&utm_content={TOKEN}"


def test_what_the_owner_has_set_stays_letter_by_letter() -> None:
    link = f"{CALENDLY}?hide_gdpr_banner=1&utm_source=site&month=2026-12&a1=%D1%82#top"
    own = personal_link(link, TOKEN, "Анна")
    assert own.startswith(link.removesuffix("#top") + "&")
    assert own.endswith("#top")
    assert query_of(own)["utm_source"] == ["site"]
    assert query_of(own)["utm_content"] == [TOKEN]


@pytest.mark.parametrize(
    ("taken", "field"),
    [
        (("utm_content",), "utm_term"),
        (("utm_content", "utm_term"), "utm_medium"),
        (("utm_content", "utm_term", "utm_medium"), "utm_campaign"),
        (("utm_content", "utm_term", "utm_medium", "utm_campaign"), "utm_content"),
    ],
)
def test_the_token_takes_the_first_free_field_that_calendly_returns(
    taken: tuple[str, ...], field: str
) -> None:
    own = personal_link(f"{CALENDLY}?{'&'.join(f'{name}=x' for name in taken)}", TOKEN)
    assert query_of(own)[field] == [TOKEN]
    assert [name for name in taken if query_of(own)[name] != ["x"]] == [one for one in taken if one == field]


@pytest.mark.parametrize("host", ["cal.com", "app.cal.com", "cal.eu"])
def test_cal_com_gets_metadata(host: str) -> None:
    own = personal_link(f"https://{host}/gordov/30min?theme=dark", TOKEN, "Анна")
    assert query_of(own) == {"theme": ["dark"], "name": ["Анна"], "metadata[lead]": [TOKEN]}


def test_another_scheduler_gets_a_template() -> None:
    template = "https://book.example/x?ref={token}&who={name}&to={link}"
    own = personal_link("https://book.example/x", TOKEN, "{token} & co", template=template)
    assert own == f"https://book.example/x?ref={TOKEN}&who=%7Btoken%7D%20%26%20co&to=https://book.example/x"
    assert check_link_template(template) == template


@pytest.mark.parametrize(
    "template",
    ["https://x.example/book", "https://x.example/?t={token}&p={phone}", "x?{token}", "{token} {name}"],
)
def test_a_template_of_no_use_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r"\{token\}|placeholder"):
        check_link_template(template)


def test_tokens_cannot_be_guessed_and_need_no_encoding() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(len(token) >= 22 and token.replace("-", "").replace("_", "").isalnum() for token in tokens)
