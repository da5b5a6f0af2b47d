"""Detects what only a program would send: placeholders, tokens of chat templates, prefaces, remarks. Pure."""

import re

# Every token of a chat template: <|im_end|>, [/INST], <<SYS>>, </s>, <start_of_turn>, ### Response.
_CHAT_TOKENS = re.compile(
    r"<\|[^<>|]{0,40}\|?>?|\[/?(?:INST|SYS|TOOL_CALLS|AVAILABLE_TOOLS|TOOL_RESULTS|BOS|EOS|system|user"
    r"|assistant|human|bot)\]|<</?SYS>>"
    r"|</?(?:s|bos|eos|pad|unk|think|thinking|reasoning|answer|output|tool_call|turn"
    r"|(?:start|end)_of_(?:turn|text|sentence|image|role))>"
    r"|\b(?:im_start|im_end|endoftext|eot_id|start_header_id|end_header_id)\b"
    r"|(?<!#)#{2,6}[^\S\n]{0,3}(?:response|instruction|input|output|assistant|user|human|system|ответ"
    r"|задание)\b",
    re.IGNORECASE,
)
# In these brackets, a sentence of a message never stands.
_BRACKETED = re.compile(
    r"\[[/*|]?[^\W\d_][^\]\n]{0,80}\]|\{[^{}\n]{0,80}\}|<[^\W\d_][^<>\n]{0,80}>|<%|%>|\*\|"
)
_SIGNED = re.compile(
    r"(?<![\d\s])%[^\W\d][\w .-]{0,30}%|(?:(?<=\s)|^)%[^\W\d][\w.-]{0,30}%|\$\{|\$[a-z_]{3,}\b"
    r"|(?<!\w)_{1,40}(?!\w)|\b[xх]{3,20}\b|@(?:name|имя)\b"
    # The formats of printf: %s, %(name)s, %1$s.
    r"|(?<![\d%])(?<!\d\s)%(?:\(\w{1,30}\)|\d\$)?[sd]\b",
    re.IGNORECASE | re.MULTILINE,
)
# Words that name what is to be filled in; brackets with nothing else hold a placeholder.
_NOUNS = (
    r"имя|имени|фамили\w*|отчество|названи\w*|компани\w*|клиент\w*|контакт\w*|ссылк\w*|дат[аыу]|врем\w*"
    r"|телефон\w*"
    r"|номер\w*|адрес\w*|почт\w*|город\w*|должност\w*|цен[аыу]|сумм[аыу]|услуг\w*|менеджер\w*|подпис\w*"
    r"|текст\w*"
    r"|lead|client|customer|company|user|name|surname|link|url|date|time|phone|number|address|email|city"
    r"|price"
    r"|amount|service|signature|title|position|fname|lname|firstname|lastname|username|fio|фио"
)
_FILLERS = (
    r"ваш\w*|вашей|сво\w*|ее|его|заявки|первое|полное|здесь|сюда|тут|вставь\w*|вставить|укаж\w*|указать"
    r"|впиш\w*"
    r"|добавь\w*|подставь\w*|your|the|their|his|her|my|first|last|full|here|insert|enter|add|of|for|to"
    r"|booking|и|or"
)
_NAMED = re.compile(
    rf"[(«“\"][^\S\n]?(?:(?:{_FILLERS})[ _.-]){{0,3}}(?:{_NOUNS})(?:[ _.-](?:{_NOUNS}|{_FILLERS})){{0,3}}"
    r"[^\S\n]?[)»”\"]",
    re.IGNORECASE,
)
# The same between other signs (*имя*, #NAME#, ~name~), in capitals, or as a variable: client_name.
_WRAPPED = re.compile(
    rf"(?<![\w*#~^|=&@!:%-])[*#~^|=&@!:%-]{{1,3}}(?:(?:{_FILLERS})[ _.-])?(?:{_NOUNS})(?:[ _.-](?:{_NOUNS}))?"
    r"[*#~^|=&@!:%-]{1,3}(?!\w)"
    rf"|\b(?:[^\W\d_]{{1,20}}_){{1,3}}(?:{_NOUNS})\b|\b(?:{_NOUNS})_[^\W\d_]{{2,20}}\b",
    re.IGNORECASE,
)
_DOTTED = re.compile(
    rf"(?:\.\.|…)\s?(?:{_NOUNS})\s?(?:\.\.|…)|\b(?:уважаем|дорог)\w\w\(\w\w\)", re.IGNORECASE
)
_COUNTED = r"₽|%|руб|тыс|дн[еяй]|час|минут|шт\b|days|hours|minutes|pounds|dollars|euros|percent"
_CAPITALS = re.compile(
    r"(?<!\w)(?:ИМЯ|ИМЯ КЛИЕНТА|ФИО|ССЫЛКА|ДАТА|ВРЕМЯ|КЛИЕНТ|КОМПАНИЯ|(?:FIRST ?|LAST ?|CLIENT ?"
    r"|USER ?)?NAME|LINK"
    r"|CLIENT|CUSTOMER|COMPANY|DATE|TIME)(?!\w)"
    # What is to be inserted, and the form of a date or a time: DD.MM.YYYY, ЧЧ:ММ.
    r"|(?<!\w)(?:INSERT|ENTER|FILL IN|ВСТАВИТЬ|ВСТАВЬТЕ|УКАЗАТЬ|УКАЖИТЕ|ВПИСАТЬ|ВПИШИТЕ|ПОДСТАВИТЬ)"
    r" [A-ZА-ЯЁ]{3,20}(?!\w)"
    r"|(?<!\w)(?:ДД|ММ|ГГ|ГГГГ|ЧЧ|DD|MM|YY|YYYY|HH)[./:-](?:ДД|ММ|ГГ|ГГГГ|СС|DD|MM|YY|YYYY|SS)(?!\w)"
    r"|(?<!\w)[XХ]{2}[:./][XХ]{2}(?!\w)"
    # A letter in the place of a number, and a gap of dots in the place of a word.
    rf"|(?<!\w)[NXХ]\s?(?:{_COUNTED})|[$€£₽]\s?[NXХ]\b|(?<=\s)(?:…\s?){{2,9}}(?=\s|\w)|(?<=\s)\.{{5,60}}(?=\s)"
)
# A greeting with nothing, or with an empty value, in the place of the name.
_EMPTY_NAME = re.compile(
    r"\b(?:здравствуй(?:те)?|привет|добрый день|добрый вечер|доброе утро|уважаем(?:ый|ая)|дорог(?:ой|ая)"
    r"|hello|hi|hey|dear|good (?:morning|afternoon|evening))\b,?\s?(?:[.…_*-]{2,}|…|\s(?=[,!])"
    rf"|\W{{0,3}}(?:(?:{_FILLERS})\s)?(?:{_NOUNS}|null|none|nan|nil|n/a|undefined|unknown|нет имени"
    rf"|без имени"
    r"|не указан\w?|неизвестн\w+|аноним\w*)(?=\W{0,3}(?:[!,.?\n]|$)))",
    re.IGNORECASE,
)
_KIND_OF_TEXT = (
    r"(?:ответ|сообщени|вариант|текст|черновик|письм|приветстви|перевод|реплик|формулировк|пример)\w*"
)
_KIND_OF_TEXT_EN = (
    r"(?:reply|response|message|draft|answer|text|version|greeting|translation|example|option)s?"
)
# What a model calls the text that it writes, in no sense of a message that came from the contact.
_DRAFT = r"(?:ответ(?:а|ы)?|сообщени[еяй]|черновик|реплика|repl(?:y|ies)|(?:response|message|draft)s?)"
_LABELLED = (
    r"(?:ваш|мой|возможн\w+|итогов\w+|финальн\w+|готов\w+|предлагаем\w+|исправленн\w+|final|possible"
    r"|suggested|my|your"
    r"|revised|polite|updated|proposed|improved)"
)
_PREFACE = re.compile(
    rf"\A(?:[^\n:]{{0,40}}[!.,]\s{{0,3}})?вот,? (?:что|как|так)\b[^\n:.?!]{{0,40}}\b(?:написать|ответить"
    rf"|отправить"
    rf"|сказать|отвечу|напишу|ответил[аи]? бы)\b[^\n:.?!]{{0,30}}[:\n]"
    r"|\A[^\n:]{0,60}\b(?:here (?:you go|it is|we go)|вот,? пожалуйста|держите"
    r"|готово)\s?(?:[.!]?\s{0,3}\n|:)"
    rf"|\A(?:[^\n:]{{0,40}}[!.,]\s{{0,3}})?(?:вот|ниже|предлагаю|держите|это|мой|моё|мое|возможн\w+"
    rf"|примерн\w+|итак)"
    rf"\b[^\n:.?!]{{0,60}}\b{_KIND_OF_TEXT}\b[^\n:.?!]{{0,60}}[:\n]"
    rf"|\A(?:[^\n:]{{0,40}}[!.,]\s{{0,3}})?(?:here|below|this|my|the|a)\b(?:'s|’s)?[^\n:.?!]{{0,60}}"
    rf"\b{_KIND_OF_TEXT_EN}\b[^\n:.?!]{{0,60}}[:\n]"
    rf"|\A\W{{0,3}}(?:{_LABELLED} )?{_KIND_OF_TEXT}(?: (?:№ ?)?\d{{1,2}}| для \w{{1,30}}| клиенту"
    rf"| пользователю"
    rf"| {_KIND_OF_TEXT})?\s?[:—]"
    rf"|\A\W{{0,3}}(?:{_LABELLED} )?{_KIND_OF_TEXT_EN}(?: \d{{1,2}}| to \w{{1,30}})?\s?[:—]"
    # A heading that names the text, and a remark that the text is ready or may be sent.
    rf"|\A[^\n:.?!]{{0,40}}\b(?<!your )(?<!ваш )(?<!ваше )(?<!за ){_DRAFT}\b"
    r"(?![^\n:.?!—–]{0,40}\b(?:ваш|вопрос|your|question|for the)\b)"
    r"[^\n:.?!—–]{0,40}(?:[:\n]|\s[—–]\s)"
    rf"|\A[^\n.?!]{{0,60}}\b(?:{_DRAFT}|текст|вариант)\b[^\n.?!]{{0,40}}"
    r"\b(?:готов[оа]?|ниже|отправить|отправьте"
    r"|you (?:can|could|may) (?:send|use|write)|(?:is|are) ready|to send|ready to)\b"
    r"|\A[^\n.?!]{0,30}\b(?:below is|here is|here's|here are|вот|ниже) [^\n.?!]{0,40}"
    r"\b(?:you (?:can|could|may)|можете|можно) (?:send|use|write|отправить|написать|использовать)\b"
    r"|\A(?:[^\n:]{0,40}[!.,]\s{0,3})?[^\n:.?!]{0,60}\b(?:ответ|сообщение|текст|текста)\b"
    r"[^\n:.?!]{0,40}\b(?:так|следующим образом)\b"
    r"[^\n:.?!]{0,20}[:.]"
    r"|\A(?:[^\n:]{0,40}[!.,]\s{0,3})?[^\n:.?!]{0,80}\b(?:answer|reply|respond|response|write)\b"
    r"[^\n:.?!]{0,30}\b(?:as follows|like this"
    r"|this way|in the following way)\b[^\n:.?!]{0,20}[:.]"
    # What one would answer, before the answer itself.
    r"|\A[^\n:.?!]{0,60}\b(?:ответил|написал|сказал)[аи]? бы\b[^\n:.?!]{0,20}:"
    r"|\A[^\n:.?!]{0,60}\bбы (?:ответил|написал|сказал)[аи]?\b[^\n:.?!]{0,20}[:.]"
    r"|\A[^\n:.?!]{0,60}\b(?:лучше|можно|стоит|следует|нужно|предлагаю)\b[^\n:.?!]{0,20}\b(?:ответить"
    r"|написать|сказать)"
    r"\b[^\n:.?!]{0,30}:"
    r"|\A[^\n:.?!]{0,60}\bi(?:'d| would)(?: \w+)? (?:answer|reply|say|write|respond)\b[^\n:.?!]{0,30}:"
    # A note beside the message.
    r"|^\W{0,3}(?:примечани[ея]|пояснени[ея]|обосновани[ея]|рассуждени[ея]|анализ|notes?|explanation"
    r"|disclaimer"
    r"|reasoning|analysis|thoughts?)\s?[:—]"
    r"|[(\[*]\s?(?:примечани[ея]|пояснени[ея]|комментарий|заметка|notes?|nb|explanation|disclaimer)\s?[:—]",
    re.IGNORECASE | re.MULTILINE,
)
_ROLE_LABEL = re.compile(
    r"^[^\S\n]{0,3}(?:[\w.-]{1,20} ){0,2}(?:giga ?chat|гигачат|yandex ?gpt|chat ?gpt|gpt[\w.-]{0,10}|claude"
    r"|gemini|llama"
    r"|qwen|deepseek|mistral|gemma|ассистент|помощник|бот|ии|менеджер|оператор|клиент|пользователь|человек"
    r"|мы|assistant"
    r"|bot|ai"
    r"|model|user|human|client|customer|manager|agent|system)[^\S\n]?:",
    re.IGNORECASE | re.MULTILINE,
)
_OUTPUT_FIELD = re.compile(
    r"['\"]?\b(?:intent|confidence|needs_human|do_not_contact|wish|write_at|facts|language|text)\b['\"]?"
    r"\s?[:=]\s?\S",
    re.IGNORECASE,
)
# Remarks about the message, the customer or the model itself.
_REMARK = re.compile(
    r"\bкак (?:ии|искусственный интеллект|языковая модель|нейросеть|ии-модель|модель ии)\b"
    r"|\b(?:as|i am|i'm) an? (?:ai|artificial|large|language)\b[^.!?\n]{0,20}\b(?:model|intelligence)\b"
    r"|\b(?:это|этот|эта|данн\w+|такой|такое) (?:сообщени|ответ|вариант|текст|реплик)\w* (?:\w+ ){0,2}"
    r"(?:вежлив|соответств|учитыва|подойд|подход|звуч|сохраня|написан|нейтрал|коротк)\w*"
    r"|\bсоответствует (?:правилам|инструкци\w+|требовани\w+)|\bсогласно (?:инструкци|правилам|промпт)\w*"
    r"|\bthis (?:message|reply|response|answer|text) (?:is|follows|keeps|sounds|matches|should|complies)\b"
    r"|\b(?:могу|можно|нужно|надо|хотите,? я) (?:\w+ )?(?:переписать|переформулировать|изменить|сократить"
    r"|скорректировать|подправить|доработать|перепишу|сокращу|изменю) (?:\w+ )?(?:текст|сообщени|ответ|тон"
    r"|стил"
    r"|вариант|формулировк)\w*"
    r"|\b(?:adjust|change|rewrite|rephrase|modify|revise|tweak|shorten|edit|improve)\b (?:\w+ ){0,3}(?:tone"
    r"|message|wording|reply|text|response|style|draft|version)\b"
    r"|(?:\A|[.!?\n(]\s{0,3})(?:клиент|клиентка|пользователь|лид|собеседник|человек|the (?:client|customer"
    r"|user|lead"
    r"|person)) (?:\w+ ){0,2}(?:спрашива|хоч|прос|пиш|интересу|отказ|соглас|ответ|сообща|уточня|написа|дал"
    r"|указа"
    r"|выра[зж]|сомнева|колеб|прояв|поблагодар|поздоров|уверен|недовол|молч|попро|задал|назва|ask"
    r"|want|say|write|seem|appear|provid|express|respond|repl|mention|request|gave|sound|greet|thank|show"
    r"|agree|refuse|decline|inquire|(?:is|was|has|did|does)\b)\w*"
    # What the answer rests on, and help with writing it.
    r"|\b(?:на основ\w+|согласно|исходя из|судя по) (?:\w+ ){0,2}(?:описани\w+ компании|предоставленн\w+"
    r"|контекст\w*"
    r"|профил\w+ компании|приведенн\w+)|\bв (?:описании|профиле) компании (?:сказано|указано|написано"
    r"|говорится)"
    r"|\b(?:based on|according to|as per) (?:the |your |our )?(?:\w+ ){0,2}(?:description|profile|context"
    r"|provided"
    r"|instructions|information given)\b"
    r"|\bhelp (?:you )?(?:to )?(?:write|draft|compose)\b|\bhelp (?:you )?with (?:a|the|your) (?:reply"
    r"|message|response)\b"
    r"|\b(?:помогу|помочь) (?:вам )?(?:написать|составить|сформулировать) (?:\w+ )?(?:ответ|сообщени"
    r"|письм)\w*"
    r"|\([^()\n]{0,60}\b(?:ответ (?:состав|дан|основ|напис|вежл|корот)\w*|сообщение (?:состав|напис|вежл"
    r"|корот)\w*"
    r"|инструкци\w+|вежлив\w*|as requested|instructions|polite\w*|tone|reply"
    r"|response)\b[^()\n]{0,60}\)\s{0,3}\Z"
    # A stage direction: "(уточняющий вопрос) …", "*улыбается* …".
    r"|\A\s{0,3}\([a-zа-яё][^()\n]{2,80}\)|\A\s{0,3}\*[a-zа-яё][^*\n]{2,60}\*",
    re.IGNORECASE,
)
_QUOTED_WHOLE = re.compile(r"\A\s{0,3}[\"“«„][^\"“”«»„]{20,1500}[\"”»“]\s{0,3}\Z")


def find_artifact(visible: str) -> str | None:
    """Return what a text holds that stands in no message of a person; None if nothing.

    `visible` is a text without invisible characters (text_normalization.strip_invisible).
    """
    for pattern, what in (
        (_CHAT_TOKENS, "it contains a token of a chat template"),
        (_BRACKETED, "it contains a placeholder"),
        (_SIGNED, "it contains a placeholder"),
        (_NAMED, "it contains a placeholder"),
        (_WRAPPED, "it contains a placeholder"),
        (_DOTTED, "it contains a placeholder"),
        (_CAPITALS, "it contains a placeholder"),
        (_EMPTY_NAME, "it contains a placeholder"),
    ):
        if pattern.search(visible):
            return what
    return None


def find_preface(visible: str) -> str | None:
    """Return why a text is not the message alone: a preface, a label, a remark; None if it is."""
    if _PREFACE.search(visible) or _ROLE_LABEL.search(visible) or _OUTPUT_FIELD.search(visible):
        return "it introduces the message instead of being it"
    if _REMARK.search(visible) or _QUOTED_WHOLE.search(visible):
        return "it speaks about the message or the customer"
    return None
