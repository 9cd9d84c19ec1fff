"""What the operator of a server decides: every environment variable, in one place.

`docs/deploy.md` shows this table (`markdown`); a test keeps the two equal.
"""

import os
from dataclasses import dataclass

from strec.errors import StrecError
from strec.export import markdown_cell
from strec.io.warehouse import is_address


@dataclass(frozen=True)
class Setting:
    """One environment variable.

    Parameters
    ----------
    name : str
        The variable.
    here : str
        Its value where the app serves one person at their own computer.
    public : str
        Its value under ``strec app --public``.
    protects : str
        What it is for, and what it protects.
    """

    name: str
    here: str
    public: str
    protects: str


PUBLIC = "STREC_PUBLIC"
LOCAL_FILES = "STREC_LOCAL_FILES"
SIGN_IN = "STREC_SIGN_IN"
LLM_ADDRESSES = "STREC_LLM_ADDRESSES"
STORE = "STREC_STORE"
TABLE, QUERY, COLUMNS = "STREC_TABLE", "STREC_QUERY", "STREC_COLUMNS"
RUN = "STREC_RUN"
TILES = "STREC_TILES"

SETTINGS: tuple[Setting, ...] = (
    Setting(
        PUBLIC, "0", "1",
        "Whether strangers may visit: sets the other defaults of this column. "
        "`strec app --public` sets it.",
    ),
    Setting(
        LOCAL_FILES, "only the person `strec app` was started for", "0",
        "Who may open files of this computer by their path: `0` nobody, `1` every visitor. "
        "Protects the server's files.",
    ),
    Setting(
        LLM_ADDRESSES, "any, for the person `strec app` was started for; else none", "none",
        "Addresses that “A better language model” may send to, with commas: "
        "`https://api.example.org/v1, http://ollama:11434/v1`; `*` allows all. Protects the "
        "server's network: a name with a dot must not lead into a private network, redirects are "
        "not followed.",
    ),
    Setting(
        "STREC_LLM_KEY", "none", "none",
        "The key for a server that an LLM adviser asks; sent over https alone, or to this machine, "
        "and never kept.",
    ),
    Setting(
        "STREC_KEEP_HOURS", "24", "24",
        "Hours after their last use when a visitor's data sets, drafts and trainings are deleted. "
        "Protects visitors' data, and the disk.",
    ),
    Setting(
        "STREC_KEEP_RUNS_DAYS", "365", "7",
        "Days after which a training on a sample is deleted.",
    ),
    Setting(
        "STREC_TRAININGS_KEPT", "1000", "200",
        "Trainings of a sample that are kept for all visitors together; each keeps 40. Nobody's "
        "make room for another's: beyond this, more are refused.",
    ),
    Setting(
        "STREC_TRAININGS_WAITING", "100", "12",
        "Trainings that may run or wait on the whole server; beyond this, more are refused. Those "
        "of a data set run one after another.",
    ),
    Setting(
        "STREC_TRAININGS_EACH", "100", "4",
        "Trainings of one visitor that may run or wait; beyond this, more are refused; 0: nobody "
        "trains on this server.",
    ),
    Setting(
        STORE, "none", "none",
        "The folder of a store that every visitor is shown first, in place of a sample; "
        "`strec app --data FOLDER` sets it. Or the address of a database, whose table is counted "
        "where it is.",
    ),
    Setting(
        TABLE, "none", "none",
        "The table of that database, or in `STREC_QUERY` a SELECT; `strec app --data ADDRESS "
        "--table NAME` sets it.",
    ),
    Setting(
        QUERY, "none", "none", "A SELECT in the words of that database, in place of a table.",
    ),
    Setting(
        COLUMNS, "guessed", "guessed",
        "Which column of it is what: `user=customer,item=product,time=sold,time_zone=Europe/Oslo`.",
    ),
    Setting(
        "STREC_AT_ONCE", "the number of cores, at least 2", "the same",
        "How much heavy work is done at once: reading files, tests, simulated worlds, hotspots, "
        "neighbours, models of a page, reports and files. The rest waits, and sees its place. "
        "Protects memory and processor.",
    ),
    Setting(
        "STREC_WAITING", "60", "30",
        "How many may wait for that; beyond, visitors are told that the server is busy.",
    ),
    Setting(
        "STREC_PATIENCE_S", "300", "120", "How many seconds anybody waits for a turn.",
    ),
    Setting(
        "STREC_AT_ONCE_EACH", "as `STREC_AT_ONCE`", "1",
        "How much of that is done at once for one visitor, in all their tabs, and as much in the "
        "background: whoever asks for much waits for themselves, and holds nobody up.",
    ),
    Setting(
        "STREC_WAITING_EACH", "as `STREC_WAITING`", "4",
        "How much of one visitor may wait; beyond, more is refused.",
    ),
    Setting(
        "STREC_UPLOADS_EACH_MB", "4000", "400",
        "MB of uploads that the server holds in memory for one visit; more is refused before it "
        "is read.",
    ),
    Setting(
        "STREC_UPLOADS_MB", "8000", "2000",
        "The same for all visits together. Protects memory.",
    ),
    Setting(
        "STREC_READING_GB", "6, at most 70 % of the memory", "the same",
        "Memory in GB of the process that reads a stranger's file; a file that wants more is "
        "refused.",
    ),
    Setting(
        TILES, "`auto`", "`none`",
        "Streets from the network below the maps: `auto` (CARTO's tiles where they can be "
        "reached), `none`, or the address of a MapLibre style or of pictures with `{z}/{x}/{y}`. "
        "The visitor's browser asks there, which tells the provider what part of the world is "
        "looked at.",
    ),
    Setting(
        "STREC_TILES_ATTRIBUTION", "the provider's", "the same",
        "Whom maps thank for the tiles; needed where `STREC_TILES` is an address.",
    ),
    Setting(
        SIGN_IN, "0", "0",
        "Whether visitors sign in first, by OpenID Connect (`st.login`, secrets.toml).",
    ),
    Setting(
        "STREC_API_TOKEN", "none", "none",
        "The token of the API (`Authorization: Bearer …`); without one it is closed. It opens the "
        "data of `STREC_STORE`, names of people included.",
    ),
    Setting(
        RUN, "none", "none",
        "The folder of a trained run or a saved model by which the API answers; the counter mix "
        "else. `strec app --run FOLDER` sets it.",
    ),
    Setting(
        "STREC_MERGE_HOURS", "24", "24",
        "How often what came through the API is taken into a store beside `STREC_STORE`, which "
        "the pages show from then on; it is at each start too.",
    ),
    Setting(
        "STREC_EVENTS", "`events` in `STREC_CACHE`", "the same",
        "The folder of check-ins that came through the API. Keep it on a disk that lasts.",
    ),
    Setting(
        "STREC_CACHE", "`~/.cache/strec`", "the same",
        "The folder of what can be made anew: converted weights, stores of samples, trainings on "
        "samples; and of the recent projects and map files of whom `strec app` was started for. "
        "Nobody else needs a right to read it.",
    ),
    Setting(
        "STREC_ENGINE", "`duckdb://`", "the same",
        "What answers the questions of stores (docs/scale.md); `strec --engine URL app` sets it.",
    ),
    Setting(
        "STREC_DATA", "none", "none",
        "The folder of research data for `strec bench`; the app does not read it.",
    ),
    Setting(
        "TMPDIR", "the system's", "the same",
        "Where visitors' data sets and files being read lie. On a disk of its own, a full one "
        "harms nothing else.",
    ),
)  # fmt: skip


