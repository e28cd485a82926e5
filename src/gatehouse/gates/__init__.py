"""The gates: pure rules from values to checks. A gate is one module here, one entry in `stages`, one section in gatehouse.toml."""
