"""Why a pipeline cannot be exported."""

from gatehouse.errors import GatehouseError


class RefusedError(GatehouseError):
    """A pipeline has no faithful ONNX; the message says why, and goes on from "because", without a full stop."""
