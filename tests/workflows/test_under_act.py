"""The workflows, run for real, in the order in which a repository lives through them.

A first push releases a model onto Docker; pull requests are judged against it; the world drifts, and a retrained model
takes over under live traffic. Each step needs what the ones before it left, so they run in order and in one process:
`make integration`. ci.yml runs in full once, which is slow; its other runs skip most unit tests, which would only say
the same again.
"""

import itertools
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date

import github_api
import image_registry
import pandas as pd
import pytest
from workflows.scene import BY_ACT, Run, Scene, cloned

from gatehouse import bundle as bundles
from gatehouse import ledger, shell, state_branch, workload
from gatehouse.bundle import Bundle
from gatehouse.serving import prediction_log, requests
from gatehouse.stages import requesting
from gatehouse.stages.traffic import Traffic
from gatehouse.verdicts import Decision

pytestmark = BY_ACT
PROMOTE, HOLD, REJECT = Decision.PROMOTE, Decision.HOLD, Decision.REJECT
FEW_TESTS = ("--env", "ARGS=tests/test_verdicts.py -n 0")
JULY, AUGUST = (date(2026, 7, 1), date(2026, 8, 1)), (date(2026, 8, 1), date(2026, 9, 1))
RATE = 200.0  # requests a second, beside two cores that train and build: 20,000 in less than two minutes


@pytest.fixture(scope="module")
def new_scene(tmp_path_factory):
    """Return what makes a clone; whatever its workflows started is removed in the end."""
    with ExitStack() as stack:

        def make() -> Scene:
            return stack.enter_context(cloned(tmp_path_factory.mktemp("act")))

        yield make


@pytest.fixture(scope="module")
def scene(new_scene) -> Scene:
    """Return the clone of a user who serves on a Docker host."""
    return new_scene()


@dataclass(frozen=True)
class Released:
    """A release: its run, its bundle, and the serve image by digest."""

    run: Run
    bundle: Bundle
    image: str


def release(scene: Scene, event: str, *options: str, variables: dict[str, str]) -> Released:
    """Run release.yml to its green end."""
    run = scene.act(event, "release.yml", *options, variables=variables)
    assert run.code == 0, str(run)
    bundle = bundles.read(run.artifacts / "release" / "bundle")
    return Released(run, bundle, run.verdict("images", "build_images").details["outputs"]["serve"])


@pytest.fixture(scope="module")
def first(scene) -> Released:
    """Push to main: the first model is trained, built and rolled out on Docker."""
    return release(scene, "push", variables=scene.on_docker)


def production(scene: Scene) -> str | None:
    """Return the digest that the registry states for the serve image tagged `production`."""
    return image_registry.digest(f"{scene.image}/serve:production")


class TestFirstRelease:
    """A push to main, where there is no champion yet."""

    def test_every_step_promotes(self, first):
        """Each step left its verdict, about the commit and the bundle that were released."""
        for artifact, step in (
            ("release", "validate_data"), ("release", "train"), ("release", "check_model"), ("release", "gate"),
            ("images", "build_images"), ("images", "smoke_test"), ("images", "check_serving"), ("images", "register"),
            ("rollout", "rollout"),
        ):  # fmt: skip
            verdict = first.run.verdict(artifact, step)
            assert verdict.decision == PROMOTE, f"{step}: {verdict.why}"
            assert verdict.subject.bundle in (first.bundle.digest, None), step

    def test_floor_decides(self, first, scene):
        """Without a champion the absolute floor decides; the verdict says so, and names the commit."""
        gate = first.run.verdict("release", "gate")
        assert gate.details["champion"] is None
        assert "floor" in gate.why
        assert gate.subject.commit == scene.git("rev-parse", "main")

    def test_digests_lie_in_registry(self, first):
        """The registry holds both images under the digests that the build stated."""
        for reference in first.run.verdict("images", "build_images").details["outputs"].values():
            assert image_registry.digest(reference) == reference.partition("@")[2]

    def test_production_is_the_champion(self, first, scene):
        """The tag `production` names the image that was tested and rolled out."""
        assert production(scene) == first.image.partition("@")[2]
        assert first.run.verdict("rollout", "rollout").subject.image_digest == production(scene)

    def test_champion_answers_users(self, first, scene):
        """The router's port answers with the champion's version and bundle, and with its predictions."""
        assert requesting.version(scene.url) == {"model_version": "1.0.0", "bundle": first.bundle.digest}
        rows = payments(scene, *JULY).head(20)
        served = requesting.predict(scene.url, rows, first.bundle.contract)
        trained = bundles.load_model(first.bundle).predict(rows)
        assert abs(served.scores - trained.scores).max() < 1e-9

    def test_promotion_is_recorded(self, first, scene):
        """The ledger says who became champion, and that it was the first."""
        entry = scene.recorded[-1]
        assert (entry["event"], entry["from"], entry["to"]["location"]) == ("promotion", None, first.image)


