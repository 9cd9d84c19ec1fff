"""Pictures: files below one folder alone, addresses of the web alone, and nothing that breaks."""

import base64
import os
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from strec.io import pictures
from strec.io.pictures import PLACEHOLDER, THUMBNAIL_PX, Pictures, host_of, thumbnail_of


def drawn(size=(400, 200), kind="PNG", colour="teal") -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data" / "img").mkdir(parents=True)
    (tmp_path / "data" / "img" / "café 1.png").write_bytes(drawn())
    (tmp_path / "secret.png").write_bytes(drawn())
    return tmp_path / "data"


def opened(address: str) -> Image.Image:
    head, _, content = address.partition(",")
    assert head == "data:image/webp;base64"
    return Image.open(BytesIO(base64.b64decode(content)))


def test_a_file_beside_the_data_becomes_a_small_picture(folder):
    small = opened(Pictures(folder).show(" img/café 1.png "))
    assert small.size == (THUMBNAIL_PX, THUMBNAIL_PX // 2)
    assert max(abs(a - b) for a, b in zip(small.convert("RGB").getpixel((5, 5)), (0, 128, 128),
                                          strict=True)) < 12  # fmt: skip
    absolute = str((folder / "img" / "café 1.png").resolve())
    assert opened(Pictures(folder).show(absolute)).size == small.size


@pytest.mark.parametrize(
    "reference",
    ["../secret.png", "img/../../secret.png", "..", "img", "/etc/hosts", "none.png", "a\0b.png",
     "~/a.png", "x" * 5_000],
)  # fmt: skip
def test_what_is_not_a_picture_below_the_folder_is_a_placeholder(folder, reference):
    assert Pictures(folder).show(reference) == PLACEHOLDER


def test_links_do_not_lead_out_of_the_folder(folder):
    os.symlink(folder.parent / "secret.png", folder / "link.png")
    os.symlink(folder / "loop.png", folder / "loop.png")
    os.symlink(folder / "img" / "café 1.png", folder / "inside.png")
    assert Pictures(folder).show("link.png") == PLACEHOLDER
    assert Pictures(folder).show("loop.png") == PLACEHOLDER
    assert opened(Pictures(folder).show("inside.png"))


@pytest.mark.parametrize(
    "reference",
    ["file:///etc/passwd", "javascript:alert(1)", "data:text/html,<b>", "ftp://x.org/a.png",
     "http://", "https:///a.png", "http://[broken", "blob:https://x.org/1"],
)  # fmt: skip
def test_no_other_scheme_is_shown(folder, reference):
    for web in (True, False):
        assert Pictures(folder, web).show(reference) is None


def test_nothing_is_shown_without_a_folder_or_leave():
    assert Pictures().show("a.png") is None
    assert Pictures().show("https://x.org/a.png") is None
    assert Pictures(web=True).show("https://x.org/a.png") == "https://x.org/a.png"
    assert Pictures(web=True).show(None) is Pictures(web=True).show("  ") is None
    assert Pictures(web=True).show("https://x.org/" + "a" * 3_000) is None
    assert host_of("HTTPS://Img.X.org/a") == "img.x.org" and host_of(None) is host_of("a") is None


@pytest.mark.slow
@given(st.text(max_size=30))
def test_no_address_can_end_the_style_it_is_written_into(text):
    address = Pictures(web=True).show("https://x.org/" + text)
    assert address is None or not set(address) & set("'\"()<>\\ \n\r\t{}")


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF"]))
def test_junk_is_no_picture(content, head):
    assert thumbnail_of(head + content) is None or content


def test_broken_and_huge_files_are_placeholders(folder, monkeypatch):
    whole = drawn(kind="JPEG")
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "page.png").write_text("<svg onload='x'/>")
    for name in ("cut.jpg", "page.png"):
        assert Pictures(folder).show(name) == PLACEHOLDER
    monkeypatch.setattr(pictures, "MOST_PIXELS", 100)
    assert thumbnail_of(drawn()) is None
    monkeypatch.setattr(pictures, "MOST_BYTES", 10)
    (folder / "large.png").write_bytes(drawn())
    assert Pictures(folder).show("large.png") == PLACEHOLDER


def test_a_changed_file_is_read_anew(folder):
    path = folder / "a.png"
    path.write_bytes(drawn(colour="red"))
    first = Pictures(folder).show("a.png")
    path.write_bytes(drawn(colour="blue"))
    os.utime(path, ns=(1, 1))
    assert Pictures(folder).show("a.png") != first
