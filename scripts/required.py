"""End a workflow in one answer: red unless every job that it needs went well. NEEDS holds the jobs as JSON."""

import json
import os
import sys


def main() -> int:
    """Print every job's result; 1 when one of them did not succeed, 2 when there is nothing to judge."""
    try:
        results = {name: str(job["result"]) for name, job in json.loads(os.environ.get("NEEDS", "")).items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        results = {}
    if not results:
        print("NEEDS names no job: pass ${{ toJSON(needs) }}.", file=sys.stderr)
        return 2
    for name, result in results.items():
        print(f"{result:10} {name}")
    return 0 if set(results.values()) == {"success"} else 1


if __name__ == "__main__":
    raise SystemExit(main())
