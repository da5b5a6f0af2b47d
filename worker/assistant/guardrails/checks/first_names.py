"""Common first names, as worker.assistant.guardrails.text_normalization.transliterate spells them. Pure."""

from worker.assistant.guardrails.text_normalization import transliterate

_RUSSIAN = """
Александр Алексей Анатолий Андрей Антон Аркадий Арсений Артем Артур Богдан Борис Вадим Валентин Валерий
Василий Виктор Виталий Владимир Владислав Вячеслав Геннадий Георгий Глеб Григорий Давид Даниил Данила
Денис Дмитрий Евгений Егор Иван Игорь Илья Кирилл Константин Лев Леонид Максим Марат Марк Матвей Михаил
Никита Николай Олег Павел Петр Роман Руслан Рустам Савелий Семен Сергей Станислав Степан Тимофей Тимур
Федор Филипп Эдуард Юрий Ярослав Алина Алла Алиса Алена Анастасия Ангелина Анжела Анна Антонина
Валентина Валерия Варвара Вера Вероника Виктория Галина Дарья Диана Евгения Екатерина Елена Елизавета
Жанна Зинаида Зоя Инна Ирина Карина Кира Кристина Ксения Лариса Лидия Лилия Любовь Людмила Маргарита
Марина Мария Милана Надежда Наталья Наталия Нина Оксана Олеся Ольга Полина Раиса Регина Светлана София
Софья Тамара Татьяна Ульяна Юлия Яна Алекс Саша Леша Миша Дима Ваня Коля Вова Володя Слава Женя Паша
Петя Костя Макс Рома Серега Витя Толя Юра Гена Стас Аня Катя Маша Лена Оля Таня Наташа Настя Даша Юля
Света Ира Ксюша Лиза Люда Надя Соня Аркаша Тёма Айгуль Айрат Азат Азамат Алсу Альбина Амина Амир Анвар
Арина Арман Арсен Артак Асель Аслан Ахмед Ахмет Ашот Бахтияр Бахыт Вагиф Вардан Гаянэ Гульнара Гульназ
Гузель Дамир Данияр Дильнара Динара Ерлан Жанар Заира Зарина Заур Зульфия Зухра Ильдар Ильнур Ильяс
Ильшат Искандер Камиль Карен Ахмад Лейла Лейсан Магомед Мадина Малика Мансур Марьям Мурад Мурат Нурлан
Наиль Нармин Нургуль Расул Равиль Рафаэль Рашид Ренат Ринат Руфат Рушан Сабина Салават Самир Саида
Санжар Сауле Тагир Талгат Тигран Фарид Фатима Фарход Хасан Шамиль Эльвира Эльдар Эльмира Эмиль Эмма Юсуф
Ясмина Тарас Остап Оксана Богдана Мирослав Мирослава Злата Ева Агата Герман Клим Назар Платон Прохор
Родион Святослав Серафим Стефания Снежана Таисия Эмилия Юлиана Гоша Лёня Лёша
"""
_ENGLISH = """
Adam Alan Alex Alexander Andrew Anthony Ben Benjamin Brian Charles Chris Christopher Daniel David Dennis
Donald Edward Eric Frank Gary George Harry Henry Jack Jacob James Jason Jeff John Jonathan Joseph Justin
Kevin Larry Mark Matthew Max Michael Mike Nick Nicholas Oliver Oscar Patrick Paul Peter Philip Richard
Robert Ryan Sam Samuel Scott Simon Stephen Steven Thomas Tim Timothy Tom William Alice Amanda Amy Andrea
Angela Ann Anna Barbara Betty Carol Catherine Christina Claire Deborah Diana Elizabeth Ella Emily Emma
Eva Grace Hannah Helen Jane Jennifer Jessica Julia Karen Kate Katherine Kelly Laura Linda Lisa Lucy
Maria Mary Melissa Michelle Nancy Nicole Olivia Patricia Rachel Rebecca Ruth Sandra Sarah Sharon Sophia
Sophie Stephanie Noah Liam Mason Ethan Logan Lucas Aiden Jayden Dylan Jordan Tyler Kyle Sean Aaron
Carlos Jose Mohamed Ahmed Ali Omar Fatima Chloe Zoe Mia Isabella Madison Abigail Hailey Brooke Megan
Susan Victoria Maksim Dmitry Ivan Sergey Olga Natalia
"""

FIRST_NAMES = frozenset(transliterate(name) for name in f"{_RUSSIAN} {_ENGLISH}".split())
