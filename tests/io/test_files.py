"""Opening files: compressions, folders, archives, and what goes wrong with them."""

import bz2
import gzip
import lzma
import shutil
import subprocess
import sys
import zipfile

import polars as pl
import pytest

from strec import schema
from strec.errors import LimitError, ReadError
from strec.io import Limits, ingest, inspect, read
from strec.io.files import open_files
from strec.store import Store
from tests import corpus

PLAIN = corpus.table(corpus.rows()).encode()


@pytest.mark.parametrize("module", [gzip, bz2, lzma])
def test_compressed_streams(tmp_path, module):
    path = tmp_path / "whatever"
    path.write_bytes(module.compress(PLAIN))
    assert read(path).n_checkins == corpus.N_ROWS
    assert inspect(path).files[0]["compression"] != "none"
    path.write_bytes(module.compress(PLAIN)[:-20])
    with pytest.raises(ReadError, match="damaged or cut off"):
        read(path)


def test_a_look_expands_only_the_beginning(tmp_path):
    path = tmp_path / "long.csv.gz"
    many = corpus.table(corpus.rows(60) * 5000)
    path.write_bytes(gzip.compress(many.encode(), 1))
    with open_files(path, head_bytes=2**20) as opened:
        (raw,) = opened.files
        assert not raw.complete and raw.path.stat().st_size < 3 * 2**20
        assert raw.path.read_bytes().endswith(b"\n")
    estimate = inspect(path).n_rows_estimate
    assert estimate == pytest.approx(300_000, rel=0.3)


