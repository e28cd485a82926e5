"""What makes a payment suspicious does so, and changes with the pattern."""

from dataclasses import replace
from typing import Any

import pandas as pd
import payment_risk
import pytest
from payment_risk import PATTERNS

PAYMENT: dict[str, Any] = {
    "amount": 35.0, "merchant_category": "groceries", "new_merchant": False, "distance_km": 5.0, "hour": 12,
    "payments_24h": 0, "tenure_days": 900, "device": "ios", "pattern": "spring",
}  # fmt: skip


def odds(**changed: Any) -> float:
    """Return the log odds of an ordinary payment with some changes."""
    return float(payment_risk.log_odds(pd.DataFrame([{**PAYMENT, **changed}]))[0])


@pytest.mark.parametrize(
    "sign",
    [
        {"amount": 350.0}, {"new_merchant": True}, {"distance_km": 900.0}, {"hour": 3}, {"payments_24h": 5},
        {"tenure_days": 2}, {"device": "browser"}, {"merchant_category": "gift_cards", "amount": 45.0},
    ],
    ids=lambda sign: "-".join(sign),
)  # fmt: skip
def test_each_sign_raises_odds(sign: dict[str, Any]):
    """Every sign alone makes a payment more suspicious."""
    assert odds(**sign) > odds()


def test_unknown_distance_is_near():
    """A payment whose place is not known counts as one near home."""
    assert odds(distance_km=None) == odds()


def test_new_trick_in_spring():
    """A first payment by telephone is worse in spring than it was in winter."""
    trick = {"device": "android", "new_merchant": True}
    assert odds(**trick) - odds(**trick, pattern="winter") == pytest.approx(PATTERNS["spring"].android_new)


def test_distance_tells_nothing_in_august():
    """In August fraudsters are no longer far away, nor awake at night."""
    assert odds(distance_km=900.0, hour=3, pattern="august") == odds(pattern="august")


def test_rows_keep_their_pattern():
    """Rows of several patterns are each judged by their own."""
    rows = pd.DataFrame([{**PAYMENT, "pattern": name} for name in ("august", "spring", "august")])
    assert payment_risk.log_odds(rows).tolist() == [odds(pattern=name) for name in ("august", "spring", "august")]


def test_base_shifts_everything():
    """The base moves all odds by the same amount."""
    rows = pd.DataFrame([PAYMENT, {**PAYMENT, "hour": 2}])
    higher = payment_risk.under(rows, replace(PATTERNS["spring"], base=PATTERNS["spring"].base + 1))
    assert (higher - payment_risk.under(rows, PATTERNS["spring"])).tolist() == pytest.approx([1, 1])
