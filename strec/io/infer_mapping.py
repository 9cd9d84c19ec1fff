"""Decide what a mapping leaves open, say what was decided, and ask what only a person knows."""

from dataclasses import replace

from strec.errors import MappingError
from strec.io.column_facts import TableFacts
from strec.io.infer_places import infer_places, say_far_zone
from strec.io.infer_times import ask_time, first, infer_times
from strec.io.mapping import Mapping, Option
from strec.io.quantities import decimal_sign
from strec.io.recognise import Recognised
from strec.io.returns import ask_returns
from strec.io.roles import OF_ROWS, Guess, Role, may_name
from strec.io.tables import Table

#: Columns offered as an answer.
N_OFFERED = 12


def infer_mapping(found: Recognised, mapping: Mapping, day_first: bool | None = None) -> Recognised:
    """Fill the open settings of a mapping from the content of what was recognised.

    The table's sample decides; the whole column is read only to tell day from month. Settings that
    are given are kept as they are, and so is `day_first`, the order in dates such as 03/04/2024.
    What cannot be decided is among the questions.

    Raises
    ------
    MappingError
        If a mapped column is not in the file, a time cannot be read at all, or the time zone is
        unknown.
    """
    table = found.table
    mapping.check_columns(table.columns)
    if (mapping.lat is None) != (mapping.lon is None):
        raise MappingError(
            "Latitude and longitude are mapped together, or neither.",
            f"lat={mapping.lat!r}, lon={mapping.lon!r}.",
            "Choose both columns; where one column holds both, choose it twice.",
        )
    done = replace(found, mapping=mapping, notes=[*found.notes])
    if mapping.columns() == found.mapping.columns():
        _doubtful(table, done)
    _who_and_what(table, done)
    infer_places(table, done)
    _how_much(table, done)
    ask_returns(table, done)
    if not mapping.timestamp:
        _ask_time(table, done)
    if done.mapping.timestamp:
        infer_times(table, done, done.mapping.timestamp, day_first)
        say_far_zone(table, done)
    return done


def _option(table: Table, name: str, column: str) -> Option:
    return Option(f"the column {column!r}", first(table, column), {name: column})


def _choices(table: Table, done: Recognised, name: str) -> list[Option]:
    """Return the columns that may be meant, the likeliest first."""
    used = done.mapping.columns().values()
    likely = done.guess.ranked.get(name, []) if done.guess else []
    others = [c for c in table.columns if c not in used and may_name(table.sample[c])]
    columns = [c for c in dict.fromkeys([*likely, *others]) if c not in used]
    if name == "user_id":
        # What follows from the item, or from the shop, is of these.
        of = [c for c in (done.mapping.item_id, done.mapping.place_id) if c]
        facts = TableFacts.of(table.sample, [])
        columns = [c for c in columns if not any(facts.dependence(o, c).is_shown for o in of)]
    return [_option(table, name, column) for column in columns[:N_OFFERED]]


def _ask_time(table: Table, done: Recognised) -> None:
    """Ask which column says when: the one in doubt and its rivals, or any that can."""
    if done.guess is None or "timestamp" not in done.guess.doubts:
        ask_time(table, done)
        return
    options = [_option(table, "timestamp", name) for name in done.guess.ranked["timestamp"]]
    done.ask("timestamp", _question(done, "timestamp", "Which column says when?"), *options)


def _question(done: Recognised, name: str, text: str) -> str:
    """Return a question with the doubt that raises it, if a column was nearly taken."""
    doubt = done.guess.doubts.get(name) if done.guess else None
    return f"{text} {_of(doubt)}" if doubt else text


def _of(role: Role) -> str:
    like = ", ".join(role.examples)
    return f"{role.column!r} ({like}) is the likeliest" + (
        f", but {role.why}." if role.why else "."
    )


