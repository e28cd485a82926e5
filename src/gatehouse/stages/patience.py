"""What a failed look is worth: one may be chance, and several one after another are not."""

from dataclasses import dataclass

from gatehouse.errors import TargetError

# Users must not wait for the fourth.
PATIENCE = 3


@dataclass
class Patience:
    """How many looks have `failed` one after another since the last error was raised."""

    failed: int = 0

    def bear(self, error: TargetError) -> None:
        """Take a failed look for chance; every PATIENCE-th one after another raises its error."""
        self.failed = (self.failed + 1) % PATIENCE
        if not self.failed:
            raise error
