from gatehouse import config
from gatehouse.targets import server_environment


def test_answers_are_kept_for_a_shadow():
    """Servers remember their answers before any shadow comes: it is compared with those of the version before it."""
    settings = config.parse({"shadow": {"kept": 7}})
    assert server_environment.of(settings)["GATEHOUSE_RECALLED_ANSWERS"] == "7"


def test_limits_and_share_are_told():
    """A server is told its limits and the share of its log."""
    settings = config.parse({"serving": {"maximum_rows": 12}, "log": {"share": 0.5}})
    told = server_environment.of(settings)
    assert (told["GATEHOUSE_MAXIMUM_ROWS"], told["GATEHOUSE_LOG_SHARE"]) == ("12", "0.5")