def _who_and_what(table: Table, done: Recognised) -> None:
    mapping, guess = done.mapping, done.guess
    if not mapping.user_id and not mapping.user_from:
        nobody = Option("nobody: the rows name no person", "", {"user_from": "nobody"})
        constant = Option("none: all rows are one user", "", {"user_from": "constant"})
        row = Option("none: each row is a user of its own", "", {"user_from": "row"})
        columns = _choices(table, done, "user_id")
        text = _question(done, "user_id", "Which column says who?")
        if _names_nobody(guess):
            done.ask("user", text, nobody, *columns, constant, row, default=0)
        elif guess and (not guess.ranked.get("user_id") or _is_of_rows(guess)):
            done.ask("user", text, nobody, *columns, constant, row)
        else:
            done.ask("user", text, *columns[:3], nobody, *columns[3:], constant, row)
    mapping = done.mapping
    if not mapping.item_id and not mapping.item_from_place:
        cell = Option("none: each place (a hexagon of 130 m)", "", {"item_from_place": True})
        columns = _choices(table, done, "item_id")
        text = _question(done, "item_id", "Which column says what (the item)?")
        likely = guess and (guess.doubts.get("item_id") or guess.ranked.get("item_id"))
        if mapping.lat and not likely:
            done.ask("item", text, cell, *columns, default=0)
        else:
            done.ask("item", text, *columns, *([cell] if mapping.lat else []))


def _is_of_rows(guess: Guess) -> bool:
    """Tell whether the likeliest user is another one in each row, as a receipt's number is."""
    doubt = guess.doubts.get("user_id")
    return bool(doubt) and doubt.why == OF_ROWS


def _names_nobody(guess: Guess | None) -> bool:
    """Tell whether no column can be a person: of trips, those that are called so count alone."""
    if guess is None or guess.doubts.get("user_id"):
        return False
    return guess.is_trip and not guess.ranked.get("user_id")


def _doubtful(table: Table, done: Recognised) -> None:
    """Ask whether what was taken with a doubt is right; it is read so until somebody answers."""
    guess = done.guess
    if guess is None:
        return
    for role in guess.roles.values():
        name = role.field
        if role.is_sure or done.mapping.columns().get(name) != role.column or name == "lon":
            continue
        if name == "lat":
            options = _pair_options(table, role, guess.roles["lon"])
        else:
            columns = dict.fromkeys([role.column, *guess.ranked.get(name, [])[:4]])
            options = [_option(table, name, column) for column in columns]
            nobody: dict = {"user_from": "nobody"} if name == "user_id" else {}
            options.append(Option("none of them", "", {name: None} | nobody))
        text = _TEXTS.get(name, f"Which column is {name}?")
        done.ask(name, f"{text} {_of(role)}", *options, default=0)


def _pair_options(table: Table, lat: Role, lon: Role) -> list[Option]:
    pairs = [(lat.column, lon.column), (lat.runner_up, lon.runner_up)]
    return [
        Option(f"{a!r} and {b!r}", first(table, a), {"lat": a, "lon": b})
        for a, b in pairs
        if a and b
    ] + [Option("no places", "", {"lat": None, "lon": None})]


#: What is asked of a role in doubt.
_TEXTS = {
    "user_id": "Who is the user?",
    "item_id": "What is the item?",
    "timestamp": "When was it?",
    "lat": "Which columns say where?",
    "category": "What kind of item is it?",
    "item_name": "What is the item called?",
    "place_id": "In which shop was it?",
    "value": "Which number is the value?",
    "event": "What was done?",
}


def _how_much(table: Table, done: Recognised) -> None:
    """Decide whether a comma or a point is before the decimals of the value, and say so."""
    mapping = done.mapping
    if not mapping.value or mapping.decimal is not None or table.kind != "csv":
        return
    sign, is_open = decimal_sign(table.sample[mapping.value])
    if sign is None and is_open:
        # Where semicolons separate the columns, commas are left for decimals.
        sign = "comma" if table.facts.get("delimiter") == ";" else "point"
        done.notes.append(
            f"Whether {mapping.value!r} has decimal points or commas is not certain: a {sign} is "
            f"taken (another may be set: decimal={'point' if sign == 'comma' else 'comma'})."
        )
    done.set(decimal=sign)
