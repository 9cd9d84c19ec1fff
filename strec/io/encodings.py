"""From bytes to UTF-8 text: marks, UTF-16, and the usual encodings of East and West."""

import codecs
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from strec.errors import ReadError
from strec.io.column_names import is_known

CHUNK_BYTES = 2**20
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Bytes that Windows-1252 does not define; a file with them is read as ISO 8859-1.
NOT_IN_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
#: What a beginning gives away about a file that is not a table.
SIGNATURES = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"\x80\x04\x95", "a Python pickle, which strec never opens because it can run code"),
    (b"\x80\x05\x95", "a Python pickle, which strec never opens because it can run code"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)


#: Encodings that exports of programs and spreadsheets are in, beside UTF-8; the more usual of two
#: equally good ones first.
ENCODINGS = ("gb18030", "big5", "shift_jis", "euc_jp", "cp949", "cp1252", "cp1251", "cp1250",
             "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256")  # fmt: skip
#: Common signs of scripts, as the sets of signs order them: first bytes of their codes.
COMMON = {
    "gb18030": ("gb2312", (0xB0, 0xD7)),
    "big5": ("big5", (0xA4, 0xC6)),
    "shift_jis": ("shift_jis", (0x88, 0x98)),
    "euc_jp": ("euc_jp", (0xB0, 0xCF)),
    "cp949": ("euc_kr", (0xB0, 0xC8)),
}
#: Letters beyond ASCII that texts in an encoding are made of.
LETTERS = {
    "cp1252": "äöüßéèêëàâáãåçñóôõòíîïúûùøæœÄÖÜÉÈÀÁÂÅÇÑÓÔØÆ’–°",
    "cp1250": "ąęłńśźżćóčřžšěůďťňáéíýúőűöüäßăâîșşţđĄĘŁŃŚŹŻĆÓČŘŽŠĚŮĎŤŇÁÉÍÝÚŐŰÖÜÄ’–°",
    "cp1254": "ıİşŞğĞöüçÖÜÇâîû’–°",
    "cp1253": "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏ",
    "cp1251": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэёфъ",
    "koi8_r": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэёфъ",
    "cp1255": "אבגדהוזחטיכלמנסעפצקרשתךםןףץ",
    "cp1256": "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءأإآؤئ",
}
#: The letters that are most of a text in Russian, Greek, Arabic; those that few languages have.
FREQUENT = {
    "cp1251": "оеаинтсрвл",
    "koi8_r": "оеаинтсрвл",
    "cp1253": "αοιετσνηυρπκμλςάέήίό",
    "cp1256": "اليمونرتبعدسفهقكةأ",
}
RARE = "đţşăîđ"
#: Syllables that are most of a text in Korean.
SYLLABLES = (
    "이다는을가에의고은지로하사기자도어서인한나리시대아를수부라그전정장일상해구주보제조공소동무문성경학원산천명"
    "번호간날짜점품매회위객용체크요금액카드역길청강남북중세만있것들게거면니까습여오우당연과관신선유영진안비방분식음료스페타"
)
#: Scripts whose words have no letter of another one.
OWN_SCRIPT = ("cp1251", "koi8_r", "cp1253", "cp1255", "cp1256")
#: Bytes of lines with letters beyond ASCII that are looked at.
SAMPLE_BYTES = 2**16
#: How much better the best reading must be than the next for it to be sure.
CLEAR = 0.15


@dataclass(frozen=True)
class Text:
    """A file as UTF-8 text on disk: where, what it was, and its beginning.

    `readings` are samples by the encodings that it may be in, the likeliest first, where more
    than one is likely.
    """

    path: Path
    encoding: str
    head: str
    complete_head: bool
    readings: dict[str, str]


