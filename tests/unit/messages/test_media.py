"""Media: sources, types and sizes, in memory and on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from blazz.errors import InvalidValue
from blazz.messages import Audio, Document, Image, Media, MediaId, Sticker, Upload, Video, Voice
from blazz.messages.files import MediaFile, media_file

MEGABYTE = 1024 * 1024
STILL = b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 16
ANIMATED = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02" + b"\0" * 11

SIZES: list[tuple[type[Media], str, int, bytes]] = [
    (Image, "image/jpeg", 5 * MEGABYTE, b""),
    (Video, "video/mp4", 16 * MEGABYTE, b""),
    (Audio, "audio/mpeg", 16 * MEGABYTE, b""),
    (Voice, "audio/ogg", 16 * MEGABYTE, b""),
    (Document, "application/pdf", 100 * MEGABYTE, b""),
    (Sticker, "image/webp", 100 * 1024, STILL),
    (Sticker, "image/webp", 500 * 1024, ANIMATED),
]
ENDINGS = {
    "image/jpeg": "jpg",
    "video/mp4": "mp4",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "application/pdf": "pdf",
    "image/webp": "webp",
}


@pytest.mark.parametrize(("kind", "mime_type", "largest", "start"), SIZES)
def test_an_upload_has_a_largest_size(
    kind: type[Media], mime_type: str, largest: int, start: bytes
) -> None:
    content = start + bytes(largest - len(start))
    kind(Upload(content, mime_type, "a"))
    with pytest.raises(InvalidValue) as caught:
        kind(Upload(content + b"x", mime_type, "a"))

    assert str(caught.value) == (
        f"{kind.__name__}.source: at most {largest} bytes, this has {largest + 1}; "
        f"got {largest + 1}"
    )


@pytest.mark.parametrize(("kind", "mime_type", "largest", "start"), SIZES)
def test_a_file_has_a_largest_size(
    kind: type[Media], mime_type: str, largest: int, start: bytes, tmp_path: Path
) -> None:
    path = tmp_path / f"file.{ENDINGS[mime_type].upper()}"
    with path.open("wb") as file:
        file.write(start)
        file.truncate(largest)

    assert media_file(kind(path)) == MediaFile(
        content=path, mime_type=mime_type, filename=path.name, size=largest
    )

    with path.open("r+b") as file:
        file.truncate(largest + 1)
    with pytest.raises(InvalidValue, match=f"at most {largest} bytes, this has {largest + 1}"):
        media_file(kind(path))


def test_an_upload_can_be_a_file_whose_name_does_not_tell_its_type(tmp_path: Path) -> None:
    path = tmp_path / "blazz-media-x1"
    path.write_bytes(b"content")
    upload = Upload(path, "image/png", "cat.png")

    assert media_file(Image(upload)) == MediaFile(
        content=path, mime_type="image/png", filename="cat.png", size=7
    )
    with pytest.raises(InvalidValue, match="must be video/3gpp or video/mp4"):
        media_file(Video(upload))
    path.unlink()
    with pytest.raises(InvalidValue, match="cannot be read"):
        media_file(Image(upload))


@pytest.mark.parametrize(
    ("kind", "mime_type", "allowed"),
    [
        (Image, "image/gif", "image/jpeg or image/png"),
        (Image, "image/webp", "image/jpeg or image/png"),
        (Video, "video/webm", "video/3gpp or video/mp4"),
        (Audio, "audio/wav", "audio/aac or audio/amr or audio/mp4 or audio/mpeg or audio/ogg"),
        (Voice, "audio/mpeg", "audio/ogg"),
        (Sticker, "image/png", "image/webp"),
    ],
)
def test_media_is_of_a_type_that_whatsapp_takes(
    kind: type[Media], mime_type: str, allowed: str
) -> None:
    with pytest.raises(InvalidValue) as caught:
        kind(Upload(b"x", mime_type, "a"))

    assert str(caught.value) == f"{kind.__name__}.source: must be {allowed}; got {mime_type!r}"


@pytest.mark.parametrize("mime_type", ["audio/ogg", "Audio/OGG", 'audio/ogg; codecs="opus"'])
def test_a_mime_type_may_have_parameters(mime_type: str) -> None:
    assert Voice(Upload(b"x", mime_type, "a")).source == Upload(b"x", mime_type, "a")


def test_a_document_may_be_of_any_type() -> None:
    Document(Upload(b"x", "application/x-whatever", "a.whatever"))


@pytest.mark.parametrize("mime_type", ["", "png", "image/", "image/png\r\nX: y", "image/png;"])
def test_a_mime_type_has_two_parts(mime_type: str) -> None:
    with pytest.raises(InvalidValue, match=r"^Upload.mime_type: must be a MIME type"):
        Upload(b"x", mime_type, "a")


@pytest.mark.parametrize(
    "name",
    ["../a.pdf", "/etc/passwd", "a/b.pdf", "a\\b.pdf", "..", ".", "a\0b", "a\nb", "a\x7f"],
)
def test_a_filename_has_no_folders(name: str) -> None:
    for make in (
        lambda: Upload(b"x", "text/plain", name),
        lambda: Document("https://example.com/a", filename=name),
    ):
        with pytest.raises(InvalidValue, match="without folders"):
            make()


@pytest.mark.parametrize("name", ["...", ".env", "a b.pdf", "\N{SNOWMAN}.txt", "a..b"])
def test_a_filename_may_look_odd(name: str) -> None:
    assert Upload(b"x", "text/plain", name).filename == name


@pytest.mark.parametrize("content", ["text", bytearray(b"x"), None])
def test_content_is_bytes(content: object) -> None:
    with pytest.raises(InvalidValue, match=r"^Upload.content: must be bytes"):
        Upload(content, "text/plain", "a")  # type: ignore[arg-type]


def test_content_is_not_empty() -> None:
    with pytest.raises(InvalidValue, match=r"^Upload.content: must not be empty"):
        Upload(b"", "text/plain", "a")


def test_a_file_name_is_no_link() -> None:
    with pytest.raises(InvalidValue, match="give a file as a Path"):
        Image("photo.jpg")


@pytest.mark.parametrize("link", ["http://127.0.0.1:8080/a.jpg", "https://example.com/a?b={c}"])
def test_a_link_may_be_http(link: str) -> None:
    assert Image(link).source == link


@pytest.mark.parametrize("link", ["ftp://example.com/a", "file:///etc/passwd", "https:///a"])
def test_a_link_is_of_the_web(link: str) -> None:
    with pytest.raises(InvalidValue, match=r"^Image.source: must be a link that starts with"):
        Image(link)


@pytest.mark.parametrize("value", ["", "a b", "a/b", "x" * 257])
def test_a_media_id_is_an_id(value: str) -> None:
    with pytest.raises(InvalidValue, match=r"^MediaId.value"):
        MediaId(value)


def test_an_upload_is_ready_as_it_is() -> None:
    upload = Upload(b"hello", "text/plain", "hello.txt")

    assert media_file(Document(upload)) == MediaFile(
        content=b"hello", mime_type="text/plain", filename="hello.txt", size=5
    )


def test_a_file_of_the_wrong_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    path.write_bytes(b"GIF89a")

    with pytest.raises(InvalidValue, match=r"^Image.source: must be image/jpeg or image/png"):
        media_file(Image(path))


def test_a_file_of_no_known_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.unheard-of"
    path.write_bytes(b"x")

    with pytest.raises(InvalidValue, match="known file ending"):
        media_file(Document(path))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.touch()

    with pytest.raises(InvalidValue, match=r"^Image.source: must not be empty"):
        media_file(Image(path))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="cannot be read: No such file"):
        media_file(Image(tmp_path / "a.png"))
    with pytest.raises(InvalidValue, match="cannot be read"):
        media_file(Image(tmp_path))


def test_a_link_needs_no_upload() -> None:
    with pytest.raises(InvalidValue, match="a Path or an Upload"):
        media_file(Image("https://example.com/a.jpg"))
