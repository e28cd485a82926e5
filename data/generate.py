"""Make the example's data: card payments, some of them suspicious. Every number is drawn from a seed; none is real.

Customers pay at shops; how they pay and what makes a payment suspicious is described by a `World`. The calm world
holds from January to July 2026, with one new trick of the fraudsters in April that no single column shows. In August
the world moves: a new app, dearer purchases, more trips (covariate shift), and fraudsters who behave otherwise
(concept drift).

Examples:
  python data/generate.py                                    write data/payments.csv.gz again, byte for byte
  python data/generate.py --fault impossible_values --out bad.csv.gz
                                                             the same payments, with a planted fault
  python data/generate.py --customers 300 --out small.csv.gz
"""

import argparse
import gzip
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

# With PYTHONSAFEPATH set, as the Makefile does, Python leaves a script's own folder out.
sys.path.insert(0, str(Path(__file__).parent))
import payment_faults
import payment_risk

SEED = 20260101
START, END = date(2026, 1, 1), date(2026, 9, 1)
SAMPLE = Path(__file__).parent / "payments.csv.gz"

HOUR, DAY = 3600, 86_400
MEMORY = 60 * DAY  # what happened longer ago than this is not remembered, so every month sees the same past
MEAN_LIFE = 0.8862  # of the Weibull distribution with shape 2 and scale 1: half the square root of pi
CATEGORIES = ("electronics", "fashion", "fuel", "gaming", "gift_cards", "groceries", "restaurants", "travel")
CATEGORY_SHARES = (0.10, 0.13, 0.11, 0.08, 0.07, 0.25, 0.17, 0.09)
COUNTRIES = ("DE", "ES", "FR", "IT", "NL", "PL")
COUNTRY_SHARES = (0.34, 0.14, 0.21, 0.13, 0.10, 0.08)
DEVICES = ("android", "browser", "ios", "terminal")
COLUMNS = (
    "payment_id", "customer_id", "paid_at", "amount", "hour", "merchant_category", "country", "device",
    "new_merchant", "distance_km", "customer_age", "tenure_days", "seconds_since_last", "payments_24h", "suspicious",
    "labelled_on",
)  # fmt: skip
# Local hours from 0 to 23: people pay by day, and a little at night.
HOUR_WEIGHTS = np.array([3, 2, 2, 2, 2, 2, 3, 5, 7, 8, 9, 10, 12, 11, 9, 9, 10, 12, 13, 12, 10, 8, 6, 4], dtype=float)


@dataclass(frozen=True)
class World:
    """How people pay (the devices they use, how dear and how far), and the name of what makes it suspicious."""

    devices: tuple[float, ...] = (0.27, 0.24, 0.19, 0.30)
    dearness: float = 1.0
    trips: float = 0.28
    pattern: str = "spring"


# The world from each day on.
HISTORY = (
    (date(2026, 1, 1), World(pattern="winter")),
    (date(2026, 4, 1), World(pattern="spring")),
    (date(2026, 8, 1), World(devices=(0.44, 0.20, 0.18, 0.18), dearness=1.2, trips=0.36, pattern="august")),
)


def payments(seed: int = SEED, customers: int = 8000, history: Sequence[tuple[date, World]] = HISTORY) -> pd.DataFrame:
    """Return the payments, one or two a customer and month, in the order of time, from `START` to before `END`."""
    rng = np.random.default_rng(seed)
    people = draw_customers(rng, customers)
    rows = draw_payments(rng, people)
    rows = remember(rows)
    rows = pd.concat([describe(rng, part, world) for part, world in periods(rows, history)], ignore_index=True)
    rows = label(rng, rows)
    rows.insert(0, "payment_id", [f"P{number:06d}" for number in range(1, len(rows) + 1)])
    return rows[list(COLUMNS)]


def draw_customers(rng: np.random.Generator, active: int) -> pd.DataFrame:
    """Return customers, of whom `active` are with us on any day: they come and go, so that tenure does not drift."""
    life, before, during = 1000, 3500, (END - START).days
    count = round(active * (before + during) / (life * MEAN_LIFE))
    joined = rng.uniform(-before, during, count)
    people = pd.DataFrame(
        {
            "joined": joined,
            "left": joined + life * rng.weibull(2.0, count),
            "country": rng.choice(COUNTRIES, count, p=COUNTRY_SHARES),
            "customer_age": np.clip(rng.gamma(7.0, 4.0, count) + 16, 16, 95).round(),
            "per_day": rng.gamma(4.0, 0.0068, count),
            "spending": rng.normal(0.0, 0.35, count),
        }
    )
    people.loc[rng.random(count) < 0.06, "customer_age"] = np.nan
    people["customer_id"] = [f"C{number:05d}" for number in rng.permutation(count)]
    return people[people["left"] > -MEMORY / DAY].reset_index(drop=True)


