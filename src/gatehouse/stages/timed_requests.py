"""The requests that models are timed on: held-out rows, as clients send them."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from gatehouse.bundle import Bundle
from gatehouse.contract import Contract
from gatehouse.gates.latency import Knobs
from gatehouse.serving import requests
from gatehouse.serving.requests import RequestError
from gatehouse.stages.meter import UnservedError

SINGLE, BATCH = "single", "batch"
# As many as ten ordinary batches: more would take longer to hand over, and be no more different.
MOST_ROWS = 1000
# By the name of a model, by the kind of request.
Bodies = dict[str, dict[str, list[str]]]


def of(rows: pd.DataFrame, bundles: Mapping[str, Bundle], knobs: Knobs, maximum_rows: int) -> Bodies:
    """Return the same rows as requests to every model, as its own schema has them; a batch has `maximum_rows` at most.

    Rows that one of the models does not take are left out. Raises UnservedError when one takes none at all.
    """
    sample = rows.sample(min(len(rows), MOST_ROWS), random_state=knobs.seed)
    sent = {who: requests.payload(sample, bundle.contract) for who, bundle in bundles.items()}
    refused = [refusals(who, sent[who], bundle.contract) for who, bundle in bundles.items()]
    taken = [place for place in range(len(sample)) if not any(place in places for places in refused)]
    if not taken:
        raise UnservedError(list(bundles)[-1], "takes none of the held-out rows that the other one takes.")
    length = min(knobs.batch_rows, maximum_rows)
    return {who: bodies([rows[place] for place in taken], length) for who, rows in sent.items()}


def refusals(who: str, rows: list[dict[str, Any]], contract: Contract) -> set[int]:
    """Return the places of the rows that a server would refuse. Raises UnservedError when it would refuse all."""
    reader, refused, said = requests.reader(contract, 1), set(), ""
    for place, row in enumerate(rows):
        try:
            reader.read(json.dumps(row).encode())
        except RequestError as error:
            refused.add(place)
            said = said or str(error)
    if len(refused) == len(rows):
        raise UnservedError(who, f"takes none of the {len(rows)} held-out rows: {said}.")
    return refused


def bodies(rows: list[dict[str, Any]], length: int) -> dict[str, list[str]]:
    """Return every row as a request of its own, and batches of `length` rows; too few rows come again."""
    batches = [
        [rows[place % len(rows)] for place in range(start, start + length)] for start in range(0, len(rows), length)
    ]
    return {SINGLE: [json.dumps(row) for row in rows], BATCH: [json.dumps({"rows": batch}) for batch in batches]}
