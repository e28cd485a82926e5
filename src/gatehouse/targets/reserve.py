"""Room that is kept on a disk, so that the traffic can still be taken from a canary when the disk is full."""

import errno
import secrets
from pathlib import Path

from gatehouse import files
from gatehouse.errors import TargetError

# The description of the traffic and the rollout's state take a twentieth of it, after weeks of transitions too.
BYTES = 512 * 1024


def keep(path: Path) -> None:
    """Keep room in a file, unless it is kept already, or there is none."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Random, because a disk may compress.
        path.write_bytes(secrets.token_bytes(BYTES))
    except OSError:
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str, reserve: Path, attempts: int) -> None:
    """Write a file whole or not at all; where the disk is full, the kept room is given up before the next attempt.

    Raises TargetError when none of the attempts found room: by then there is some for what takes the traffic away.
    """
    for left in reversed(range(attempts)):
        try:
            files.write_text(path, text)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            reserve.unlink(missing_ok=True)
            if not left:
                message = f"{path} cannot be written: {error.strerror}. Make room there, and run it again."
                raise TargetError(message) from error
        else:
            return
