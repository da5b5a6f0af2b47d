"""The phrases of a yes, a no, a maybe and a question, in both languages."""

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


# A negation that means a yes; checked before the other patterns.
YES_BY_NEGATION = _any(
    r"не против\w*|не возражаю|не откажусь|(?:а )?почему (?:бы )?(?:и )?нет\b|why not|can'?t wait",
    r"wouldn'?t mind|don'?t mind|(?:no|not a) problem\w*|no worries|без проблем|нет проблем|не вопрос",
)
# Words that look like a yes or a no but are neither.
NEITHER = _any(
    r"\bда,? (?:здравствуйте|добрый|привет|это я|я оставлял\w*|оставлял\w*)",
    r"\byes,? (?:hello|hi|that'?s me|it'?s me|this is)\b|\bне (?:сегодня|завтра)\b",
    r"\bnot (?:today|tomorrow)\b|\bвопросов нет\b|\bнет вопросов\b|\bno questions\b|\bнет ли\b",
)
# The lead wants to continue, but in writing.
PREFERS_WRITING = _any(
    r"(?:не (?:надо|нужно|хочу|могу|люблю)|без) \w*(?:звон|созв)\w*.*(?:пи[шс]|чат|перепи|текст|"
    r"здесь|тут)",
    r"(?:don'?t|no) (?:want to |like )?call\w*.*(?:write|chat|text|here)",
)
REJECT = _any(
    r"\bнет (?:интереса|желания|потребности)\b|\b(?:мне|нам) (?:это )?не подход\w+",
    r"\bnot looking (?:for|to)\b",
    r"\bне ?интерес\w+|\bне (?:очень|особо|слишком|сильно) интерес\w+|\bмало интерес\w+",
    r"\b(?:уже )?не ?актуальн\w*|\bнет,? спасибо|\bспасибо,? (?:но )?(?:нет|не надо|не нужно)\b",
    r"\bне (?:надо|нужно|нужен|нужна|нужны|хочу|хотим|хотел\w*|буду|будем|планирую|планируем|"
    r"требуется)\b",
    r"\bне (?:пиши|звони|беспоко|отвлека|присыла|шли)\w*",
    r"\b(?:отстань|отвали|отвяжи|прекрати|хватит|удалите|отпишите|отписаться|отказываюсь|откажусь|"
    r"отказ)\w*",
    r"\b(?:передумал|обойдусь|обойдемся|воздержусь)\w*",
    r"\bуже (?:нашл|нашел|сделал|выбрал|заказал|решил|работаем|есть (?:подрядчик|исполнитель))\w*",
    r"\bотпал\w* (?:необходимост|потребност|надобност)\w*",
    r"\b(?:вопрос|тема|заявка) (?:уже )?(?:закрыт|снят|решен)\w*",
    r"\bне (?:оставлял|отправлял|заказывал)\w*|\bошибл\w+ (?:номером|адресом)|\bне туда\b",
    r"\bошибочн\w*|\bпо ошибке\b|\bспам\w*|\bстоп\b|\bконечно,? нет\b|\bни за что\b",
    r"\bни в коем случае\b|\bда нет\b|\bв бан\b|\bпоздно\b|\bчерный список",
    r"\bпош[её]?л\w* (?:ты|вы|на|в)\b|\bиди\w* (?:на|в|к черту)\b",
    r"\bnot (?:really )?(?:interested|relevant|needed|for me|any ?more)\b|\b(?:un|dis)interested\b",
    r"\bno longer\b|\bno need\b|\bno,? thank\w*|\bno,? i'?m (?:good|fine|ok)\b",
    r"\b(?:don'?t|do not|didn'?t|did not|never) (?:\w+ )?(?:want|need|write|call|contact|message|"
    r"text|bother|disturb|submit|request|leave|send|plan)\b",
    r"\bstop\b|\bunsubscribe\b|\bspam\w*|\bleave me alone\b|\bremove me\b|\bdelete my\b|\bfuck off\b",
    r"\bgo away\b|\b(?:i'?ll|i will|we'?ll|going to) pass\b|\bchanged? (?:my|our) mind\b",
    r"\bwrong (?:number|person)\b|\bby mistake\b",
    r"\balready (?:found|have|hired|done|got|chose|chosen|solved|working)\b",
    r"\bfound (?:someone|another)\b|\bdeclin\w+|👎|🚫|🙅|❌|🖕",
)
# The lead did, or did not, leave the request.
CONFIRMATION = _any(
    r"\b(?:я )?(?:оставлял|отправлял|заполнял|подавал)\w*\b|\bэто я\b|\bверно\b|\bточно\b|\bбыло\b",
    r"\bi did\b|\bthat'?s me\b|\bit was me\b|\bright\b|\bcorrect\b",
)
DENIAL = _any(
    r"\bэто не (?:я|мы|моя)\b|\bне (?:я|мы)\b|\bошибаетесь\b|\bошиблись\b|\bне обращал\w*",
    r"\b(?:not|wasn'?t) me\b|\bi (?:didn'?t|did not)\b|\bmistaken?\b",
)
# Only as a whole clause: "нет" inside a sentence has no meaning of its own.
BARE_NO = re.compile(
    r"(?:ну |ой |увы |пока |к сожалению )?(?:нет|не|неа|нее+т?|no|nope|nah|never|nein)"
    r"(?: (?:нет|no|пока|извините|простите|sorry|пожалуйста|спс|thx))*"
)
HEDGE = _any(
    r"\bможет быть\b|\bмб\b|\bвозможно\b|\bнаверн\w*|\bподума\w+|\bпосмотрим\b",
    r"\bне (?:знаю|увер\w+|решил\w*|готов\w*)\b|\b(?:пока|еще) не\b|\bв другой раз\b",
    r"\bчерез (?:месяц|год|полгода|неделю|пару)\b|\bкак[- ]нибудь\b",
    r"\bmaybe\b|\bperhaps\b|\bpossibly\b|\bmight\b|\bnot (?:sure|yet|ready)\b|\bdon'?t know\b|\bdunno\b",
    r"\bsome ?(?:day|time)\b|\bthink (?:about|it)\b|\bdepends\b|\bnext (?:month|year)\b|\banother time\b",
)
# Not now: still a yes if another time is named.
NOT_NOW = _any(
    r"\bне (?:сейчас|могу)\b|\bсейчас (?:не|нет)\b|\bнет времени\b|\bзанят\w*\b",
    r"\bпозже\b|\bпозднее\b|\bпотом\b",
    r"\bnot (?:right )?now\b|\blater\b|\bbusy\b|\bno time\b",
)
TIME = _any(
    r"\b(?:завтра|сегодня|послезавтра|понедельник\w*|вторник\w*|сред[уы]|четверг\w*|пятниц\w+|"
    r"суббот\w+|воскресень\w+)\b",
    r"\b(?:в|к|после|с) \d{1,2}(?:[:.]\d\d)?\b|\b\d{1,2}:\d\d\b|\b(?:утром|днем|вечером)\b",
    r"\b(?:today|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b",
    r"\b(?:at|after) \d|\b\d ?[ap]m\b",
)
# A yes even if the message also has a question.
ACCEPT = _any(
    r"\bможно (?:\w+ )?(?:ссылк|линк)\w*",
    r"\bда\b|\bдавай\w*|\bага\b|\bугу\b|\bконечно\b|\bразумеется\b|\bс (?:радостью|удовольствием)\b",
    r"\bсоглас\w+|\bготов\w*\b|\bдоговорил\w+|\bпоехали\b|\bпогнали\b|\bгоу?\b|\bбуду рад\w*",
    r"\b(?:было )?бы неплохо\b|\bза!?$",
    r"\b(?:можем|можно|могу|хочу|хотел\w* бы|хотелось бы|готов\w*|предлагаю|лучше|тогда|завтра|"
    r"давай\w*)\b.*\b(?:созвон|поговор|обсуд|встрет|пообща|позвон|набер|связат|звонок|встреч)\w*",
    r"\b(?:созвонимся|поговорим|обсудим|встретимся|спишемся|пообщаемся|звоните|позвоните|наберите|"
    r"перезвоните)\b",
    r"\b(?:жду|ждем|буду ждать)\b",
    r"\b(?:присыл|пришл|скин|кид|отправ|ски[дн]|дай)\w* (?:\w+ )?(?:ссылк|линк|врем)\w*",
    r"\bкогда (?:вам |тебе )?(?:удобно|можно|сможете|можем)\b|\bмне (?:удобно|подходит|интересно)\b",
    r"\bзапишите\b|\byes\b|\byeah\b|\byep\b|\byup\b|\bsure\b|\bof course\b|\babsolutely\b",
    r"\bdefinitely\b|\bcertainly\b|\bgladly\b",
    r"\bsounds? (?:good|great|like a plan|nice|perfect|fine|awesome)\b|\blet'?s\b|\bgo ahead\b",
    r"\bi'?m in\b|\bi'?d love\b",
    r"\b(?:would|i'?d) (?:love|like) to (?:talk|chat|discuss|meet|call|book|schedule|hear)\b",
    r"\bworks for me\b|\bdeal\b|\bcall me\b|\bgive me a call\b",
    r"\bsend (?:me |over )?(?:the |a |your )?(?:link|invite|calendar|time)\w*\b|\bagreed?\b",
    r"\b(?:can|could|shall|may) we\b.*\b(?:talk|chat|call|meet|speak|discuss|schedule)\b|\bhappy to\b",
    r"\bbook (?:a|me|it)\b",
    r"\bhow about (?:today|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday|at|\d)",
    r"\bi'?m interested\b|\bcount me in\b|\blooking forward\b|👍|👌|✅|🤝|🙌|💯|^\+{1,3}$",
)
# A yes only without a question: "ок, а сколько стоит?" is a question.
WEAK_ACCEPT = _any(
    r"\bок\b|\bокей\b|\bоке\b|\bok\b|\bokay\b|\bokey\b|\bхорошо\b|\bотлично\b|\bсупер\b|\bладно\b",
    r"\bидет\b|\bпойдет\b|\bинтересно\b|\bинтересует\b|\bактуальн\w*|\bудобно\b|\bподходит\b",
    r"\bможно\b|\bдобро\b|\bпринято\b|\bкруто\b|\bgreat\b|\bperfect\b|\bfine\b|\bcool\b|\bgood\b",
    r"\balright\b|\ball right\b|\bplease do\b|\bawesome\b|\binterested\b",
    TIME.pattern,
)
QUESTION = _any(
    r"^(?:а |и |но |так |ну |ок |окей |хорошо |ладно |интересно )?(?:сколько|какой|какая|какое|какие|"
    r"каков\w*|кто|где|когда|почему|зачем|откуда|чем|что вы|что у вас|что за|что это|как (?:вы|это|"
    r"у вас|долго|быстро|скоро|мне|начать|называ)|есть ли|можно ли|можете ли|а вы|вы (?:делаете|"
    r"можете|работаете|умеете|занимаетесь))\b",
    r"\b(?:расскажи|подскажи|уточни|поясни|объясни|опиши|покажи)\w*",
    r"\b(?:хочу|хотел\w*|хотелось) (?:бы )?(?:узнать|понять|спросить)",
    r"\b(?:интересует|какова|узнать) (?:цена|стоимость|срок\w*)",
    r"\b(?:цена|стоимость|прайс|портфолио)\b|\bпо чем\b|\bпочем\b",
    r"^(?:and |but |so |ok |okay |well |great )?(?:how (?:much|long|many|do|does|can|is|are|fast|"
    r"soon)|what|who|where|when|why|which|do you|does|can you|could you|are you|is it|is there|"
    r"have you|will you)\b",
    r"\btell me (?:more|about)\b|\b(?:want|like) to know\b|\bmore (?:info|details|information)\b",
    r"\bpricing\b|\bprice\b",
)
# Questions that a company cannot answer with facts.
VACUOUS = re.compile(
    r"(?:ну |и |так )?(?:что|че|чего|чево|а|и|ну|как|как это|в смысле|алло|да|правда|серьезно|what|huh|sorry|"
    r"pardon|hm+|eh|really|hello|hi|so|and|хм+|м+|эм+|здравствуйте|привет|вы тут|ау)?"
)
NEGATION = re.compile(r"\b(?:не|нет|ни|без|no|not|don't|dont|never|isn't|can't|cannot|won't)\b")
HUMAN = _any(
    r"\b(?:жив|настоящ|реальн)\w+ (?:человек|люд|сотрудник|менеджер|оператор)\w*|\bпозовите\b",
    r"\bоператор\w*\b|\bменеджер\w*\b|\b(?:real|live|actual) (?:person|human)\b",
    r"\b(?:talk|speak) to (?:a |an )?(?:human|person|manager|someone)\b",
)
# More than a no: a request not to be contacted again.
QUIET = _any(
    r"\bне (?:надо |нужно |смейте )?(?:мне |нам |сюда )?(?:больше )?(?:пи[шс]|звон|беспоко|присыл|шли\b)\w*",
    r"\bбольше не (?:пи[шс]|звон|беспоко|присыл)\w*|\bотпи[шс]\w*|\b(?:отстань|отвали|отвяжи)\w*",
    r"\bудалите (?:мой|мои|меня|мое|номер|данные|контакт)\w*|\bспам\w*|\bв бан\b|^стоп[.! ]*$",
    r"\bзаблокир\w+|\bleave me alone\b|\b(?:remove|delete) (?:me|my)\b|\bspam\w*|^stop[.! ]*$",
    r"\b(?:don'?t|do not|never) (?:\w+ )?(?:write|call|contact|message|text|bother|disturb)\b",
    r"\bunsubscribe\b|\bstop (?:writ|messag|text|contact|call)\w*",
)
