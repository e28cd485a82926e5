"""Serve a model bundle over HTTP.

With GATEHOUSE_LOG_KEY in the environment, the prediction log holds sensitive columns as hashes by that key; without it
it holds none of them.

Examples:
  python -m gatehouse.serving --bundle build/bundle --port 8080
  python -m gatehouse.serving --bundle build/bundle --port 0 --port-file build/port --log build/log
"""

import argparse
import sys

from gatehouse.serving import server

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m gatehouse.serving", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    server.arguments(parser)
    sys.exit(server.main(parser.parse_args()))
