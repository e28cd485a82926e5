"""Images that are drawn by their number: bright ellipses on an uneven ground, with noise. Positions are row numbers."""

from functools import cache

import numpy as np
import pandas as pd
from scipy import ndimage

IMAGES, SIDE = 240, 16


def load(since: int | None = None, until: int | None = None) -> pd.DataFrame:
    """Return the pixels from row number `since` to before row number `until`; an image has 256 of them."""
    return pixels().iloc[since:until].copy()


@cache
def pixels() -> pd.DataFrame:
    """Return the pixels of all images, one image after the other."""
    return pd.concat([drawn(number) for number in range(IMAGES)], ignore_index=True)


def drawn(number: int) -> pd.DataFrame:
    """Return the pixels of one image: what a model sees of each, and whether it belongs to the object."""
    random = np.random.default_rng(number)
    down, across = np.mgrid[0:SIDE, 0:SIDE]
    inside = np.zeros((SIDE, SIDE), dtype=bool)
    for _ in range(random.integers(1, 3)):
        middle, radius = random.uniform(3, SIDE - 4, 2), random.uniform(2.5, 5, 2)
        inside |= ((down - middle[0]) / radius[0]) ** 2 + ((across - middle[1]) / radius[1]) ** 2 < 1
    slope = random.normal(0, 0.01, 2)
    ground = random.uniform(0.3, 0.6) + slope[0] * down + slope[1] * across
    light = ground + random.uniform(0.25, 0.5) * inside + random.normal(0, 0.09, inside.shape)
    near = ndimage.uniform_filter(light, 3)
    return pd.DataFrame(
        {
            "pixel": [f"{number:03d}-{row:02d}-{column:02d}" for row in range(SIDE) for column in range(SIDE)],
            "image": f"image-{number:03d}",
            "light": light.ravel(),
            "light_3": near.ravel(),
            "light_7": ndimage.uniform_filter(light, 7).ravel(),
            "contrast": (near - light.mean()).ravel(),
            "inside": inside.ravel().astype(int),
        }
    )
