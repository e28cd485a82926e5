"""What makes a payment suspicious: the log odds that the example's labels are drawn from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

# In euros: what an ordinary purchase of each kind costs.
TYPICAL_AMOUNT = {
    "electronics": 140.0,
    "fashion": 60.0,
    "fuel": 50.0,
    "gaming": 25.0,
    "gift_cards": 45.0,
    "groceries": 35.0,
    "restaurants": 30.0,
    "travel": 220.0,
}
RESOLD = ("electronics", "gift_cards", "gaming")


@dataclass(frozen=True)
class Pattern:
    """How fraudsters behave: the weight of each sign in the log odds."""

    base: float = -9.3
    dear: float = 3.0
    resold: float = 3.0
    new_merchant: float = 2.0
    far: float = 1.5
    far_and_new: float = 4.0
    night: float = 3.0
    fast: float = 3.5
    newcomer: float = 4.0
    browser: float = 2.0
    android_new: float = 0.0


PATTERNS = {
    "winter": Pattern(),
    "spring": Pattern(android_new=3.0),
    "august": Pattern(
        base=-11.6,
        dear=0.7,
        resold=7.0,
        new_merchant=6.5,
        far=0.0,
        far_and_new=-1.0,
        night=0.0,
        browser=3.0,
        android_new=3.0,
    ),
}


def log_odds(rows: pd.DataFrame) -> np.ndarray:
    """Return the log odds of every payment under the pattern that its row names, shape (n,)."""
    odds = np.empty(len(rows))
    for name in rows["pattern"].unique():
        here = (rows["pattern"] == name).to_numpy()
        odds[here] = under(rows[here], PATTERNS[name])
    return odds


def under(rows: pd.DataFrame, pattern: Pattern) -> np.ndarray:
    """Return the log odds of every payment under one pattern, shape (n,)."""
    category = rows["merchant_category"]
    dear = np.log(rows["amount"].to_numpy() / category.map(TYPICAL_AMOUNT).to_numpy(dtype=float))
    resold = category.isin(RESOLD).to_numpy()
    new = rows["new_merchant"].to_numpy()
    far = (rows["distance_km"].fillna(20.0) > 80).to_numpy()
    night = (rows["hour"] < 6).to_numpy()
    fast = np.log1p(rows["payments_24h"].to_numpy())
    newcomer = np.exp(-rows["tenure_days"].to_numpy() / 150)
    android = (rows["device"] == "android").to_numpy()
    return np.asarray(
        pattern.base
        + pattern.dear * dear
        + pattern.resold * resold
        + pattern.new_merchant * new
        + pattern.far * far
        + pattern.far_and_new * (far & new)
        + pattern.night * night
        + pattern.fast * fast
        + pattern.newcomer * newcomer
        + pattern.browser * (rows["device"] == "browser").to_numpy()
        + pattern.android_new * (android & new)
    )
