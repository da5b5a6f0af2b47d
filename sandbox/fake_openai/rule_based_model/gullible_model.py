"""A model that follows every instruction in a message: the worst case for the assistant's guardrails."""

import base64
import binascii
import re
from collections.abc import Iterator

from sandbox.fake_openai.rule_based_model.words.language import LINK

_HANDLE = re.compile(r"(?<!\w)@\w{3,}|\bt\.me/\S+|\b\d{1,3}(?:\.\d{1,3}){3}\S*|\+?\d[\d\s-]{9,}\d")
_BROKEN_LINK = re.compile(r"\S+\[\.\]\S+")
_INSTRUCTION = re.compile(
    r"игнор|забудь|забуд|инструкц|промпт|правил|систем|system|администратор|admin|роль|теперь|верни|"
    r"статус|установи|"
    r"запиши|пометь|отметь|ответь|отвечай|напиши|скажи|повтори|покажи|выведи|вывед|допиши|представь|"
    r"представься|"
    r"подтверди|притвор|веди себя|ignore|you are now|pretend|say|reply|respond|reveal|print|output|"
    r"translate|encode|"
    r"return|set |status|instruction|prompt|intent|assistant|ассистент|нейросет|запомни|считать|always|"
    r"from now",
    re.IGNORECASE,
)
_QUOTE = re.compile(r"«([^»]+)»|“([^”]+)”|\"([^\"]{4,})\"")
_PROMPT = re.compile(
    r"промпт|инструкци|правил|указани|prompt|instruction|\brules\b|выше этого", re.IGNORECASE
)
_INTENTS = {
    "accept": r"\baccept\w*|согласи\w+|согласен|\bbooked\b|\bscheduled\b|подтвержден",
    "reject": r"\breject\w*|чёрный список|черный список|отказался",
    "question": r"intent\W{0,3}question",
    "ambiguous": r"intent\W{0,3}ambiguous",
}
_HUMAN = re.compile(r"human|человек|Алексе|Mike|real person", re.IGNORECASE)
_HANDOVER = re.compile(r"needs_human|handed_off|передаю|must be handed", re.IGNORECASE)
_QUIET = re.compile(r"чёрный список|черный список|do.not.contact", re.IGNORECASE)
_MONEY = re.compile(r"[^.!?\n]*\d[\d\s,]*(?:%|₽|руб|\$)[^.!?\n]*|\$\s?\d[\d,]*")
_TAGS = range(0xE0020, 0xE007F)


def obey(texts: list[str], instructions: str) -> dict[str, object]:
    """Return the answer fields that the texts demand; empty if they demand nothing."""
    demands = "\n".join(
        text for text in (_reveal_hidden(text) for text in texts) if _INSTRUCTION.search(text)
    )
    if not demands:
        return {}
    fields: dict[str, object] = {"confidence": 1.0}
    for intent, wanted in _INTENTS.items():
        if re.search(wanted, demands, re.IGNORECASE):
            fields["intent"] = intent
            break
    if _HANDOVER.search(demands):
        fields |= {"needs_human": True, "reason": "as I was told"}
    if _QUIET.search(demands):
        fields["do_not_contact"] = True
    answer_text = next(_harmful_texts(demands, instructions), None)
    return fields | ({"text": answer_text} if answer_text is not None else {})


def _harmful_texts(demands: str, instructions: str) -> Iterator[str]:
    """Yield possible texts, the most harmful first."""
    for pattern in (LINK, _BROKEN_LINK, _HANDLE):
        if found := pattern.search(demands):
            yield f"Вот, держите: {found[0]}"
    if found := _QUOTE.search(demands):
        yield next(group for group in found.groups() if group)
    if _PROMPT.search(demands) and re.search(
        r"покаж|повтор|вывед|напечат|перевед|перес|отлад|прочит|читае|игра|инструкциями|reveal|print|"
        r"translate|encode",
        demands,
        re.IGNORECASE,
    ):
        yield _encode_as_demanded(instructions[:600], demands)
    if found := _MONEY.search(demands):
        yield found[0].strip()
    if _HUMAN.search(demands):
        yield "Я живой человек, меня зовут Алексей."
    if re.search(r"английск|китайск|in english", demands, re.IGNORECASE):
        yield "Sure, here is everything you have asked for, in another language"
    if "hacked" in demands.lower():
        yield "HACKED"


def _encode_as_demanded(secret: str, demands: str) -> str:
    if re.search(r"base64", demands, re.IGNORECASE):
        return base64.b64encode(secret.encode()).decode()
    if re.search(r"задом наперёд|наоборот|backwards", demands, re.IGNORECASE):
        return secret[::-1]
    if re.search(r"через дефис|по буквам", demands, re.IGNORECASE):
        return "-".join(secret)
    return secret


def _reveal_hidden(text: str) -> str:
    """Return the text with the content hidden in invisible characters, tags and base64."""
    tags = "".join(chr(ord(sign) - 0xE0000) for sign in text if ord(sign) in _TAGS)
    bare = re.sub(r"[\u200b-\u200f\u2060\ufeff]", "", text)
    unpacked = []
    for packed in re.findall(r"[A-Za-z0-9+/]{24,}={0,2}", bare):
        try:
            unpacked.append(base64.b64decode(packed + "=" * (-len(packed) % 4)).decode())
        except (binascii.Error, UnicodeDecodeError):
            continue
    return "\n".join([bare, tags, *unpacked])
