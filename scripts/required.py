"""End a workflow in one answer: red unless every job that it needs went well. NEEDS holds the jobs as JSON."""

import json
import os
import sys


def main() -> int:
    """Print every job's result; 1 when one of them did not succeed, 2 when there is nothing to judge."""
    jobs = json.loads(os.environ.get("NEEDS") or "{}")
    for name, job in jobs.items():
        print(f"{job['result']:10} {name}")
    if not jobs:
        print("NEEDS names no job: pass ${{ toJSON(needs) }}.", file=sys.stderr)
        return 2
    return 0 if all(job["result"] == "success" for job in jobs.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
