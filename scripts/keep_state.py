"""Run the step of the same name; see --help."""

from gatehouse import cli
from gatehouse.stages import keep_state

if __name__ == "__main__":
    raise SystemExit(cli.run(keep_state))