def as_text(
    path: Path, name: str, target: Path, head_bytes: int, whole: bool, given: str | None = None
) -> Text:
    """Return the file as UTF-8, converted into `target` only when it is something else.

    With `whole` every byte is checked, so that one late Latin-1 byte is not lost; without it only
    `head_bytes` are looked at, and converted. `given` is the encoding of what is not UTF-8. Raises
    `ReadError` where the file is not text, or there is no such encoding.
    """
    with open(path, "rb") as file:
        head = file.read(head_bytes)
    _refuse_binary(head, name)
    seen = _seen(path, head, whole)
    readings = {} if seen.encoding else _readings(seen.high)
    encoding = seen.encoding or next(iter(readings))
    if given and not seen.encoding:
        try:
            encoding = codecs.lookup(given).name
        except LookupError as problem:
            raise ReadError(
                "An encoding that is known by its name is needed.",
                f"encoding={given!r}.",
                f"Use for instance {', '.join(ENCODINGS[:8])}.",
            ) from problem
        readings = {given: _shown(seen.high, encoding)} | readings
    if encoding != "utf-8" or seen.lone_returns:
        encoding = _codec(encoding, seen.high)
        _convert(path, target, encoding, None if whole else head_bytes)
        path = target
        with open(path, "rb") as file:
            head = file.read(head_bytes)
    text = head.decode("utf-8", errors="ignore")
    return Text(path, encoding, text, len(head) < head_bytes, readings if len(readings) > 1 else {})


def _refuse_binary(head: bytes, name: str) -> None:
    """Raise `ReadError` when the beginning of a file is not text."""
    found = next((what for magic, what in SIGNATURES if head.startswith(magic)), None)
    if head[257:262] == b"ustar":
        found = "a tar archive"
    if head[:500].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        found = "a web page or XML, such as the page of a portal that asks to log in"
    wide = any(head.startswith(mark) for mark, _ in MARKS) or _wide(head)
    if found is None and not wide:
        control = sum(head[:65536].count(bytes([code])) for code in (*range(9), *range(14, 32)))
        if b"\x00" in head or control > len(head[:65536]) / 100:
            found = "binary data, not text"
    if found is not None:
        raise ReadError(
            "A table as text (CSV, TSV, JSON Lines), Parquet, GeoJSON or GeoPackage is needed.",
            f"{name} is {found}.",
            "Export the table as CSV and give that file; unpack archives other than zip and gz.",
        )


def _wide(head: bytes) -> str | None:
    """Return which UTF-16 this is when it has no mark: the ASCII in it has every second byte 0."""
    sample = head[:4000]
    if len(sample) < 8:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) / 2
    if odd > 0.15 * half and even < 0.05 * odd:
        return "utf-16-le"
    return "utf-16-be" if even > 0.15 * half and odd < 0.05 * even else None


@dataclass(frozen=True)
class _Seen:
    """What the bytes of a file say: the encoding if they tell it, lines with bytes beyond ASCII,
    and whether lines end in a carriage return alone."""

    encoding: str | None
    high: bytes
    lone_returns: bool


def _seen(path: Path, head: bytes, whole: bool) -> _Seen:
    marked = next((name for mark, name in MARKS if head.startswith(mark)), None) or _wide(head)
    if marked:
        return _Seen(marked, b"", False)
    decoder = codecs.getincrementaldecoder("utf-8")()
    valid, returns, last = True, 0, b""
    high = bytearray()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            returns += chunk.count(b"\r") - chunk.count(b"\r\n")
            returns -= last == b"\r" and chunk[:1] == b"\n"
            last = chunk[-1:]
            if len(high) < SAMPLE_BYTES and not chunk.isascii():
                lines = (line for line in re.split(rb"[\r\n]+", chunk) if not line.isascii())
                for line in lines:
                    high += line[:1000] + b"\n"
                    if len(high) >= SAMPLE_BYTES:
                        break
            if valid:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    valid = False
            if not whole:
                break
    if not valid:
        # A bad byte or two in a text of another script is damage, and no other encoding.
        text = bytes(high).decode("utf-8", errors="replace")
        n_bad, n_good = text.count("\ufffd"), len(re.findall("[^\x00-\x7f\ufffd]", text))
        valid = n_good > 20 * n_bad
        return _Seen("utf-8" if valid else None, bytes(high), valid or returns > 0)
    return _Seen("utf-8", b"", returns > 0)


def _readings(high: bytes) -> dict[str, str]:
    """Return how lines read in the encodings that they may be in, the likeliest first."""
    from charset_normalizer import from_bytes

    # It knows languages, but of accents in a few words it makes the Czech of any.
    voted = from_bytes(high, cp_isolation=[each for each in ENCODINGS if each != "cp1250"]).best()
    rated = []
    for place, encoding in enumerate(ENCODINGS):
        text = high.decode(encoding, errors="replace")
        rate = _rate(text, encoding) + (0.05 if voted and voted.encoding == encoding else 0)
        rate += 0.3 * _known_share(text)
        rated.append((rate - 0.001 * place, encoding))
    rated.sort(reverse=True)
    best = rated[0][0]
    likely = [encoding for rate, encoding in rated if rate > best - CLEAR]
    # Those that give the same letters are no choice.
    letters = {high.decode(each, errors="replace"): each for each in reversed(likely)}
    return {each: _shown(high, each) for each in likely if each in letters.values()}


