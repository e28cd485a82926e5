"""Run the step of the same name; see --help."""

from gatehouse import cli
from gatehouse.stages import reach_cluster

if __name__ == "__main__":
    raise SystemExit(cli.run(reach_cluster))
