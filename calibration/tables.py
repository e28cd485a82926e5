"""The tables that can be asked for by name."""

from calibration import canary, drift, gate, shadowing

TABLES = {"gate": gate.TABLE, "drift": drift.TABLE, "canary": canary.TABLE, "shadow": shadowing.TABLE}
