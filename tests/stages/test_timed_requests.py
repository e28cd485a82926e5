"""The requests that models are timed on: the same rows for each, in its own schema's terms."""

import json
from dataclasses import replace

import pytest
import tumours

from gatehouse.contract import Column
from gatehouse.gates.latency import Knobs
from gatehouse.stages import timed_requests
from gatehouse.stages.meter import UnservedError
from gatehouse.stages.timed_requests import BATCH, SINGLE


def of(rows, maximum_rows=1000, **bundles):
    """Return the requests for some bundles."""
    return timed_requests.of(rows, bundles, Knobs(batch_rows=100), maximum_rows)


def limited(bundle, **change):
    """Return a bundle whose schema has another column `mean radius`."""
    columns = [
        replace(column, **change) if column.name == "mean radius" else column for column in bundle.contract.columns
    ]
    return replace(bundle, contract=replace(bundle.contract, columns=tuple(columns)))


def test_rows_become_requests(bundle):
    """Every row is a request of its own, and is part of batches that all have the same length."""
    made = of(tumours.rows(), candidate=bundle)["candidate"]
    assert len(made[SINGLE]) == 569
    assert [len(json.loads(body)["rows"]) for body in made[BATCH]] == [100] * 6
    assert json.loads(made[BATCH][0])["rows"][0] == json.loads(made[SINGLE][0])


def test_few_rows_come_again(bundle):
    """A batch is full even when there are fewer rows than it needs."""
    (batch,) = of(tumours.rows().head(7), candidate=bundle)["candidate"][BATCH]
    assert len(json.loads(batch)["rows"]) == 100


def test_batch_fits_the_server(bundle):
    """A batch has no more rows than the server takes."""
    made = of(tumours.rows(), maximum_rows=30, candidate=bundle)["candidate"]
    assert {len(json.loads(body)["rows"]) for body in made[BATCH]} == {30}


def test_both_get_the_same_rows(bundle):
    """A row that one model refuses is sent to neither."""
    made = of(tumours.rows(), candidate=bundle, champion=limited(bundle, maximum=12.0))
    assert made["candidate"] == made["champion"]
    assert 0 < len(made["candidate"][SINGLE]) < 569
    assert max(json.loads(body)["mean radius"] for body in made["candidate"][SINGLE]) <= 12


def test_own_schema_is_used(bundle):
    """A model that needs no `ward` is sent none."""
    columns = tuple(column for column in bundle.contract.columns if column.name != "ward")
    narrow = replace(bundle, contract=replace(bundle.contract, columns=columns))
    made = of(tumours.rows(), candidate=narrow, champion=bundle)
    assert "ward" not in made["candidate"][SINGLE][0]
    assert '"ward"' in "".join(made["champion"][SINGLE])


def test_lost_column_is_named(bundle):
    """A champion that needs a column which the rows lack takes none of them, and the sentence names the column."""
    columns = (*bundle.contract.columns, Column("lost", "number"))
    wide = replace(bundle, contract=replace(bundle.contract, columns=columns))
    with pytest.raises(
        UnservedError, match=r"The champion takes none of the 569 held-out rows: \$\.lost: expected"
    ) as caught:
        of(tumours.rows(), candidate=bundle, champion=wide)
    assert caught.value.who == "champion"


def test_disjoint_rows_are_not_comparable(bundle):
    """Two models that take no row in common cannot be compared."""
    low, high = limited(bundle, maximum=10.0), limited(bundle, minimum=10.01)
    with pytest.raises(UnservedError, match="The champion takes none of the held-out rows that the other one takes"):
        of(tumours.rows(), candidate=low, champion=high)
