"""How well a predicted mask covers the true one, image by image.

A function takes the raw rows, their labels as texts, and the model's answers: `values` are texts as well. It returns
one number for each image, because the pixels of an image are right or wrong together: images are what can be counted.
"""

from typing import Any

import numpy as np
import pandas as pd


def dice(rows: pd.DataFrame, y: np.ndarray, predictions: Any) -> np.ndarray:
    """Return 2|A∩B| / (|A| + |B|) of every image, shape (images,); 1 where both masks are empty."""
    both, true, said = areas(rows, y, predictions)
    return share(2 * both, true + said)


def iou(rows: pd.DataFrame, y: np.ndarray, predictions: Any) -> np.ndarray:
    """Return the intersection over the union of every image, shape (images,); 1 where both masks are empty."""
    both, true, said = areas(rows, y, predictions)
    return share(both, true + said - both)


def areas(rows: pd.DataFrame, y: np.ndarray, predictions: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pixels in both masks, in the true one and in the predicted one, each for every image."""
    image, true, said = pd.factorize(rows["image"])[0], y == "1", predictions.values == "1"
    both, of_truth, of_model = (np.bincount(image, weights=mask) for mask in (true & said, true, said))
    return both, of_truth, of_model


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part / whole, and 1 where there is no whole."""
    return np.where(whole == 0, 1.0, part / np.where(whole == 0, 1.0, whole))


METRICS = {
    "dice": {"function": dice, "better": "higher", "unit": "images"},
    "iou": {"function": iou, "better": "higher", "unit": "images"},
}
