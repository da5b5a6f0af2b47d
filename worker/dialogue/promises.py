"""Finds the promise to ask a colleague: it makes a task for a human, or is taken out of the text. Pure."""

import re

from worker.dialogue import templates

_SENTENCE = re.compile(r"[^.!?…\n]+(?:[.!?…]+|\n|$)")
_RUSSIAN = re.compile(
    r"\b(?:уточн|узна|спрош|проконсультиру|посоветуюсь|выясн|провер|поинтересуюсь)\w{0,8}\b[^.!?…\n]{0,80}"
    r"\b(?:коллег|команд|специалист|разработчик|мастер|менеджер|руководител|эксперт)\w{0,5}"
    r"|\b(?:вернусь|вернемся|вернёмся)\b[^.!?…\n]{0,40}\b(?:ответ|информаци|подробност|точн)\w{0,5}"
    r"|\b(?:уточню|узнаю|выясню|проверю)\b[^.!?…\n]{0,60}\b(?:и|потом|затем|сразу)\b[^.!?…\n]{0,20}"
    r"\b(?:отвечу|напишу|сообщу|скажу|вернусь)\b"
    r"|\bпередам\b[^.!?…\n]{0,30}\bвопрос\w{0,3}\b[^.!?…\n]{0,40}\b(?:коллег|команд|специалист|менеджер"
    r"|мастер)\w{0,5}"
    r"|^\W{0,3}(?:(?:хороший|отличный|интересный) вопрос\W{1,3})?(?:это )?уточню\b",
    re.IGNORECASE,
)
_ENGLISH = re.compile(
    r"\b(?:i|we)(?:'ll|’ll| will| can| shall| am going to| would)?\b[^.!?…\n]{0,20}\b(?:check|ask|find out"
    r"|clarify|confirm"
    r"|consult|look into|pass)\b[^.!?…\n]{0,80}\b(?:colleague|team|specialist|manager|developer|expert)s?\b"
    r"|\b(?:come back|get back|return|be back)\b[^.!?…\n]{0,30}\b(?:to you|with an answer|with the answer"
    r"|with details)\b"
    r"|\b(?:i|we)(?:'ll|’ll| will)\b[^.!?…\n]{0,10}\b(?:find out|look into)\b",
    re.IGNORECASE,
)
_HANDOVER = re.compile(
    r"(?<!не )(?<!не могу )\b(?:переда(?:м|ю|ем|ём)|позову|зову|подключ(?:у|аю|им)|приглашу|переключ(?:у"
    r"|аю))\b[^.!?…\n]{0,60}"
    r"\b(?:коллег|специалист|менеджер|человек|сотрудник|оператор|руководител)\w{0,5}"
    r"|\b(?:коллега|специалист|менеджер|сотрудник) (?:\w+ ){0,2}(?:ответит|напишет|свяжется|подключится)\b"
    r"|\b(?:pass|passing|hand|handing|forward|forwarding|transfer|transferring|connect"
    r"|connecting)\b[^.!?…\n]{0,60}"
    r"\b(?:colleague|specialist|manager|person|human|team)\b",
    re.IGNORECASE,
)
_MEANWHILE = re.compile(
    r"^\s*(?:а пока|пока|тем временем|meanwhile|in the meantime),?\s+(?P<rest>\S)", re.IGNORECASE
)


def promises_to_ask(text: str) -> bool:
    """Return True if the text promises that a colleague will be asked, and an answer."""
    return any(_is_promise(sentence) for sentence in _SENTENCE.findall(text))


def says_handover(text: str) -> bool:
    """Return True if the text says plainly that a human takes over, and asks nothing else."""
    return "?" not in text and _HANDOVER.search(text) is not None


def without_promises(text: str, language: str, *, offers_call: bool) -> str:
    """Return the text with an honest sentence in place of each promise to ask a colleague.

    `offers_call`: the text may say that a specialist answers on the call.
    """
    replaced = False

    def rewrite(found: re.Match[str]) -> str:
        nonlocal replaced
        sentence = found[0]
        if _is_promise(sentence):
            instead = "" if replaced else f" {templates.cannot_tell(language, offers_call=offers_call)} "
            replaced = True
            return f"{instead}\n" if sentence.endswith("\n") else instead
        if replaced:
            return _MEANWHILE.sub(lambda start: f" {start['rest'].upper()}", sentence)
        return sentence

    return re.sub(r"[^\S\n]{2,}", " ", _SENTENCE.sub(rewrite, text)).strip()


def _is_promise(sentence: str) -> bool:
    return _RUSSIAN.search(sentence) is not None or _ENGLISH.search(sentence) is not None