def _known_share(text: str) -> float:
    """Return the share of the first line's words that columns of tables are called."""
    words = re.findall(r"[^\W\d_]*[^\x00-\x7f]+[^\W\d_]*", text.partition("\n")[0])
    return sum(map(is_known, words)) / len(words) if words else 0.0


def _rate(text: str, encoding: str) -> float:
    """Rate from 0 to 1 how much a text reads like one that people write in an encoding."""
    words = re.findall(r"[^\W\d_]*[^\x00-\x7f]+[^\W\d_]*", text)
    signs = [sign for word in words for sign in word if ord(sign) > 127]
    if not signs:
        return 0.0
    if encoding in COMMON:
        rate = sum(_is_common(sign, encoding) for sign in signs) / len(signs)
        if encoding == "cp949":
            # Bytes of Chinese may be Korean syllables too, but hardly the usual ones alone.
            all_hangul = sum("\uac00" <= s <= "\ud7a3" for s in signs) > 0.97 * len(signs) > 3
            usual = sum(sign in SYLLABLES for sign in signs) / len(signs)
            return rate + (0.2 if all_hangul else 0) - 0.4 * (1 - usual)
        # Signs of other languages are hardly ever all kana.
        return rate + (0.1 if all("\u3040" <= sign <= "\u30ff" for sign in signs) else 0)
    rate = 0.0
    for word in words:
        own = sum(_weight(sign, encoding) for sign in word)
        if encoding in OWN_SCRIPT:
            # A word is of one script, and its capital is its first letter or all are.
            cases = (word.lower(), word.upper(), word.capitalize())
            strange = re.search("[A-Za-z]", word) or word not in cases
            rate += 0.3 * own if strange else own
        else:
            # Accents come one by one between plain letters.
            plain = re.search(r"[^\x00-\x7f]{3}", word) is None
            rate += own if plain else 0.3 * own
        if "\ufffd" in word:
            rate -= 5 * word.count("\ufffd")
    return max(rate / len(signs), 0.0)


def _weight(sign: str, encoding: str) -> float:
    """Return how usual a letter is in texts of an encoding."""
    small, letters = sign.lower(), LETTERS[encoding]
    if ord(sign) < 128 or small not in letters and sign not in letters:
        return 0.0
    usual = small in FREQUENT.get(encoding, letters) and small not in RARE
    return (1.0 if usual else 0.7) * (1.0 if small == sign else 0.97)


def _is_common(sign: str, encoding: str) -> bool:
    """Tell a sign that texts of a script are made of from one that hardly anybody writes."""
    if "\u3000" <= sign <= "\u3002" or "\uff01" <= sign <= "\uff5e":
        return True
    if "\u3040" <= sign <= "\u30ff":
        return encoding in ("shift_jis", "euc_jp")
    codec, (first, last) = COMMON[encoding]
    try:
        code = sign.encode(codec)
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and first <= code[0] <= last


def _shown(high: bytes, encoding: str) -> str:
    """Return a few words of a text as an encoding reads them."""
    text = high.decode(encoding, errors="replace")
    return " · ".join(dict.fromkeys(re.findall(r"[^\x00-\x7f]+", text)))[:80]


def _codec(encoding: str, high: bytes) -> str:
    """Return the codec: without the bytes that Windows-1252 adds, or with such that it does not
    define, a text is in ISO 8859-1."""
    is_latin = NOT_IN_CP1252.search(high) or not re.search(rb"[\x80-\x9f]", high)
    return "latin-1" if encoding == "cp1252" and is_latin else encoding


def _convert(path: Path, target: Path, encoding: str, n_letters: int | None) -> None:
    """Write the file, or its beginning, as UTF-8 with line feeds."""
    with (
        open(path, encoding=encoding, errors="replace") as source,
        open(target, "w", encoding="utf-8", newline="\n") as out,
    ):
        if n_letters is None:
            shutil.copyfileobj(source, out, CHUNK_BYTES)
        else:
            out.write(source.read(n_letters))
