"""What a model server says of its last answers on /answers, as data."""

from pydantic import TypeAdapter, ValidationError

from gatehouse.canary.shadow import Recalled
from gatehouse.errors import TargetError

# Where a server tells them. They are nothing for users: every target keeps them from it.
PATH = "/answers"
READER = TypeAdapter(Recalled)


def read(text: str) -> Recalled:
    """Return what a server remembers. Raises TargetError when the text is something else."""
    try:
        return READER.validate_json(text)
    except ValidationError as error:
        raise TargetError(f"The server's answers cannot be read: {error.error_count()} values are wrong.") from error
