"""Detects a model that speaks as the customer: it orders, or asks the contact about the company's offer."
" Pure."""

import re
from collections.abc import Iterable

from worker.assistant.guardrails import sentences
from worker.assistant.guardrails.text_normalization import search_form
from worker.domain.wording.job_titles import STAFF, STAFF_EN

_WORD = re.compile(r"[^\W\d_]{4,}")
# Words with the same first letters are forms of one word.
_STEM = 5
# The assistant may call these its own, also if a field of the form has their name.
_OWN_THINGS = frozenset(
    {"вопро", "сообщ", "ответ", "комме", "имя", "messa", "quest", "reply", "answe", "comme"}
)
_ORDERS = re.compile(
    r"(?<!вы )(?<!вам )\b(?:хочу|хотел бы|хотела бы|хотим|планирую) (?:\w+ ){0,2}(?:заказать|купить"
    r"|приобрести"
    r"|узнать (?:цен|стоимост|расценк|прайс|сколько))\w*"
    r"|\bя (?:\w+ )?(?:оставил|оставлял|отправил|отправлял|заполнил|заполнял"
    r"|подавал)а? (?:\w+ ){0,2}(?:заявк|форм"
    r"|запрос|анкет)\w*"
    r"|\b(?:мой|моего|моем) бюджет\w*|\bменя (?:очень )?(?:интересу|заинтересова)\w+\b"
    r"(?! ваш\w* (?:заявк|задач|проект|вопрос))"
    r"|(?<!вы )(?<!вам )\b(?:хочу|хотел бы|хотела бы|хотелось бы) (?:\w+ )?(?:записаться|попасть на"
    r"|прийти на|забронировать)\b"
    r"|\bi(?:'m| am) interested in (?:your|an?|the)\b|\bi(?:'d| would) like to (?:book|schedule|make"
    r"|get) (?:an?|my)\b"
    r"|\bi(?:'d| would) (?:like|love|want) to (?:order|buy|purchase|hire|get a quote|get an estimate)\b"
    r"|\bi (?:want|need) to (?:order|buy|purchase|hire)\b|\bi left a request\b|\bmy budget\b"
)
# What the assistant may want: to talk, and to do the contact a service.
_OWN_WISH = (
    r"уточн|спрос|задать|предлож|помо|рассказ|расска|убед|напомн|поблагодар|извин|сказ|узна|поня|обсу"
    r"|показ|переда|ответ|знать|догов|созв|связ|назв|провер|обещ|тороп|ввод|обман|беспоко|отвлек|напис|нача"
    r"|подобр|посовет|пояс|объясн|подчерк|отмет|добав|предупр|попрос|пожел|быть|сдела|услыш|чтоб|избе|пригла"
    r"|пут|перепут|разобр|изуч|посмотр|вникн|дать|запис|предост|сориент|подтверд|верн|поздрав|продолж|заверш|навяз|давать|давить"
)
_WANTS = re.compile(
    r"(?<!вы )(?<!вам )(?<!не )(?<!«)(?<!\")\b(?:хочу|хотел бы|хотела бы|хотим|мечтаю)"
    rf" (?:[а-я]+[оеи] )?(?!{_OWN_WISH})[а-я]{{2,20}}(?:ть|ти|чь)(?:ся)?\b"
)
# Who works at companies is looked for by customers, and helps them.
_SEEKS_STAFF = re.compile(
    rf"\b(?:i|we)\b[^.!?…\n]{{0,50}}\b(?:need|want|looking for) an? (?:\w+ )?(?:{STAFF_EN})s?\b"
    rf"|\b(?:мне|нам) (?:\w+ )?(?:нужен|нужна|требуется|понадобится) (?:\w+ )?(?:{STAFF})"
    rf"|\b(?:ищу|ищем) (?:\w+ )?(?:{STAFF})"
    r"|\bвы (?:мне|нам) (?:с этим )?(?:помож|сдела|посовету|найд|подбер)\w+"
    r"|\b(?:can|could|will|would) you (?:please )?help (?:me|us)(?! (?:understand|to understand|see"
    r"|with (?:a|some|one)\b))"
)
_POSSESSION = re.compile(
    r"(?:\bя (?:бы )?(?:хочу|хотела?|ищу|планирую)(?: бы)?|\b(?:i'd|i would|we'd|we would) like"
    r"|\b(?:i|we)(?:'m| am|'re| are) looking for(?: an?)?"
    r"|\b(?:мне|нам) (?:\w+ )?(?:нужен|нужна|нужно|нужны|требуется|требуются|необходим[аоы]?)"
    r"|\bу меня|\bмо(?:й|я|е|ей|ем|его|ему|и|их|им|ими)|\b(?:i|we) (?:need|want|have|run|own) an?|\bmy)"
    r"\b(?P<object>(?:\W{1,2}\w+){1,2})"
)
_ADJECTIVE = re.compile(r"(?:[ыио]й|[ая]я|[ую]ю|[ое]е|[ыи]е|[ыи]х)$|^[a-z]+$")
_OPENING = (
    r"(?:а|и|да|нет|так|ну|подскажите|скажите|здравствуйте|добрый день|пожалуйста|кстати|тогда"
    r"|вы не подскажете)"
)
_ASKS_PRICE = re.compile(
    rf"(?:^|[,—–-])\W{{0,3}}(?:{_OPENING}\W{{1,3}}){{0,3}}(?:и )?(?:а )?(?:сколько (?:это |у вас |будет "
    rf"|мне ){{0,2}}"
    r"(?:стоит|стоят|стоить|берете|обойдется)|(?:какая|какие) у вас (?:цен|расценк|стоимост|скидк|гаранти"
    r"|услов)"
    r"|(?:какова|почем)\b|когда (?:вы )?(?:сможете|можете) (?:приехать|начать|приступить|сделать|выполнить"
    r"|подъехать))"
    # Whether the company could do its work.
    r"|\bвы (?:\w+ )?(?:сможете|можете|могли бы|успеете) (?:\w+ )?(?:привез|достав|сдела|изготов|постав"
    r"|установ|собра"
    r"|разработ|почин|вылеч|принять|сшить|напечат|отремонтир|постро|настро|приступ|начать)\w*"
    r"|\b(?:how soon|how fast|how quickly) (?:can|could|will|would) you\b|\bcan you (?:see|fit|squeeze"
    r"|take) (?:me|us)\b"
    r"|\bhow much (?:would|will|does|do) [^?]{1,40} (?:cost|be)\b"
    r"|\bwhat (?:do|would|will) you (?:charge|ask for|take for)\b"
    r"|\bhow much (?:do you charge|does it cost|is it|would it cost|will it cost|do you ask)\b"
    r"|\bwhat(?:'s| is| are) your (?:price|rate|fee|charge|offer|warrant|terms)\w*"
    r"|\bwhen (?:can|could) you (?:start|come|deliver|begin)\b"
)
_HAS_COMPANY_TERMS = re.compile(
    r"(?<!если )\bу вас\b[^?]{0,30}\b(?:расценк|прайс|скидк|рассрочк|гаранти|портфолио|услуг|тариф|шоурум"
    r"|доставк)\w*"
    r"|\b(?:из чего|есть ли) у вас\b|\b(?:есть|имеется) у вас (?:опыт|скидк|рассрочк|гаранти)\w*"
)
_ASKS_OFFER = re.compile(
    r"\bвы (?:тоже |еще |случайно |же |и )?(?:дела|разрабатыва|занима|оказыва|предоставля|предлага"
    r"|изготавлива|созда"
    r"|устанавлива|доставля|прода|внедря|настраива|работа|пиш|принима|обслужива|выезжа|отправля|печата"
    r"|обуча"
    r"|выполня|ремонтиру|бер|шь|пеке|леч|став|стро|чин)(?:ете|етесь|ёте|ите|ите?сь)\b(?P<object>[^?]{0,80})"
    r"|\b(?:do|can|could) you (?:also )?(?:treat|accept|fix|repair|sell|serve|teach|print|clean|do|make"
    r"|build|develop|offer|provide|design|create|implement"
    r"|install|deliver)\b"
    r"(?P<object_en>[^?]{0,80})"
)
# What a company does for customers. The contact who is asked for such a thing must have named it.
_MAKES = re.compile(
    r"\bвы (?:\w+ )?(?:дела|разрабатыва|созда|изготавлива|предлага|оказыва|внедря|настраива|устанавлива"
    r"|ремонтиру|предоставля)(?:ете|ёте)\b"
    r"|\bdo you (?:also )?(?:make|build|develop|offer|provide|design|create|implement|repair|fix|install)\b"
)
# "Do you make such things?": only the one who has named them asks so.
_ASKS_FOR_SUCH = re.compile(
    r"\bвы (?:такое|такие|такую|такой|это|подобное) (?:тоже )?\w+(?:ете|ите|етесь)\b|\b(?:можете"
    r"|сможете) (?:мне|нам)? ?такое"
    r"|\b(?:do|can|could) you (?:\w+ )?(?:do|make|build|fix|treat|provide) (?:that|this|such|one|it"
    r"|those)\b"
)
# The question is then about the contact's own business.
_OWN_BUSINESS = re.compile(
    r"\bили\b|\bсейчас\b|\bуже\b|\bсами\b|\bобычно\b|\bраньше\b|\b(?:как|чем|где|что|какой|какие"
    r"|какую) (?:\w+ )?вы\b"
    r"|\bor\b|\bnow\b|\bcurrently\b|\balready\b|\byourself\b|\b(?:how|what|where|which) (?:\w+ )?do you\b"
)


