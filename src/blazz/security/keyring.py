"""A ring of keys: the newest seals, every one opens, and each purpose gets a key of its own."""

from __future__ import annotations

import base64
import binascii
import logging
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from blazz.errors import InvalidValue, KeyRingError, WrongKey

ENVIRONMENT_VARIABLE = "BLAZZ_KEYS"
_KEY_BYTES: Final = 32
_FINGERPRINT_BYTES: Final = 8
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_log = logging.getLogger(__name__)


class KeyRing:
    """Secret keys of 256 bits, newest first. Never printed, never pickled.

    No key is used as it is: `derive` makes one for each purpose and context (HKDF-SHA256), so a key
    that seals one session opens no other. What is sealed carries the *fingerprint* of its key,
    which says which one is needed and nothing about it.

    As text, a ring is one line for each key, newest first; `#` starts a comment::

        2026-11-21-9f3c  3q2+7w…=
        2026-05-02-a41b  AAEC…=

    Args:
        keys: Names and keys, newest first. A name has the form `[a-z0-9][a-z0-9._-]{0,62}`.

    Raises:
        KeyRingError: No key, a name of another form, or a key that has not exactly 32 bytes.

    Example:
        >>> ring = KeyRing.generate("first")
        >>> later = ring.rotated("second")
        >>> later
        KeyRing('second', 'first')
        >>> later.derive("test", key=ring.newest) == ring.derive("test")
        True
    """

    __slots__ = ("_keys", "_names")

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise KeyRingError("a key ring needs at least one key; make one with KeyRing.generate")
        for name, key in keys.items():
            if not _NAME.fullmatch(name):
                raise KeyRingError(f"the key name {name!r} has not the form {_NAME.pattern}")
            if len(key) != _KEY_BYTES:
                raise KeyRingError(f"key {name}: {_KEY_BYTES} bytes are needed, not {len(key)}")
        self._keys: Final = {_fingerprint(key): bytes(key) for key in keys.values()}
        self._names: Final = {_fingerprint(key): name for name, key in keys.items()}
        if len(self._keys) < len(keys):
            raise KeyRingError("the same key is in the ring twice")

    @classmethod
    def generate(cls, name: str | None = None) -> Self:
        """Make a ring of one new random key; its name is the date and four random digits."""
        return cls({name or _new_name(): secrets.token_bytes(_KEY_BYTES)})

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a ring from its text; commas and semicolons may stand for line breaks.

        Raises:
            KeyRingError: It is not a ring; the message names the line, never what is on it.
        """
        keys: dict[str, bytes] = {}
        for number, line in enumerate(re.split(r"[\n,;]", text), start=1):
            words = line.partition("#")[0].split()
            if not words:
                continue
            name, key = _parse(words, number)
            if name in keys:
                raise KeyRingError(f"line {number} of the key ring names a key a second time")
            keys[name] = key
        return cls(keys)

    @classmethod
    def from_environment(cls, variable: str = ENVIRONMENT_VARIABLE) -> Self:
        """Read a ring from an environment variable.

        Raises:
            KeyRingError: The variable is not set, or is not a ring.
        """
        text = os.environ.get(variable, "")
        if not text.strip():
            raise KeyRingError(f"the environment variable {variable} holds no key ring")
        return cls.from_text(text)

    @classmethod
    def from_file(
        cls, path: str | Path, *, create: bool = False, allow_shared: bool = False
    ) -> Self:
        """Read a ring from a file that only its owner may read.

        Args:
            path: The file.
            create: Make the file with a new key if it is missing; of several processes that do so
                at the same time, all get the same ring.
            allow_shared: Warn in place of refusing when others may read the file. Windows keeps no
                such bits; there it is always accepted.

        Raises:
            KeyRingError: It is missing, not a ring, or readable by others.
        """
        path = Path(path)
        if create and not path.exists():
            cls.generate().write(path, replace=False)
        try:
            text = path.read_text(encoding="ascii")
            mode = stat.S_IMODE(path.stat().st_mode)
        except (OSError, UnicodeDecodeError) as error:
            raise KeyRingError(f"the key ring {path} cannot be read: {error}") from error
        if os.name == "posix" and mode & 0o077:
            message = f"the key ring {path} is open to others (mode {mode:03o}); chmod 600 {path}"
            if not allow_shared:
                raise KeyRingError(message)
            _log.warning("%s", message)
        return cls.from_text(text)

    def write(self, path: str | Path, *, replace: bool = True) -> None:
        """Write the ring to a file that only its owner may read, whole or not at all.

        Args:
            path: The file; its folder is made if it is missing.
            replace: Replace a file that is there; otherwise it is left as it is.

        Raises:
            KeyRingError: It cannot be written.
        """
        path = Path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_whole(path, self._text().encode("ascii"), replace=replace)
        except OSError as error:
            raise KeyRingError(f"the key ring {path} cannot be written: {error}") from error

    def rotated(self, name: str | None = None) -> Self:
        """Give a ring with a new key in front; the others still open what they sealed."""
        name = name or _new_name()
        if name in self.names:
            raise KeyRingError(f"the key ring has a key {name!r} already")
        return type(self)({name: secrets.token_bytes(_KEY_BYTES), **self._by_name()})

    def without(self, *names: str) -> Self:
        """Give a ring without some keys; what they sealed can no longer be opened.

        Raises:
            KeyRingError: The ring has no such key, or none would be left.
        """
        if missing := sorted(set(names) - set(self.names)):
            raise KeyRingError(f"the key ring has no key {missing[0]!r}")
        return type(self)({n: key for n, key in self._by_name().items() if n not in names})

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the keys, newest first."""
        return tuple(self._names.values())

    @property
    def newest(self) -> bytes:
        """The fingerprint of the key that seals."""
        return next(iter(self._keys))

    def name_of(self, fingerprint: bytes) -> str | None:
        """The name of a key, or None if it is not in the ring."""
        return self._names.get(fingerprint)

    def describe(self, fingerprints: Iterable[bytes]) -> tuple[str, ...]:
        """Name keys for a report; one that is not in the ring is shown by its fingerprint."""
        return tuple(sorted({self.name_of(each) or each.hex() for each in fingerprints}))

    def __contains__(self, fingerprint: object) -> bool:
        return fingerprint in self._keys

    def derive(self, purpose: str, *context: str, key: bytes | None = None) -> bytes:
        """Make the 32-byte key for one purpose.

        Args:
            purpose: What it is for, such as `seal`.
            context: What it is bound to, such as a workspace and a session.
            key: The fingerprint of the key to derive from; by default the newest.

        Raises:
            InvalidValue: A NUL character in purpose or context.
            WrongKey: The ring has no key of that fingerprint.
        """
        parts = ("blazz", "1", purpose, *context)
        if bad := [part for part in parts if "\0" in part]:
            raise InvalidValue("KeyRing.derive", "text without NUL", bad[0])
        fingerprint = self.newest if key is None else key
        if fingerprint not in self._keys:
            raise WrongKey(f"the key {fingerprint.hex()} is not in the key ring {self.names}")
        return _hkdf(self._keys[fingerprint], "\0".join(parts), _KEY_BYTES)

    def _by_name(self) -> dict[str, bytes]:
        return dict(zip(self._names.values(), self._keys.values(), strict=True))

    def _text(self) -> str:
        return "".join(
            f"{name} {base64.b64encode(key).decode('ascii')}\n"
            for name, key in self._by_name().items()
        )

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(map(repr, self.names))})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a KeyRing is not pickled; read it again where it is needed")


def _parse(words: list[str], number: int) -> tuple[str, bytes]:
    try:
        name, encoded = words
        return name, base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        # Without `from`: the cause would show the line, and with it the key.
        raise KeyRingError(f"line {number} of the key ring is not a name and a key") from None


def _new_name() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}-{secrets.token_hex(2)}"


def _fingerprint(key: bytes) -> bytes:
    return _hkdf(key, "blazz\0fingerprint", _FINGERPRINT_BYTES)


def _hkdf(key: bytes, info: str, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info.encode()).derive(key)


def _write_whole(path: Path, content: bytes, *, replace: bool) -> None:
    """Write beside the target, then put in its place; mkstemp makes files of mode 600."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            Path(temporary).replace(path)
        else:
            # A link, unlike a rename, never replaces: of two makers the first one wins.
            with suppress(FileExistsError):
                os.link(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)
