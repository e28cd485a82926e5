"""The steps: each reads its evidence, calls a rule, acts, and ends in a verdict. A script of the same name runs it."""
