"""The engines that answer a store's questions, by URL: which there are, and connecting to them."""

import os
import re
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from strec.errors import StoreError, StrecError
from strec.parts import require
from strec.wording import plural

#: Environment variable with the engine of every store that is opened without one.
VARIABLE = "STREC_ENGINE"
EMBEDDED = "duckdb://"
#: Engines that do not join their tables with one in the memory of this process.
ALONE = ("polars://", "pyspark://", "spark://")
#: What is tested to give equal answers, as people are told.
KNOWN = (
    "duckdb:// or polars:// (in this process), pyspark:// (Spark on this computer) or "
    "spark://HOST:PORT (a Spark cluster)"
)
#: How long an address, then a worker, is waited for.
ADDRESS_SECONDS = 5
WORKER_SECONDS = 30
OLDEST_SPARK = 4
#: What is known of what stops a cluster: its signs, what is needed, how it is mended.
_TROUBLES = (
    (
        ("cancelled as part", "masters are unresponsive", "stopped sparkcontext", "was shut down"),
        "A Spark cluster whose master and workers stay is needed.",
        "See that its master and workers run, and open the store again; or use duckdb://.",
    ),
    (
        ("no space left", "disk quota"),
        "Room is needed on the disk of the store, and on those that workers spill to.",
        "Make room, or set SPARK_LOCAL_DIRS of the workers to larger disks, and try again.",
    ),
    (
        ("outofmemory", "memoryerror", "exit code 137", "code 52", "cannot allocate memory"),
        "Workers need memory for what they hold.",
        "Give workers more, or each fewer cores; files of a million rows need about 2 GB each.",
    ),
    (
        ("python_version_mismatch", "invalidclassexception", "no module named", "serialversionuid"),
        "All machines of a cluster need the same versions of Spark, Python and strec.",
        "Install what the machine that runs strec has (strec doctor) on the workers.",
    ),
    (
        ("path_not_found", "filenotfoundexception", "does not exist", "no such file"),
        "Every worker of the cluster must see the store's folder under the same path.",
        "Put the store on a shared disk or object store, or use duckdb://.",
    ),
)


def chosen(engine: str | None = None) -> str:
    """Return the URL of an engine as it is used: the one given, that of the environment, or DuckDB.

    Parameters
    ----------
    engine : str, optional
        A URL. Without it `STREC_ENGINE` counts, and without that DuckDB in this process.

    Raises
    ------
    StoreError
        If strec does not know such an engine, or the URL has a part that would be ignored.

    Examples
    --------
    >>> chosen("spark://10.0.0.5:7077"), chosen("polars://")
    ('spark://10.0.0.5:7077', 'polars://')
    """
    url = engine if engine is not None else os.environ.get(VARIABLE) or EMBEDDED
    if re.fullmatch(r"(duckdb|polars|pyspark)://", url):
        return url
    if url.startswith("spark://") and _addresses(url):
        return url
    mend = "Write one of them."
    if url.startswith("pyspark://"):
        mend = f"For a cluster write spark://{url.removeprefix('pyspark://')}."
    elif url.startswith("spark://"):
        mend = "Name the cluster's master: spark://HOST:PORT, such as spark://10.0.0.5:7077."
    raise StoreError(f"The engine of a store is {KNOWN}.", f"{url!r:.200}.", mend)


def connect(url: str, folder: Path) -> Any:
    """Return the Ibis connection of an engine's URL.

    Parameters
    ----------
    url : str
        From `chosen`.
    folder : Path
        The store's; DuckDB spills into it.

    Raises
    ------
    StoreError
        If the engine is not installed, is not there, or has nobody who works.
    """
    import ibis

    try:
        if url in (EMBEDDED, "polars://"):
            connection: Any = ibis.connect(url)
        else:
            connection = ibis.pyspark.connect(_spark(url))
    except StrecError:
        raise
    except Exception as error:
        raise StoreError(
            f"The engine {url} is needed.",
            f"{_first_line(error)}.",
            "For Spark, Java 17 must be installed (JAVA_HOME); or use duckdb://.",
        ) from error
    if connection.name == "duckdb":
        # By default DuckDB spills into the working directory.
        connection.raw_sql(f"SET temp_directory = '{str(folder / 'spill').replace(chr(39), '')}'")
        # Else a bar is written over the command line, and into a server's log.
        connection.raw_sql("SET enable_progress_bar = false")
    return connection


def described(url: str, connection: Any) -> str:
    """Return what answers, in words: the engine, its version, where, and how many work.

    Parameters
    ----------
    url : str
        Of the engine.
    connection : ibis backend
        From `connect`.
    """
    name = {"duckdb": "DuckDB", "polars": "Polars"}.get(connection.name, "Spark")
    said = f"{name} {connection.version}"
    if name != "Spark":
        return f"{said} in this process"
    context = connection._session.sparkContext
    if not url.startswith("spark://"):
        return f"{said} on this computer ({context.master})"
    workers = plural(_n_workers(context), "worker")
    return f"{said} at {url} ({workers}, {plural(context.defaultParallelism, 'core')})"