def is_public() -> bool:
    """Whether strangers may visit.

    Examples
    --------
    >>> os.environ.pop("STREC_PUBLIC", None) and None
    >>> is_public()
    False
    """
    return os.environ.get(PUBLIC) == "1"


def local_files() -> bool | None:
    """Whether visitors may open files of this computer; None where the visitor decides it."""
    said = os.environ.get(LOCAL_FILES)
    if said in ("0", "1"):
        return said == "1"
    return False if is_public() else None


def settle_tiles() -> None:
    """On a server for strangers no browser asks a provider of tiles unless the operator says so."""
    if is_public():
        os.environ.setdefault(TILES, "none")


def store() -> str | None:
    """Return the folder of the store that visitors are shown first, if there is one."""
    found = os.environ.get(STORE) or None
    return None if found is None or is_address(found) else found


def database() -> tuple[str, str | None, str | None, str] | None:
    """Return address, table, query and columns of what visitors are shown first, if a database.

    Examples
    --------
    >>> os.environ.pop("STREC_STORE", None) and None
    >>> database() is None
    True
    """
    found = os.environ.get(STORE) or ""
    if not is_address(found):
        return None
    table, query, columns = (os.environ.get(name) or None for name in (TABLE, QUERY, COLUMNS))
    return found, table, query, columns or ""


def run() -> str | None:
    """Return the folder of the trained model that the API answers by, if there is one."""
    return os.environ.get(RUN) or None


def must_sign_in() -> bool:
    """Whether visitors sign in before they see anything."""
    return os.environ.get(SIGN_IN) == "1"


def llm_addresses() -> tuple[str, ...]:
    """Addresses that every visitor may send prompts to; ``*`` stands for all."""
    said = os.environ.get(LLM_ADDRESSES, "")
    return tuple(filter(None, (each.strip() for each in said.split(","))))


def number(name: str, here: float, public: float | None = None, *, or_none: bool = False) -> float:
    """Return a setting that is a number; `public` is its default on a server for strangers.

    Raises
    ------
    StrecError
        If the variable holds no number above zero; with `or_none` zero is one too.
    """
    said = os.environ.get(name)
    if not said:
        return here if public is None or not is_public() else public
    try:
        found = float(said)
    except ValueError:
        found = -1.0
    if not (0 < found < float("inf") or (or_none and found == 0)):
        least = "of zero or more" if or_none else "above zero"
        raise StrecError(
            f"{name} is a number {least}.", f"{said[:40]!r}.", "Correct it, or leave it out."
        )
    return found


def keep_hours() -> float:
    """Return after how many hours without use what a visitor brought is deleted.

    Examples
    --------
    >>> keep_hours() > 0
    True
    """
    return number("STREC_KEEP_HOURS", 24)


def markdown() -> str:
    """Return the table of all settings as Markdown.

    Examples
    --------
    >>> len(markdown().splitlines()) == len(SETTINGS) + 2
    True
    """
    head = ["| variable | at one's own computer | `strec app --public` | what it is for |"]
    rows = [
        f"| `{each.name}` | "
        + " | ".join(map(markdown_cell, (each.here, each.public, each.protects)))
        + " |"
        for each in SETTINGS
    ]
    return "\n".join([*head, "|---|---|---|---|", *rows])