class TestPullRequest:
    """Pull requests, judged against the champion that serves."""

    def test_good_change_is_green(self, scene, first):
        """A harmless change passes every job; the champion is read from the registry and scored in its own image."""
        since = int(time.time())
        with scene.branch("good"):
            scene.edit("src/workload/model.py", "max_iter=150", "max_iter=160")
            scene.commit("Grow ten more trees")
            run = scene.act("pull_request", "ci.yml", *FEW_TESTS)
        assert run.code == 0, str(run)
        assert run.jobs == dict.fromkeys(("code", "data", "model", "images", "required"), "success")
        gate = run.verdict("candidate", "gate")
        assert gate.decision == PROMOTE, gate.why
        assert gate.details["champion"]["location"] == first.image
        assert first.image in started_since(since)
        assert run.verdict("images", "smoke_test").decision == PROMOTE
        serving = run.verdict("images", "check_serving")
        assert serving.decision == PROMOTE, serving.why
        assert serving.details["served_by"]["champion"] == first.image

    @pytest.mark.slow
    def test_every_test_runs(self, scene, first):
        """The job `code` passes all the tests that a laptop runs."""
        with scene.branch("whole"):
            scene.edit("src/workload/model.py", "max_iter=150", "max_iter=155")
            # The alarms in deploy/monitoring are those of a canary as the template has it.
            scene.edit("gatehouse.toml", "latency_p95_ms = 1000.0", "latency_p95_ms = 200.0")
            scene.commit("Grow five more trees")
            run = scene.act("pull_request", "ci.yml")
        assert run.jobs["code"] == run.jobs["required"] == "success", str(run)

    def test_bad_data_is_red(self, scene, first):
        """Impossible values stop the pull request at its data, and the verdict names the column."""
        with scene.branch("bad-data"):
            spoil(scene)
            scene.commit("Take the new export")
            run = scene.act("pull_request", "ci.yml", *FEW_TESTS)
        assert run.code != 0
        assert run.jobs["data"] == run.jobs["required"] == "failure", str(run)
        assert not {"model", "images"} & {job for job, result in run.jobs.items() if result == "success"}
        verdict = run.verdict("data", "validate_data")
        assert verdict.decision == REJECT
        assert "customer_age" in " ".join(check.why for check in verdict.checks)
        assert not (run.artifacts / "candidate").exists()

    @pytest.mark.slow
    def test_worse_model_is_red(self, scene, first):
        """A model that is worse on the same rows is refused by the gate, and no image is built."""
        with scene.branch("worse"):
            scene.edit("src/workload/model.py", "max_iter=150", "max_iter=15")
            scene.commit("Save some time")
            run = scene.act("pull_request", "ci.yml", *FEW_TESTS)
        assert run.code != 0
        assert run.jobs["code"] == run.jobs["data"] == "success", str(run)
        assert run.jobs["model"] == run.jobs["required"] == "failure", str(run)
        gate = run.verdict("candidate", "gate")
        assert gate.decision == REJECT, gate.why
        assert run.verdict("candidate", "check_model").decision == PROMOTE
        assert not (run.artifacts / "images").exists()

    @pytest.mark.slow
    def test_uncertain_change_is_held(self, scene, first):
        """A change that may lose too much, or may not, is green, and says how a person may decide."""
        with scene.branch("uncertain"):
            make_uncertain(scene)
            run = scene.act("pull_request", "ci.yml", *FEW_TESTS)
        assert run.code == 0, str(run)
        gate = run.verdict("candidate", "gate")
        assert gate.decision == HOLD, gate.why
        assert "would settle it" in gate.why

    def test_production_is_untouched(self, scene, first):
        """Whatever pull requests do, the champion stays."""
        assert production(scene) == first.image.partition("@")[2]
        assert requesting.version(scene.url)["bundle"] == first.bundle.digest