def draw_payments(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """Return one row a payment: single ones, and sprees of several within hours. `second` counts from `START`."""
    first = np.maximum(people["joined"], -MEMORY / DAY)
    last = np.minimum(people["left"], (END - START).days)
    counts = rng.poisson(people["per_day"] * np.maximum(last - first, 0))
    who = np.repeat(np.arange(len(people)), counts)
    day = np.floor(rng.uniform(first.to_numpy()[who], last.to_numpy()[who]))
    hour = rng.choice(24, len(who), p=HOUR_WEIGHTS / HOUR_WEIGHTS.sum())
    seconds = (day * DAY + hour * HOUR + rng.integers(0, HOUR, len(who))).astype("int64")
    spree = np.where(rng.random(len(who)) < 0.08, rng.geometric(0.5, len(who)), 0)
    leader = np.repeat(np.arange(len(who)), 1 + spree)
    follows = np.r_[False, leader[1:] == leader[:-1]]
    pause = np.where(follows, rng.lognormal(8.3, 1.0, len(leader)), 0.0)
    elapsed = pause.cumsum()
    start = np.maximum.accumulate(np.where(follows, 0.0, elapsed))
    rows = people.iloc[who[leader]].reset_index(drop=True)
    rows["second"] = seconds[leader] + (elapsed - start).astype("int64")
    rows = rows[rows["second"] < (END - START).days * DAY]
    return rows.sort_values(["second", "customer_id"], kind="stable", ignore_index=True)


def remember(rows: pd.DataFrame) -> pd.DataFrame:
    """Add what is known of a customer's payments before each one, and leave out those before `START`."""
    gap = rows.groupby("customer_id")["second"].diff()
    rows["seconds_since_last"] = gap.where(gap <= MEMORY)
    order = rows.sort_values(["customer_id", "second"], kind="stable")
    key = order["customer_id"].factorize()[0].astype("int64") * 10**9 + order["second"] + MEMORY
    earliest = np.searchsorted(key.to_numpy(), key.to_numpy() - DAY, side="left")
    rows["payments_24h"] = pd.Series(np.arange(len(order)) - earliest, index=order.index)
    rows["tenure_days"] = np.floor(rows["second"] / DAY - rows["joined"]).clip(lower=0).astype("int64")
    rows["paid_at"] = pd.Timestamp(START) + pd.to_timedelta(rows["second"], unit="s")
    return rows[rows["second"] >= 0].reset_index(drop=True)


def periods(rows: pd.DataFrame, history: Sequence[tuple[date, World]]) -> list[tuple[pd.DataFrame, World]]:
    """Return the rows of each world of `history`, with that world."""
    starts = [pd.Timestamp(day) for day, _ in history] + [pd.Timestamp.max]
    return [
        (rows[(rows["paid_at"] >= starts[index]) & (rows["paid_at"] < starts[index + 1])], world)
        for index, (_, world) in enumerate(history)
    ]


def describe(rng: np.random.Generator, rows: pd.DataFrame, world: World) -> pd.DataFrame:
    """Add what is seen of each payment itself: when, what for, how much, by which device, and how far from home."""
    n = len(rows)
    rows = rows.assign(
        hour=rows["paid_at"].dt.hour.astype("int64"),
        merchant_category=rng.choice(CATEGORIES, n, p=CATEGORY_SHARES),
        device=rng.choice(DEVICES, n, p=world.devices),
        new_merchant=rng.random(n) < 0.3,
    )
    typical = rows["merchant_category"].map(payment_risk.TYPICAL_AMOUNT).to_numpy(dtype=float)
    amount = typical * world.dearness * np.exp(rows["spending"].to_numpy() + rng.normal(0.0, 0.85, n))
    away = rng.random(n) < world.trips
    distance = np.where(away, rng.lognormal(5.0, 0.5, n), rng.lognormal(1.9, 0.9, n))
    unknown = rng.random(n) < np.where(rows["device"] == "browser", 0.2, 0.03)
    return rows.assign(
        amount=np.clip(amount, 0.5, 20_000).round(2),
        distance_km=np.where(unknown, np.nan, np.clip(distance, 0.1, 19_000).round(1)),
        pattern=world.pattern,
    )


def label(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """Add whether the payment turned out suspicious, and the day on which that became known."""
    chance = 1 / (1 + np.exp(-payment_risk.log_odds(rows)))
    suspicious = (rng.random(len(rows)) < chance).astype("int64")
    days = np.ceil(np.clip(rng.lognormal(np.where(suspicious == 1, 1.0, 1.3), 0.6), 1, 45))
    return rows.assign(
        suspicious=suspicious, labelled_on=rows["paid_at"].dt.normalize() + pd.to_timedelta(days, unit="D")
    )


def to_bytes(rows: pd.DataFrame) -> bytes:
    """Return the rows as a compressed CSV without the hour at which it was made, so that it is the same every time."""
    text = rows.to_csv(index=False, lineterminator="\n")
    stream = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=stream, compresslevel=9, mtime=0) as archive:
        archive.write(text.encode())
    return stream.getvalue()


def main(argv: Sequence[str] | None = None) -> int:
    """Write the payments to a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=SAMPLE, help="the file to write (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="the seed of every number (default: %(default)s)")
    parser.add_argument("--customers", type=int, default=8000, help="active customers a day (default: %(default)s)")
    parser.add_argument("--fault", choices=sorted(payment_faults.FAULTS), help="plant a fault, to see a gate refuse it")
    args = parser.parse_args(argv)
    if args.customers < 1:
        parser.error(f"--customers {args.customers}: at least one customer must pay")
    rows = payments(args.seed, args.customers)
    if args.fault:
        rows = payment_faults.FAULTS[args.fault](rows)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_bytes(to_bytes(rows))
    print(f"{len(rows)} payments, {rows['suspicious'].mean():.1%} of them suspicious, in {args.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
