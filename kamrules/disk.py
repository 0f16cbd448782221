"""What the file system can do in one step: exchange two folders, keep a claim on one, flush to the disk."""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import secrets
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BESIDE = ".kamrules-"
"""Stands between a name and what tells the processes apart that write beside it."""
_HERE = -100
"""AT_FDCWD: paths that are not absolute begin at the current folder."""
_EXCHANGE = 2
"""RENAME_EXCHANGE of Linux, and RENAME_SWAP of macOS, which have the same number."""
_NOT_HERE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}
"""What a kernel or file system says that cannot exchange: old kernels, NFS, FUSE, some sandboxes."""
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF}


def beside(path: Path) -> Path:
    """Return a hidden path in the same folder, which is of this process and is not there yet."""
    return path.with_name(f".{path.name}{BESIDE}{os.getpid()}-{secrets.token_hex(4)}")


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; nobody ever finds neither, or one of them twice.

    Returns False, with nothing done, where the system or the file system cannot. Raises OSError.
    """
    call = _exchanger()
    if call is None:
        return False
    if call(os.fsencode(one), os.fsencode(other)) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NOT_HERE:
        return False
    raise OSError(number, os.strerror(number), os.fspath(one), None, os.fspath(other))


@functools.cache
def _exchanger() -> Callable[[bytes, bytes], int] | None:
    """Return what exchanges two paths, None where the system's library has no such thing."""
    if os.name != "posix":
        return None
    library: Any = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        swap = getattr(library, "renamex_np", None)
        return None if swap is None else lambda one, other: int(swap(one, other, _EXCHANGE))
    rename = getattr(library, "renameat2", None)
    if rename is None:
        return None
    return lambda one, other: int(rename(_HERE, one, _HERE, other, _EXCHANGE))


def flush(path: Path) -> None:
    """Wait until a file, or what a folder says of its files' names, is on the disk. Raises OSError."""
    if os.name != "posix" and path.is_dir():
        return  # Windows opens no folders, and keeps their names by itself
    number = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EBADF}:
            raise  # those say that there is nothing to flush to, as in some network folders
    finally:
        os.close(number)


def claim(folder: Path) -> int | None:
    """Claim a folder until `release`, or until this process ends in whatever way.

    Several may claim the same one. Returns None where folders cannot be claimed.
    """
    if os.name != "posix":
        return None
    import fcntl  # noqa: PLC0415  not on every system

    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        os.close(number)
        return None
    return number


def release(number: int | None) -> None:
    """Give up a claim."""
    if number is not None:
        os.close(number)


def is_claimed(folder: Path) -> bool | None:
    """Whether a living process claims a folder; None where that is not to be known."""
    if os.name != "posix":
        return None
    import fcntl  # noqa: PLC0415

    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return None
        raise
    finally:
        os.close(number)
    return False


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other processes from doing the same to a folder until the block ends, where that can be."""
    if os.name != "posix":
        yield
        return
    import fcntl  # noqa: PLC0415

    number = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)
