"""A release travels as plain values."""

import json

from hypothesis import given
from hypothesis import strategies as st

from gatehouse.release import Release


@given(st.builds(Release, version=st.text(), bundle=st.text(), location=st.text()))
def test_release_round_trip(release: Release) -> None:
    """What is stored beside the traffic is read back as the same release."""
    assert Release(**json.loads(json.dumps(release.to_dict()))) == release
