"""A first look at a CSV file."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from blazz.campaigns.audience import glance
from blazz.errors import AudienceError


def test_it_tells_columns_phone_and_first_rows(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes("Nom;Contact;Téléphone\nAndré;x;+33612345678\n".encode("latin-1"))

    seen = glance(file)

    assert seen.columns == ("Nom", "Contact", "Téléphone")
    assert seen.delimiter == ";"
    assert seen.encoding == "cp1252"
    assert seen.rows == (("André", "x", "+33612345678"),)


def test_a_column_of_phone_numbers_is_found_without_its_name(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("who,where\nAna,+34600000001\nBea,+34600000002\n")

    assert glance(file).phone == "where"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a,b\0c\n", b"\xff\xfe\x00", b"a\n\x81\x82"])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(content)

    try:
        seen = glance(file)
    except AudienceError:
        return
    assert seen.columns


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudienceError):
        glance(tmp_path / "none.csv")


@pytest.mark.parametrize("encoding", ["zlib", "bz2", "hex", "base64", "rot13", "undefined", "none"])
def test_codecs_that_are_not_for_text_are_refused(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(zlib.compress(b"name,phone\nAna,+34600000001\n"))

    with pytest.raises(AudienceError, match="no text encoding"):
        glance(file, encoding=encoding)