def test_nothing_temporary_is_left(tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    source = corpus.make("gzipped", tmp_path)
    read(source)
    with pytest.raises(ReadError):
        read(corpus.make("truncated_gz", tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "gzipped.csv.gz",
        "truncated_gz.csv.gz",
    ]


def test_several_tables_in_an_archive_are_put_together(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.csv", PLAIN)
        archive.writestr("deep/b.csv", PLAIN)
        archive.writestr("deep/", b"")
    result = read(tmp_path / "x.zip")
    assert result.n_checkins == 2 * corpus.N_ROWS
    assert any("2 files with the same columns" in note for note in result.notes)


@pytest.mark.slow
def test_a_folder_stands_for_its_files(tmp_path):
    for name in ("plain", "duplicate_columns"):
        (tmp_path / name).mkdir()
        corpus.make(name, tmp_path / name)
    shutil.copy(tmp_path / "plain" / "plain.csv", tmp_path / "plain" / "again.csv")
    (tmp_path / "plain" / ".hidden").write_text("secret")
    assert read(tmp_path / "plain").n_checkins == 2 * corpus.N_ROWS
    look = inspect([tmp_path / "plain"], names=["my folder"])
    assert [facts["name"] for facts in look.files] == ["again.csv", "plain.csv"]
    store = Store.create(read(tmp_path / "plain").checkins, tmp_path / "store", name="Twice")
    assert read(store.folder).checkins.equals(store.checkins(columns=list(schema.REQUIRED)))


def test_each_row_is_its_own_user_across_files(tmp_path):
    path = corpus.make("no_user", tmp_path)
    other = shutil.copy(path, tmp_path / "other.csv")
    mapping = inspect(path).mapping.replace(user_from="row")
    assert read([path, other], mapping).checkins["user_id"].n_unique() == 2 * corpus.N_ROWS


def test_an_archive_with_a_password(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", PLAIN)
    raw = bytearray(path.read_bytes())
    # Set the flag of encryption in both headers, as an encrypted archive has it.
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    with pytest.raises(ReadError, match="encrypted"):
        read(path)


def test_a_member_that_lies_about_its_size(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", PLAIN)
    raw = bytearray(path.read_bytes())
    at = raw.index(b"PK\x01\x02") + 24
    raw[at : at + 4] = (100).to_bytes(4, "little")
    path.write_bytes(raw)
    with pytest.raises(ReadError, match="damaged"):
        read(path)


def test_too_many_files(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for i in range(20):
            archive.writestr(f"{i}.csv", PLAIN)
    with pytest.raises(LimitError, match="20 members"):
        read(tmp_path / "x.zip", limits=Limits(max_files=10))
    with pytest.raises(LimitError, match="after decompression"):
        read(tmp_path / "x.zip", limits=Limits(max_bytes=3 * len(PLAIN)))


def test_json_that_must_be_read_whole_has_a_limit_of_its_own(tmp_path):
    with pytest.raises(LimitError, match="read as a whole"):
        read(corpus.make("json_array", tmp_path), limits=Limits(max_json_bytes=1000))
    with pytest.raises(LimitError, match="read as a whole"):
        read(corpus.make("geojson", tmp_path), limits=Limits(max_json_bytes=1000))


def test_what_is_not_there(tmp_path):
    with pytest.raises(ReadError, match="there is no .*missing.csv"):
        read(tmp_path / "missing.csv")
    with pytest.raises(ReadError, match="Download it"):
        read("https://strec.example/x.csv")
    with pytest.raises(ReadError, match="there is no user_id,item_id"):
        read("user_id,item_id,timestamp\n" * 500)
    (tmp_path / "bare").mkdir()
    with pytest.raises(ReadError, match="folder bare has none"):
        read(tmp_path / "bare")
    with pytest.raises(ReadError, match="no file was given"):
        read([])
    with pytest.raises(ReadError, match="2 names"):
        inspect(corpus.make("plain", tmp_path), names=["a", "b"])
    with pytest.raises(ReadError, match="folder to write to"):
        ingest(corpus.make("plain", tmp_path), tmp_path / "no" / "x.parquet")


@pytest.mark.slow
def test_a_large_file_is_read_in_batches_with_bounded_memory(tmp_path):
    n = 400_000
    frame = pl.DataFrame({"user": pl.int_range(n, eager=True) % 999}).with_columns(
        (pl.int_range(n) * 7 % 101).alias("item"),
        pl.lit("2024-05-01 08:00:00").alias("time"),
        pl.lit("filler that nobody maps and that must not pile up in memory " * 4).alias("junk"),
    )
    frame.write_csv(tmp_path / "x.csv")
    del frame
    code = (
        "import resource, sys\n"
        "from strec.io import ingest\n"
        "import pyarrow.parquet\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "calls = []\n"
        "result = ingest(sys.argv[1], sys.argv[2], progress=lambda *a: calls.append(a))\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(result.n_checkins, len(calls), (after - before) // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "x.csv", tmp_path / "x.parquet"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    n_read, n_calls, megabytes = map(int, done.stdout.split())
    # The file has 115 MB, which polars maps; its text as a frame would take as much again.
    assert n_read == n and n_calls > 4 and megabytes < 600


@pytest.mark.parametrize("name", ["row", "reason", "file", "line"])
def test_a_column_may_be_called_what_rejected_rows_call_theirs(tmp_path, name):
    path = tmp_path / "x.csv"
    path.write_text(f"user,item,time,{name}\na,b,2024-05-01,x\na,,2024-05-01,y\n")
    found = read(path, time_zone="UTC")
    assert found.n_checkins == 1 and found.rejected[f"{name} (column)"].to_list() == ["y"]


def test_a_small_file_says_how_many_rows_it_has(tmp_path):
    path = tmp_path / "visits.csv"
    path.write_text("user,item,time\nanna,bakery,2024-05-01 10:00\nb,q,2024-05-02 11:00\n")
    look = inspect(path)
    # Lines of different lengths: an estimate by bytes would count the header too.
    assert look.n_rows_estimate == look.files[0]["rows"] == 2


def test_a_heading_is_no_row(tmp_path):
    path = tmp_path / "heading.csv"
    # More than are looked at one by one.
    lines = [f"u{k:05d},i1,2024-05-01 10:00" for k in range(8_000)]
    path.write_text("\n".join(["user,item,timestamp", *lines]) + "\n")
    assert inspect(path).n_rows_estimate == 8_000
