"""Writing a file whole or not at all, whatever happens meanwhile.

>>> import os, tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     write(os.path.join(folder, "note.txt"), b"whole")
...     os.listdir(folder)
['note.txt']
"""

from __future__ import annotations

import errno
import os
import stat

__all__ = ["write"]


def write(path: str, content: bytes) -> None:
    """Write a file by way of a temporary one beside it: a kill at any moment leaves the old file or the new one.

    Raises OSError with the path that was given; the old file, if there is one, is then as it was.
    """
    target = os.path.realpath(path)
    exists = os.path.lexists(target)
    if exists and not os.path.isfile(target):
        raise OSError(errno.EINVAL, "it is there, and is not a file that could be replaced", path)
    part = os.path.join(os.path.dirname(target), f".{os.urandom(8).hex()}.part")  # no name that could be foreseen
    made = False
    try:
        with open(part, "xb") as file:  # never a file or a link that somebody else has put there
            made = True
            if exists:
                mode = stat.S_IMODE(os.stat(target).st_mode)
                os.chmod(file.fileno() if os.chmod in os.supports_fd else part, mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else a power cut could leave the new name on an empty file
        os.replace(part, target)
        made = False
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    finally:
        if made:
            os.unlink(part)
