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