def in_words(url: str, error: Exception) -> StoreError | None:
    """Return what went wrong on a cluster, in words; None for an engine within this process.

    Parameters
    ----------
    url : str
        Of the engine.
    error : Exception
        What the engine raised.
    """
    if "spark" not in url:
        return None
    text = str(error).lower()
    for signs, needed, mend in _TROUBLES:
        if any(sign in text for sign in signs):
            return StoreError(needed, f"{_first_line(error)}.", mend)
    return StoreError(
        f"The engine {url} must answer.",
        f"it stopped: {type(error).__name__}, {_first_line(error)}.",
        "See whether its master and workers run, then try again; or use duckdb://.",
    )


@contextmanager
def attended(url: str, connection: Any) -> Iterator[None]:
    """End what is asked meanwhile where all workers of a cluster are gone: it would wait forever.

    Parameters
    ----------
    url : str
        Of the engine.
    connection : ibis backend
        From `connect`.
    """
    if not url.startswith("spark://"):
        yield
        return
    context, is_over = connection._session.sparkContext, threading.Event()

    def attend() -> None:
        seen = time.monotonic()
        while not is_over.wait(1):
            if _n_workers(context):
                seen = time.monotonic()
            elif time.monotonic() > seen + WORKER_SECONDS:
                context.cancelAllJobs()
                return

    threading.Thread(target=attend, daemon=True).start()
    try:
        yield
    finally:
        is_over.set()


def _spark(url: str) -> Any:
    """Return this process's Spark session, on the master that was asked for and no other."""
    require("pyspark")
    version = import_module("pyspark").__version__
    if int(version.partition(".")[0]) < OLDEST_SPARK:
        raise StoreError(
            f"PySpark {OLDEST_SPARK} is needed: older ones do not fit today's pandas.",
            f"PySpark {version}.",
            "Run: pip install 'strec-kit[spark]', with the same Spark on the cluster.",
        )
    # It warns at each question of a pandas of which strec uses nothing that it lacks.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    SparkSession = import_module("pyspark.sql").SparkSession
    master = url if url.startswith("spark://") else "local[*]"
    active = SparkSession.getActiveSession()
    if active is not None and active.sparkContext.master != master and url.startswith("spark://"):
        raise StoreError(
            "A process works with one Spark at a time.",
            f"this one works on {active.sparkContext.master} already, not on {master}.",
            "Start strec anew with the engine that is wanted.",
        )
    if active is not None and active.sparkContext._jsc.sc().isStopped():
        # Its master went away.
        active.stop()
    elif active is not None:
        return active
    builder = SparkSession.builder.appName("strec").config("spark.ui.enabled", "false")
    # Else a bar is written over the command line here too.
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    if url.startswith("spark://"):
        found = [each for each in _addresses(url) if _answers(*each)]
        if not found:
            raise StoreError(
                "The master of a Spark cluster is needed.",
                f"nothing answers at {url} within {ADDRESS_SECONDS} s.",
                "Start it, check the address and the firewall, or use duckdb://.",
            )
        if found[0][0] in ("127.0.0.1", "localhost"):
            builder = builder.config("spark.driver.host", "127.0.0.1")
    session = builder.master(master).getOrCreate()
    if url.startswith("spark://"):
        _need_workers(session, url)
    return session


def _need_workers(session: Any, url: str) -> None:
    """Wait for a worker, or end the session: without one every question would hang."""
    end = time.monotonic() + WORKER_SECONDS
    while not _n_workers(session.sparkContext):
        if time.monotonic() > end:
            session.stop()
            raise StoreError(
                "A Spark cluster with a free worker is needed.",
                f"none of {url} took work within {WORKER_SECONDS} s.",
                "Start workers, free their memory, or use duckdb://.",
            )
        time.sleep(0.2)


def _n_workers(context: Any) -> int:
    """Return how many processes work for a Spark context, without the driver."""
    return len(context._jsc.sc().statusTracker().getExecutorInfos()) - 1


def _addresses(url: str) -> list[tuple[str, int]]:
    """Return hosts and ports of a master's URL, which may name stand-ins after commas."""
    found = []
    for part in url.removeprefix("spark://").split(","):
        try:
            parsed = urlparse(f"spark://{part}")
            if not parsed.hostname or not parsed.port or parsed.path:
                return []
        except ValueError:
            return []
        found.append((parsed.hostname, parsed.port))
    return found


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), ADDRESS_SECONDS).close()
    except OSError:
        return False
    return True


def _first_line(error: Exception) -> str:
    """Return what an engine says first, without how Python came to ask it."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith("An error occurred while calling")]
    return (said or [type(error).__name__])[0].strip().removeprefix(": ")[:300].rstrip(".")
