"""What is converted here and not by skl2onnx, which would do so in single precision, or does not know it."""

from collections.abc import Callable
from typing import Any

from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from gatehouse.export import columns, forests
from gatehouse.export.levels import LevelTable
from gatehouse.export.rewriting import Coding

Convert = Callable[[Any, Any, Any], None]
Shape = Callable[[Any], None]
BOOSTED = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
PLAIN = (
    RandomForestClassifier, RandomForestRegressor, ExtraTreesClassifier, ExtraTreesRegressor,
    DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor,
)  # fmt: skip

CONVERTERS: dict[type, Convert] = {
    LevelTable: columns.convert_table,
    Coding: columns.convert_coding,
    OrdinalEncoder: columns.convert_ordinal,
    SimpleImputer: columns.convert_imputer,
    **dict.fromkeys(BOOSTED, forests.convert_boosted),
    **dict.fromkeys(PLAIN, forests.convert_forest),
}
SHAPES: dict[type, Shape] = {
    LevelTable: columns.shape_table,
    Coding: columns.shape_coding,
    OrdinalEncoder: columns.shape_ordinal,
    SimpleImputer: columns.shape_imputer,
    **dict.fromkeys((*BOOSTED, *PLAIN), forests.shape_trees),
}
