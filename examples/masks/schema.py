"""One row a pixel; the image is the group, so that all pixels of an image lie on one side of the holdout."""

import pandera.pandas as pa

LIGHT = pa.Check.in_range(-2, 3)

SCHEMA = pa.DataFrameSchema(
    {
        "pixel": pa.Column(str, unique=True, metadata={"role": "id"}, description="Image, row and column"),
        "image": pa.Column(str, metadata={"role": "group"}),
        "light": pa.Column(float, LIGHT, description="Brightness of the pixel"),
        "light_3": pa.Column(float, LIGHT, description="Mean brightness of the 3 x 3 pixels around it"),
        "light_7": pa.Column(float, LIGHT, description="Mean brightness of the 7 x 7 pixels around it"),
        "contrast": pa.Column(float, LIGHT, description="Its 3 x 3 mean less the mean of the whole image"),
        "inside": pa.Column(
            int,
            pa.Check.isin([0, 1]),
            metadata={"role": "target", "task": "binary", "positive": 1},
            description="1 where the pixel belongs to the object",
        ),
    },
    strict=True,
)