class TestDrift:
    """The clock: the world moves, is noticed, and a retrained model takes over."""

    def test_first_window_is_held(self, scene, first):
        """Drift that is seen for the first time is held; no payment is named yet, so no label can speak."""
        run = drift(scene, first, payments(scene, *AUGUST).iloc[:2500].drop(columns="payment_id"))
        assert run.code == 0, str(run)
        verdict = run.verdict("drift", "check_drift")
        assert verdict.decision == HOLD, verdict.why
        assert verdict.details["outputs"]["action"] == "log"
        assert verdict.details["rows"] >= 2500
        assert "retrain" not in run.jobs

    def test_second_window_retrains(self, scene, first):
        """Drift that stays, and labels that prove the loss, are red and ask GitHub for a release on the newest rows."""
        with github_api.running() as api:
            options = ("--env", f"GITHUB_API_URL={api.url}", "--secret", "GITHUB_TOKEN=of-the-test")
            run = drift(scene, first, payments(scene, *AUGUST).iloc[2500:5000], *options)
        assert run.jobs == {"drift": "failure", "retrain": "success"}, str(run)
        verdict = run.verdict("drift", "check_drift")
        assert verdict.decision == REJECT
        assert verdict.details["outputs"]["action"] == "retrain"
        rejecting = {check.name for check in verdict.checks if check.decision == REJECT}
        assert rejecting >= {"feature drift", "performance"}
        (request,) = api.seen
        assert request == (
            "/repos/you/model/actions/workflows/release.yml/dispatches",
            "Bearer of-the-test",
            {"ref": "main", "inputs": {"window": "sliding"}},
        )

    @pytest.mark.slow
    def test_retrained_model_takes_over(self, scene, first):
        """The dispatched release is gated against the champion and rolled out step by step, and no request fails."""
        rows = requests.payload(payments(scene, *AUGUST), first.bundle.contract)
        with Traffic(scene.url, itertools.cycle(rows), RATE) as traffic:
            second = release(scene, "workflow_dispatch", "--input", "window=sliding", variables=scene.on_docker)
        assert not traffic.failures, traffic.failures[:5]
        assert len(traffic.answers) >= 20_000
        assert {answer.version for answer in traffic.answers} == {"1.0.0", second.bundle.version}
        assert second.run.verdict("release", "gate").details["champion"]["location"] == first.image
        rollout = second.run.verdict("rollout", "rollout")
        assert [step["weight"] for step in rollout.details["history"]][-5:] == [5, 25, 50, 100, 100]
        assert production(scene) == second.image.partition("@")[2] != first.image.partition("@")[2]
        assert requesting.version(scene.url)["bundle"] == second.bundle.digest
        entry = scene.recorded[-1]
        assert (entry["from"]["location"], entry["to"]["location"]) == (first.image, second.image)


@dataclass(frozen=True)
class Held:
    """A release that the gate held: where, its run, and the digest of the champion before it."""

    scene: Scene
    run: Run
    before: str | None


@pytest.fixture(scope="module")
def fresh(new_scene) -> tuple[Scene, Released]:
    """Push to a repository that was just made from the template, and has set nothing."""
    made = new_scene()
    return made, release(made, "push", variables={})


@pytest.fixture(scope="module")
def held(fresh) -> Held:
    """Push a change whose gate says hold."""
    scene, before = fresh
    make_uncertain(scene)
    return Held(scene, scene.act("push", "release.yml"), before.image.partition("@")[2])