def find_problem(text: str, company: str, request: str, contact_texts: str = "") -> str | None:
    """Return why the text speaks as the customer; None if it does not.

    `company` is the company's description, `request` what the contact asked for in the form, and
    `contact_texts` are the contact's own.
    """
    for sentence in sentences.split(text):
        if (
            _ORDERS.search(sentence)
            or _WANTS.search(sentence)
            or _SEEKS_STAFF.search(sentence)
            or _ASKS_FOR_SUCH.search(sentence)
            or _wants_the_request(sentence, request)
        ):
            return "it speaks as the customer"
        if sentence.endswith("?") and _asks_as_customer(sentence, company, f"{request}\n{contact_texts}"):
            return "it asks the contact about the company's own offer"
    return None


def _wants_the_request(sentence: str, request: str) -> bool:
    stems = frozenset(_stems(request)) - _OWN_THINGS
    return any(
        not stems.isdisjoint(_stems(_head(found["object"]))) for found in _POSSESSION.finditer(sentence)
    )


def _head(words: str) -> str:
    """Return the thing wanted: "the dimensions of the kitchen" are no kitchen, "a corner kitchen" is one."""
    first, *others = words.split()
    return words if others and _ADJECTIVE.search(first) else first


def _asks_as_customer(question: str, company: str, said: str) -> bool:
    if _ASKS_PRICE.search(question) or _HAS_COMPANY_TERMS.search(question):
        return True
    found = _ASKS_OFFER.search(question)
    if found is None or _OWN_BUSINESS.search(question):
        return False
    asked = frozenset(_stems(found["object"] or found["object_en"] or ""))
    if not asked.isdisjoint(_stems(company)):
        return True
    is_unnamed = bool(asked) and asked.isdisjoint(_stems(said))
    return is_unnamed and _MAKES.search(question) is not None


def _stems(text: str) -> Iterable[str]:
    return (word[:_STEM] for word in _WORD.findall(search_form(text)))
