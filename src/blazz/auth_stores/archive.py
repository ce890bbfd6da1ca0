r"""An encrypted file of frames: read in any order, altered in no way.

::

    blazz-export-1\n
    {"kdf": "scrypt", "n": …, "r": …, "p": …, "salt": "…"}\n
    length (4 bytes, little endian), sealed frame; again and again

The key is made from a passphrase and a random salt, so each file has its own. Frames are sealed
with AES-256-GCM; the nonce counts them and marks the last one, the associated data is the hash of
the two first lines. So no frame can be altered, moved, repeated or cut off (the STREAM construction
of Hoang, Reyhanitabar, Rogaway and Vizár, 2015).
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from blazz.auth_stores.snapshot.compression import NotExpandable, compress, expand
from blazz.errors import InvalidValue, SnapshotDamaged, WrongKey
from blazz.security.secret import Secret

MAGIC: Final = b"blazz-export-1\n"
MAX_FRAME_BYTES: Final = 64 * 1024 * 1024
_LEAST_PASSPHRASE: Final = 8
_LENGTH = struct.Struct("<I")
_COST: Final = {"n": 2**17, "r": 8, "p": 1}
_HIGHEST_COST: Final = {"n": 2**20, "r": 16, "p": 4}
_HEADER_BYTES: Final = 1024


class ArchiveWriter:
    """Writes frames to a file, one after the other.

    Raises:
        InvalidValue: The passphrase is too short.
    """

    def __init__(self, file: IO[bytes], passphrase: Secret) -> None:
        if len(passphrase.reveal()) < _LEAST_PASSPHRASE:
            length = len(passphrase.reveal())
            raise InvalidValue("passphrase", f"at least {_LEAST_PASSPHRASE} characters", length)
        header = {"kdf": "scrypt", **_COST, "salt": secrets.token_hex(16)}
        line = json.dumps(header).encode() + b"\n"
        self._file = file
        self._cipher = _cipher(passphrase, header)
        self._bound_to = hashlib.sha256(MAGIC + line).digest()
        self._count = 0
        file.write(MAGIC + line)

    def add(self, data: bytes, *, last: bool = False) -> None:
        """Write the next frame; the last one must be marked."""
        nonce = _nonce(self._count, last=last)
        sealed = self._cipher.encrypt(nonce, compress(data), self._bound_to)
        self._file.write(_LENGTH.pack(len(sealed)) + sealed)
        self._count += 1


class ArchiveReader:
    """Reads frames from a file, in any order.

    Raises:
        SnapshotDamaged: It is no such file, or was cut short.
        WrongKey: The passphrase does not open it.
    """

    def __init__(self, path: Path, passphrase: Secret) -> None:
        self._path = path
        try:
            with path.open("rb") as file:
                header, line = self._header(file)
                self._frames = self._index(file)
        except OSError as error:
            raise SnapshotDamaged(f"{path} cannot be read: {error}") from error
        self._cipher = _cipher(passphrase, header)
        self._bound_to = hashlib.sha256(MAGIC + line).digest()
        try:
            self.frame(0)
        except SnapshotDamaged as error:
            raise WrongKey(
                f"{path}: the passphrase is another one, or the file is altered"
            ) from error

    def __len__(self) -> int:
        return len(self._frames)

    def frame(self, number: int) -> bytes:
        """Read and open one frame.

        Raises:
            SnapshotDamaged: It is not what was written.
        """
        offset, length = self._frames[number]
        nonce = _nonce(number, last=number == len(self._frames) - 1)
        try:
            with self._path.open("rb") as file:
                file.seek(offset)
                packed = self._cipher.decrypt(nonce, file.read(length), self._bound_to)
            return expand(packed, most=MAX_FRAME_BYTES)
        except (InvalidTag, NotExpandable, OSError) as error:
            raise SnapshotDamaged(
                f"{self._path}: part {number + 1} of {len(self._frames)} is altered, or the file is"
                " cut short"
            ) from error

    def _header(self, file: IO[bytes]) -> tuple[dict[str, Any], bytes]:
        if file.readline(_HEADER_BYTES) != MAGIC:
            raise SnapshotDamaged(f"{self._path} is no export of blazz, or of a newer one")
        line = file.readline(_HEADER_BYTES)
        try:
            header = json.loads(line)
            # A forged header could ask for all memory of the machine.
            sane = header["kdf"] == "scrypt" and all(
                0 < int(header[name]) <= most for name, most in _HIGHEST_COST.items()
            )
            bytes.fromhex(header["salt"])
        except (KeyError, TypeError, ValueError) as error:
            raise SnapshotDamaged(f"{self._path}: unreadable header") from error
        if not sane:
            raise SnapshotDamaged(f"{self._path}: a header that no blazz has written")
        return header, line

    def _index(self, file: IO[bytes]) -> list[tuple[int, int]]:
        """Where each frame is."""
        size = os.fstat(file.fileno()).st_size
        frames = []
        at = file.tell()
        while at < size:
            file.seek(at)
            start = file.read(_LENGTH.size)
            length = _LENGTH.unpack(start)[0] if len(start) == _LENGTH.size else size
            at += _LENGTH.size
            if length > size - at or length > MAX_FRAME_BYTES + 1024:
                raise SnapshotDamaged(f"{self._path} is cut short")
            frames.append((at, length))
            at += length
        if not frames:
            raise SnapshotDamaged(f"{self._path} is cut short")
        return frames


def _cipher(passphrase: Secret, header: Mapping[str, Any]) -> AESGCM:
    scrypt = Scrypt(
        salt=bytes.fromhex(header["salt"]),
        length=32,
        n=int(header["n"]),
        r=int(header["r"]),
        p=int(header["p"]),
    )
    return AESGCM(scrypt.derive(passphrase.reveal().encode()))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
