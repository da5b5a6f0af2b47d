"""Who works at a company: stems of Russian words, and English words. Pure."""

STAFF = (
    r"менеджер|сотрудни[кц]|специалист|консультант|оператор|разработчи[кц]|программист|дизайнер|инженер"
    r"|директор|руководитель|основатель|владелец|продав(?:ец|щица)|администратор|мастер|аналитик|эксперт"
    r"|секретарь|врач|доктор|стоматолог|медсестра|юрист|бухгалтер|тренер|преподаватель|учитель|риелтор"
    r"|риэлтор|замерщик|столяр|строитель|повар|механик|архитектор|маркетолог|агент|куратор|технолог"
    r"|фотограф|инструктор|репетитор|парикмахер|стилист|визажист|водитель|флорист|сантехник|электрик|няня"
    r"|хирург|ортодонт|гигиенист|логист|кладовщик|прораб|монтажник|установщик|сборщик|косметолог"
)
# Those of whom one says that they come or phone.
COLLEAGUES = rf"{STAFF}|курьер|бригад|коллег"
STAFF_EN = (
    r"manager|employee|specialist|developer|consultant|designer|engineer|agent|founder|director|owner|expert"
    r"|representative|operator|salesman|saleswoman|analyst|doctor|dentist|nurse|lawyer|teacher|coach|trainer"
    r"|photographer|instructor|tutor|hairdresser|stylist|driver|florist|plumber|electrician|nanny"
    r"|receptionist|architect|carpenter|realtor|accountant|surgeon|hygienist|orthodontist|clerk|technician"
)
