"""The months in Russian and English. Pure."""

# As they stand after the day: "24 ноября".
MONTHS = (
    *("января", "февраля", "марта", "апреля", "мая", "июня"),
    *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
)
# What all cases of a month begin with.
MONTH_STEMS = tuple(month[:-1] for month in MONTHS)
ENGLISH_MONTH_STEMS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# A month in any case. "Ма" alone would find "магазин".
ANY_MONTH = "|".join(rf"{stem}\w+" if len(stem) > 2 else rf"{stem}[йяею]\w{{0,2}}" for stem in MONTH_STEMS)
# "May" and "march" are verbs, too.
_DATED = r"(?:in|of|early|late|mid|by|until|from|since) "
_ENGLISH_MONTHS = (
    *("jan(?:uary)?", "feb(?:ruary)?", f"{_DATED}march", "apr(?:il)?", f"{_DATED}may", "june?", "july?"),
    *("aug(?:ust)?", "sept?(?:ember)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?"),
)
_ENDING, _ENDING_OF_MAY = "[а-я]{0,2}", "(?:й|я|е|ю|ем)"
# A pattern for each month, with or without a day.
MONTH_NAMES = tuple(
    rf"\b{stem}{_ENDING if len(stem) > 2 else _ENDING_OF_MAY}\b|\b{english}\b"
    for stem, english in zip(MONTH_STEMS, _ENGLISH_MONTHS, strict=True)
)
