"""Plant every fault, and print which gate refused it and why.

make faults                            all of them
make faults ARGS="evidence 'NaN'"      a family, or those with a part of a name
"""

import argparse
import json
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faults import catalogue, fault
from faults.fault import Fault, Outcome
from faults.workshop import Workshop

ROOT = Path(__file__).parents[2]
WIDTH = 118


def main(argv: list[str] | None = None) -> int:
    """Print the table, and write it as JSON; 1 when a fault was let through, or what is sound was not promoted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="families, or parts of faults' names (default: all)")
    parser.add_argument("--out", type=Path, default=ROOT / "build/faults.json", help="(%(default)s)")
    args = parser.parse_args(argv)
    logging.disable(logging.WARNING)  # MLflow says how it makes its tables
    with tempfile.TemporaryDirectory() as folder:
        rows = plant(args.names, Workshop(Path(folder)))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    return summed_up(rows, args.names)


def plant(names: list[str], shop: Workshop) -> list[dict[str, Any]]:
    """Plant the faults that were asked for, print a line of each and one why, and return all that is known of them."""
    rows = []
    for family, faults in catalogue.FAMILIES.items():
        chosen = [item for item in faults if not names or family in names or any(name in item.name for name in names)]
        if chosen:
            print(f"{family:36}{'gate':48}{'expected':10}{'got':10}")
        for item in chosen:
            refused, sound = tried(fault.plant, item, shop), tried(fault.judge_sound, item, shop)
            rows.append(row(family, item, refused, sound))
            print(line(item, refused, sound))
    return rows


def tried(look: Callable[[Fault, Workshop], Outcome], item: Fault, shop: Workshop) -> Outcome:
    """Return what a gate said; a gate that crashed has said nothing."""
    try:
        return look(item, shop)
    except Exception as error:  # the machinery's own defect
        return Outcome(False, "crash", f"{type(error).__name__}: {error}")


def row(family: str, item: Fault, refused: Outcome, sound: Outcome) -> dict[str, Any]:
    """Return what is known of a fault, as plain values."""
    return {
        "family": family,
        "fault": item.name,
        "planted": item.planted,
        "step": item.step,
        "check": item.check,
        "expected": str(item.decision),
        "got": refused.got,
        "refused": refused.right,
        "why": refused.why,
        "sound": sound.got,
        "promoted": sound.right,
    }


def line(item: Fault, refused: Outcome, sound: Outcome) -> str:
    """Return two lines of the table: the fault, its gate and the decisions; then the sentence."""
    gate = cut(item.step if item.check == item.step else f"{item.step}: {item.check}", 46)
    text = f"{' ' if refused.right and sound.right else '!'} {item.name:34}{gate:48}{item.decision:10}{refused.got:10}"
    why = [f"LET THROUGH: {refused.why}" if not refused.right else refused.why]
    why += [] if sound.right else [f"SOUND INPUT WAS NOT PROMOTED ({sound.got}): {sound.why}"]
    return "\n".join([text.rstrip(), *(f"      {cut(sentence)}" for sentence in why)])


def cut(text: str, width: int = WIDTH) -> str:
    """Return a text on one line, no longer than `width`; the whole one stands in the JSON."""
    flat = " ".join(text.split())
    return flat if len(flat) <= width else f"{flat[: width - 1]}…"


def summed_up(rows: list[dict[str, Any]], names: list[str]) -> int:
    """Print the count and return the exit code."""
    through = [row["fault"] for row in rows if not row["refused"]]
    blocked = [row["fault"] for row in rows if not row["promoted"]]
    if not names:
        print("\nPlanted in images, by `make integration`:")
        print("\n".join(f"  {name:34}{test}" for name, test in catalogue.IN_IMAGES.items()))
    print(f"\n{len(rows) - len(through)} of {len(rows)} planted faults were refused by the gate that must refuse them.")
    print(f"{len(rows) - len(blocked)} of {len(rows)} times the same gate promoted what is sound.")
    for what, found in (("Let through", through), ("Not promoted, though sound, beside", blocked)):
        if found:
            print(f"{what}: {', '.join(found)}.")
    return 1 if through or blocked or not rows else 0


if __name__ == "__main__":
    raise SystemExit(main())