class TestFreshRepository:
    """A repository just made from the template: it has set nothing."""

    @pytest.mark.slow
    def test_push_is_green(self, fresh):
        """With no place to serve, what the gate lets through takes the tag `production` at once."""
        scene, released = fresh
        assert set(released.run.jobs.values()) == {"success"}
        assert production(scene) == released.image.partition("@")[2]

    @pytest.mark.slow
    def test_held_release_waits(self, held):
        """A release that the gate holds is green and ends there: no image is built and nothing is registered."""
        assert held.run.code == 0, str(held.run)
        assert held.run.jobs == {"model": "success"}
        assert held.run.verdict("release", "gate").decision == HOLD
        assert production(held.scene) == held.before

    @pytest.mark.slow
    def test_approved_release_goes_on(self, held):
        """A person approves it by dispatch, with a reason; that very model is built and becomes champion."""
        fresh, run = held.scene, approve(held.scene, held.run, "the new trees are worth it")
        assert run.jobs == dict.fromkeys(("approve", "images", "rollout"), "success"), str(run)
        assert production(fresh) != held.before
        state_branch.pull(str(fresh.state_branch), fresh.folder / "state seen")
        events = [(entry["event"], entry["why"]) for entry in ledger.read(fresh.folder / "state seen")]
        assert ("approval", "the new trees are worth it") in events
        assert [event for event, _ in events].count("promotion") == 2

    @pytest.mark.slow
    def test_noise_waits_for_a_person(self, held):
        """Times that settle nothing register nothing; once a person approved the model, taken again they go on."""
        scene, before = held.scene, production(held.scene)
        # Back to the model before the uncertain one, so that the gate promotes and the times alone hold.
        scene.edit("src/workload/model.py", "min_samples_leaf=200", "min_samples_leaf=40")
        scene.set("latency", median_ratio="1.000001", confidence="0.9999", maximum_rounds="1")
        scene.commit("Ask for more than can be timed")
        waiting = scene.act("push", "release.yml")
        assert waiting.jobs == {"model": "success", "images": "success"}, str(waiting)
        assert waiting.verdict("images", "check_serving").decision == HOLD
        assert production(scene) == before
        run = approve(scene, waiting, "the machine was busy")
        assert run.jobs == dict.fromkeys(("approve", "images", "rollout"), "success"), str(run)
        assert run.verdict("images", "check_serving").details["outputs"] == {"approved": "yes"}
        assert production(scene) != before

    def test_drift_skips(self, scene):
        """Without a prediction log the drift check is skipped, not red."""
        run = scene.act("schedule", "drift.yml")
        assert (run.code, run.jobs) == (0, {}), str(run)


def payments(scene: Scene, since: date, until: date) -> pd.DataFrame:
    """Return payments of the clone: July looks like the months before, and in August the world moves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEHOUSE_DATA", str(scene.clone / "data"))
        return workload.find("workload").load(since, until)


def drift(scene: Scene, champion: Released, rows: pd.DataFrame, *options: str) -> Run:
    """Send rows to the servers that the router reaches, and let the clock start drift.yml once they are logged."""
    wanted = len(prediction_log.read(scene.log)) + len(rows)
    for low in range(0, len(rows), 500):
        requesting.predict(scene.url, rows.iloc[low : low + 500], champion.bundle.contract)
    end = time.monotonic() + 30
    while len(prediction_log.read(scene.log)) < wanted and time.monotonic() < end:
        time.sleep(0.2)
    return scene.act("schedule", "drift.yml", *options, variables=scene.on_docker)


def approve(scene: Scene, run: Run, reason: str) -> Run:
    """Approve what a release held, by dispatch; GitHub knows that run under the number 17."""
    options = ("--input", "approve=17", "--input", f"reason={reason}")
    with github_api.running() as api:
        sha = scene.git("rev-parse", "HEAD")
        api.runs["17"] = {"path": ".github/workflows/release.yml", "head_branch": "main", "head_sha": sha}
        asked = ("--env", f"GITHUB_API_URL={api.url}", "--secret", "GITHUB_TOKEN=of-the-test")
        return scene.act("workflow_dispatch", "release.yml", *options, *asked, after=run)


def make_uncertain(scene: Scene) -> None:
    """Commit a model that is a little worse: too little to be proven, too much to be ruled out."""
    scene.edit("src/workload/model.py", "min_samples_leaf=40", "min_samples_leaf=200")
    scene.commit("Ask five times the payments of a leaf")


def spoil(scene: Scene) -> None:
    """Put impossible ages into the clone's data, as a broken export does."""
    path = scene.clone / "data" / "payments.csv.gz"
    payments = pd.read_csv(path)
    payments.loc[payments.index % 50 == 0, "customer_age"] = -1.0
    payments.to_csv(path, index=False)


def started_since(moment: int) -> list[str]:
    """Return the images of the containers that were started since a moment, as the engine remembers them."""
    wanted = ["--filter", "type=container", "--filter", "event=start", "--format", "{{.Actor.Attributes.image}}"]
    return shell.run(
        ["docker", "events", "--since", str(moment), "--until", str(int(time.time()) + 1), *wanted]
    ).splitlines()
