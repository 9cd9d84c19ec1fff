"""Read times written in words and digits: the few forms of a column first, then all its rows.

With its digits masked a time shows its form: "00 janv. 0000 00:00". A column has few forms,
whatever its length. Each is understood once, which tells where its year, month, hour and the rest
stand; then the digits of all rows are taken from there at once.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from zoneinfo import available_timezones

import numpy as np
import polars as pl
import pyarrow as pa

from strec.io.time_words import (
    FILLERS,
    HALVES,
    UNCLEAR,
    UNITS,
    ZONES,
    is_weekday,
    months_in,
    plain_word,
)

WALL = "wall"
STATED = "stated_offset_min"
DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "day_first", "month_first", "year_first"
#: Forms looked at; a column of times has few, a column of remarks as many as rows.
MAX_FORMS = 3000
#: Two-digit years from this one on are of the last century.
PIVOT = 70
SECOND_US = 10**6
MINUTE_US, DAY_US = 60 * SECOND_US, 86_400 * SECOND_US
#: Words of scripts that put no blanks between them.
_UNSPACED = "|".join(
    sorted((w for w in {*HALVES, *UNITS} if ord(w[0]) > 0x1000), key=len, reverse=True)
)
_TOKEN = re.compile(
    r"(?P<digits>0+)"
    r"|(?P<aside>\([^()0]*\))"
    r"|(?P<zone>[A-Za-z]{3,}/[A-Za-z_]{3,}(?:/[A-Za-z_]+)?)"
    r"|(?P<half>(?<![^\W\d_])[ap]\.?\s?m\b\.?)"
    r"|(?P<day>(?:星期|周|週|礼拜)[一二三四五六日天]|[月火水木金土日]曜日?|[월화수목금토일]요일)"
    rf"|(?P<unspaced>{_UNSPACED})"
    r"|(?P<word>(?:[^\W\d_][\u0300-\u036f]*)+\.?)"
    r"|(?P<sign>[-+:./−–]|(?<=0),(?=0))"
    r"|(?P<blank>[\s,;_\[\]|·•\"'`‘’“”«»\u200e\u200f\ufeff]+|[()])"
)
_N = "[12]"
_ZONE = rf"(?: ?(?P<plus>[+-]) ?(?P<zh>{_N}):?(?P<zm>2)?| ?(?P<plus_>[+-])(?P<zhm>[34]))"
_SECOND = rf"(?:(?: ?n ?|[:.-])(?P<S>{_N})(?:[.:,](?P<f>[1-9A-I]))?)?"
_CLOCK = (
    rf"(?:x? ?(?P<H>{_N})(?: ?h ?|[:.-])(?P<M>{_N}){_SECOND} ?[nsh]? ?x?"
    rf"|(?P<H_>{_N}) ?[hx]|x ?(?P<H__>{_N}) ?h?|(?<=t)(?P<H___>2))"
)
#: A clock without its colons.
_RUN = r"(?:(?P<HM>[34])|(?P<HMS>[56])(?:[.,](?P<f>[1-9A-I]))?) ?[hsx]?"
_GAP = r"(?:[- .,t:]{1,3}|(?<=d))"
#: Dates; `a`, `b`, `c` are numbers whose order something else must tell.
_DATES = (
    rf"(?P<Y>4)[-/. y:]{{1,2}}(?P<m>{_N})[-/. o:]{{1,2}}(?P<d>{_N})d?",
    rf"(?P<Y>4)[-/. y]{{0,2}}m[-/. ]{{0,2}}(?P<d>{_N})d?",
    rf"(?P<Y>2)y ?(?P<m>{_N})o ?(?P<d>{_N})d",
    rf"(?P<a>{_N})(?P<s>[-/. ])(?P<b>{_N})(?P=s)(?P<c>4) ?y?",
    rf"(?P<a>2)(?P<s>[-/.])(?P<b>{_N})(?P=s)(?P<c>{_N})",
    rf"(?P<a>1)(?P<s>[-/.])(?P<b>{_N})(?P=s)(?P<c>2)",
    rf"(?P<d>{_N})[-/. ]{{0,2}}m[-/. ]{{0,2}}(?P<Y>[42]) ?y?",
    rf"m[-/. ]{{0,2}}(?P<d>{_N})[-/. ]{{1,2}}(?P<Y>[42])",
    r"(?P<Y>4)-?(?P<j>3)",
    r"(?P<Y>4)-?k(?P<w>2)-(?P<k>1)",
    r"(?P<Y>4)k(?P<wk>3)",
    r"(?P<Ymd>8)|(?P<Yj>7)|(?P<abc>6)",
)
_PATTERNS = [
    re.compile(form)
    for form in (
        *(rf"(?:{d})(?:{_GAP}{clock}{_ZONE}?)?[ .]*" for d in _DATES for clock in (_CLOCK, _RUN)),
        rf"(?:(?P<d>{_N}) m|m ?(?P<d_>{_N})) {_CLOCK}{_ZONE}? (?P<Y>4)",
        r"(?:(?P<YmdHM>C)|(?P<YmdHMS>E)(?:[.,](?P<f>[1-9A-I]))?|(?P<YmdHMSf>H))" + f"{_ZONE}?",
        *(rf"{_CLOCK}{_ZONE}?[ ]?-?[ ]?(?:{d})[ .]*" for d in _DATES[:8]),
    )
]
#: Widths of the parts of a run of digits other than two.
_WIDTHS = {"Y": 4, "j": 3, "f": 3, "k": 1}
_PARTS = ("Y", "m", "d", "j", "w", "k", "a", "b", "c", "H", "M", "S", "f", "zh", "zm")
#: Each byte as it is, digits as 0.
_MASK = np.array([48 if 48 <= byte <= 57 else byte for byte in range(256)], np.uint8)
_NO_ZONE = -(10**6)
_HALVES = ("", "am", "pm", "noon", "night")


@dataclass
class _Form:
    """What a form says: where its parts stand (byte, length), and what its words mean."""

    parts: dict[str, tuple[int, int]] = field(default_factory=dict)
    month: int = 0
    half: str = ""
    sign: int = 1
    stated: int = _NO_ZONE
    zone: str = ""
    unclear: str = ""


def understand(form: str, months: dict[str, int]) -> _Form | None:
    """Return what a masked time says, None when it is not understood.

    Examples
    --------
    >>> form = understand("00 janv. 0000 00:00", {"janv": 1})
    >>> form.month, form.parts["Y"], form.parts["H"]
    (1, (9, 4), (14, 2))
    >>> understand("room 0000-00-00", {}) is None
    True
    """
    tokens = list(_TOKEN.finditer(form))
    if sum(len(token[0]) for token in tokens) != len(form):
        return None
    # "mar." is March or Tuesday, and "am" a half of the day or a German word before a day.
    for words_are in ("month", "day"):
        read = _Form()
        symbols = _symbols(tokens, months, words_are, read)
        if symbols is None:
            continue
        text = "".join(symbol for symbol, _ in symbols).rstrip()
        for pattern in _PATTERNS:
            match = pattern.fullmatch(text)
            if match:
                _place(form, match, symbols, read)
                return read
    return None


def _symbols(
    tokens: list[re.Match], months: dict[str, int], words_are: str, read: _Form
) -> list[tuple[str, int]] | None:
    """Write a form as one letter per part, with where it begins; None at an unknown word."""
    symbols: list[tuple[str, int]] = []
    last_word = max((i for i, token in enumerate(tokens) if token.lastgroup == "word"), default=-1)
    for i, token in enumerate(tokens):
        text, kind = token[0], token.lastgroup
        before = symbols[-1][0] if symbols else " "
        attached = i > 0 and tokens[i - 1].lastgroup == "digits"
        symbol = " "
        if kind == "digits":
            symbol = chr(48 + len(text)) if len(text) < 10 else chr(55 + min(len(text), 30))
        elif kind == "sign":
            # Nothing but a hyphen within a word stands before the first number.
            symbol = ("-" if text in "−–" else text) if symbols else " "
        elif kind == "zone":
            if text not in available_timezones():
                return None
            read.zone = text
        elif kind == "half":
            if words_are == "month" or symbols:
                symbol, read.half = "x", HALVES[text[0].lower()]
        elif kind == "aside":
            word = plain_word(text.strip("( )"))
            if read.stated == _NO_ZONE and word in ZONES:
                read.stated = ZONES[word]
            read.unclear = word if word in UNCLEAR else read.unclear
        elif kind in ("word", "unspaced"):
            word = plain_word(text)
            followed = i + 1 < len(tokens) and tokens[i + 1].lastgroup == "digits"
            if word == "t" and attached and followed:
                symbol = "t"
            elif word == "w" and followed:
                symbol = "k"
            elif word in HALVES and (word not in ("a", "p") or attached or i == last_word):
                symbol, read.half = "x", HALVES[word]
            elif word in ZONES and symbols:
                read.stated = ZONES[word]
            elif word in UNCLEAR and symbols:
                read.unclear = word
            elif word in UNITS:
                symbol = UNITS[word] if before in "124" else " "
                symbol = " " if before == "4" and symbol != "y" else symbol
                if before == " " and len(symbols) > 1 and symbols[-2][0] in "12":
                    symbol = UNITS[word]
            elif word in months and not (words_are == "day" and is_weekday(word)):
                if read.month:
                    return None
                symbol, read.month = "m", months[word]
            elif not (is_weekday(word) or word in FILLERS):
                return None
        if symbol != " " or (symbols and before not in " ./:"):
            symbols.append((symbol, token.start()))
    return symbols


def _place(form: str, match: re.Match, symbols: list[tuple[str, int]], read: _Form) -> None:
    """Note where the parts stand, in bytes; runs of digits are cut into theirs."""
    for group, text in match.groupdict().items():
        name = group.rstrip("_")
        if text is None or name == "s":
            continue
        if name == "plus":
            read.sign = -1 if text == "-" else 1
            continue
        char = symbols[match.start(group)][1]
        length = len(re.match("0+", form[char:])[0])  # type: ignore[index]
        start = len(form[:char].encode())
        names = ["zh", "zm"] if name == "zhm" else [name] if name in _PARTS else list(name)
        end = start + length
        for part in reversed(names):
            width = end - start if part == names[0] else _WIDTHS.get(part, 2)
            read.parts[part] = (end - width, width)
            end -= width


@lru_cache(maxsize=20_000)
def _understood(form: str, months: tuple[tuple[str, int], ...]) -> _Form | None:
    return understand(form, dict(months))


class Written:
    """A column of written times, its forms understood; `read` gives the times.

    Parameters
    ----------
    text : polars.Series
        Texts, shape ``(n,)``.
    """

    def __init__(self, text: pl.Series):
        odd = text.str.contains("[\u00a0\u2000-\u200a\u202f\u3000\uff00-\uffef]").any()
        text = text.str.normalize("NFKC") if odd else text
        array = text.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
        self._n = len(array)
        _, offsets, data = array.buffers()
        at = np.frombuffer(offsets, np.int64)[array.offset : array.offset + self._n + 1]
        self._starts = at[:-1]
        self._bytes = np.frombuffer(data or b"", np.uint8)
        masked = pa.py_buffer(_MASK[self._bytes])
        masked_array = pa.Array.from_buffers(
            array.type, self._n, [array.buffers()[0], offsets, masked], offset=array.offset
        ).dictionary_encode()
        self._codes = masked_array.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        forms = masked_array.dictionary.to_pylist()
        self._has_missing = array.null_count > 0
        self.forms = _understand_all(forms, self._codes)

    def _each(self, of_form) -> np.ndarray:
        """Return a fact of its form for each row."""
        # The last entry is for missing texts.
        facts = np.array([*map(of_form, self.forms), of_form(None)])
        used = facts if self._has_missing else facts[:-1]
        if len(used) and (used == used[0]).all():
            return np.broadcast_to(used[0], self._n)
        return facts[self._codes]

    def numbers(self, part: str) -> tuple[np.ndarray, np.ndarray]:
        """Return a part of the times as numbers, and how many digits it has (0: none)."""
        lengths = self._each(lambda form: form.parts.get(part, (0, 0))[1] if form else 0)
        values, most = np.zeros(self._n, np.int64), int(lengths.max(initial=0))
        if not most:
            return values, lengths
        at = self._starts + self._each(lambda form: form.parts.get(part, (0, 0))[0] if form else 0)
        shortest = int(lengths.min())
        for i in range(min(most, 9)):
            where = at + i if i < shortest else np.minimum(at + i, len(self._bytes) - 1)
            longer = values * 10 + (self._bytes[where] - np.uint8(48))
            values = longer if i < shortest else np.where(i < lengths, longer, values)
        return values, np.minimum(lengths, 9)

    @property
    def has_clock(self) -> np.ndarray:
        """Which of the times have an hour, bool, shape ``(n,)``."""
        return self._each(lambda form: bool(form and "H" in form.parts))

    @property
    def is_open(self) -> np.ndarray:
        """Which of the dates are three numbers in an unknown order, bool, shape ``(n,)``."""
        return self._each(lambda form: bool(form and "a" in form.parts))

    @property
    def names_month(self) -> bool:
        """True when a month is in words."""
        return any(form and form.month for form in self.forms)

    @property
    def unclear_zones(self) -> list[str]:
        """Names of zones that have several meanings, where no number says which."""
        forms = [each for each in self.forms if each and "zh" not in each.parts]
        return sorted({form.unclear.upper() for form in forms if form.unclear and not form.zone})

    def read(self, order: str | None = None) -> pl.DataFrame:
        """Return `WALL` and `STATED`, null where a time is not understood or impossible.

        Parameters
        ----------
        order : str, optional
            `DAY_FIRST`, `MONTH_FIRST` or `YEAR_FIRST`: the order of dates in three numbers.
        """
        days, good = self._days(order)
        (hour, _), (minute, _), (second, _) = map(self.numbers, "HMS")
        # A leap second is the first of the next minute; 24:10 is ten past midnight.
        good &= (hour <= 24) & (minute < 60) & (second <= 60)
        if any(form and form.half for form in self.forms):
            half = self._each(lambda form: _HALVES.index(form.half) if form else 0)
            am, pm, noon, night = (half == i for i in range(1, 5))
            good &= ~(night & (hour == 12))
            later = pm | (noon & (hour < 5)) | (night & (hour > 5))
            hour = np.where(later & (hour < 12), hour + 12, hour)
            hour = np.where(am & (hour == 12), 0, hour)
        fraction, n_digits = self.numbers("f")
        wall = days * DAY_US + ((hour * 60 + minute) * 60 + second) * SECOND_US
        wall = wall + fraction * 10**6 // 10**n_digits if n_digits.any() else wall
        (zone_h, n_zone), (zone_min, _) = self.numbers("zh"), self.numbers("zm")
        sign = self._each(lambda form: form.sign if form else 1)
        word = self._each(lambda form: form.stated if form else _NO_ZONE)
        stated = np.where(n_zone > 0, sign * (zone_h * 60 + zone_min), word)
        good &= (stated == _NO_ZONE) | (abs(stated) <= 16 * 60)
        # Nulls set by pyarrow cost a tenth of an expression's: most columns read are short.
        read = pa.array(wall.astype(np.int64, copy=False), mask=~good)
        states = good & (stated != _NO_ZONE)
        minutes = pa.array(np.where(states, stated, 0).astype(np.int16), mask=~states)
        frame = pl.DataFrame(
            [pl.Series(WALL, read.view(pa.timestamp("us"))), pl.Series(STATED, minutes)]
        )
        return self._in_named_zones(frame)

    def _in_named_zones(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Give the offset of the zone that a text names, such as [Europe/Berlin]."""
        for name in {form.zone for form in self.forms if form and form.zone}:
            here = pl.Series(self._each(lambda form, name=name: bool(form and form.zone == name)))
            local = frame[WALL].dt.replace_time_zone(
                name, ambiguous="earliest", non_existent="null"
            )
            minutes = (local.dt.base_utc_offset() + local.dt.dst_offset()).dt.total_minutes()
            open_ = here & frame[STATED].is_null()
            stated = minutes.cast(pl.Int16).zip_with(open_, frame[STATED])
            frame = frame.with_columns(stated.alias(STATED))
        return frame

    def _days(self, order: str | None) -> tuple[np.ndarray, np.ndarray]:
        """Return days since 1970 and which of them exist."""
        year, n_year = self.numbers("Y")
        month, day = self.numbers("m")[0], self.numbers("d")[0]
        month = np.where(month == 0, self._each(lambda form: form.month if form else 0), month)
        is_open = self.is_open
        if is_open.any() and order:
            names = {DAY_FIRST: "cba", MONTH_FIRST: "cab", YEAR_FIRST: "abc"}[order]
            (y, n_y), (m, _), (d, _) = map(self.numbers, names)
            year, n_year = np.where(is_open, y, year), np.where(is_open, n_y, n_year)
            month, day = np.where(is_open, m, month), np.where(is_open, d, day)
        short = n_year == 2
        year = np.where(short, year + np.where(year < PIVOT, 2000, 1900), year)
        # No year 0000: u0000157 is somebody's number, not the 157th day of one.
        good = (n_year == 4) & (year > 0) | short
        (ordinal, is_ordinal), (week, is_week) = self.numbers("j"), self.numbers("w")
        first = (year - 1970).astype("M8[Y]").astype("M8[D]")
        by_month = first.astype("M8[M]") + np.clip(month - 1, 0, 11)
        days = by_month.astype("M8[D]") + (day - 1)
        fits = (month >= 1) & (month <= 12) & (day >= 1) & (days.astype("M8[M]") == by_month)
        if is_ordinal.any():
            own = first + (ordinal - 1)
            days = np.where(is_ordinal, own, days)
            fits = np.where(
                is_ordinal, (ordinal > 0) & (own.astype("M8[Y]") == first.astype("M8[Y]")), fits
            )
        if is_week.any():
            weekday = self.numbers("k")[0]
            fourth = first + 3
            monday = fourth - (fourth.astype(np.int64) + 3) % 7
            days = np.where(is_week, monday + 7 * (week - 1) + (weekday - 1), days)
            exists = (week >= 1) & (week <= 53) & (weekday >= 1) & (weekday <= 7)
            fits = np.where(is_week, exists, fits)
        return days.astype(np.int64), good & fits


def _understand_all(forms: list[str], codes: np.ndarray) -> list[_Form | None]:
    """Return what each form says; of very many only the most frequent ones are looked at."""
    looked = range(len(forms))
    if len(forms) > MAX_FORMS:
        counts = np.bincount(codes[codes >= 0], minlength=len(forms))
        looked = np.argsort(-counts, kind="stable")[:MAX_FORMS].tolist()
    words = {
        plain_word(word) for i in looked for word in re.findall(r"[^\W\d_]{2,}", forms[i][:80])
    }
    months = tuple(sorted(months_in(words).items()))
    read: list[_Form | None] = [None] * len(forms)
    for i in looked:
        # No time is longer; a page of text is none.
        read[i] = _understood(forms[i], months) if len(forms[i]) <= 80 else None
    return read
