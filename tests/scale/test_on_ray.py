import importlib.util
import json
import os
import pickle
import queue
import random
import sys
import time

import pytest
from PIL import Image

from impasto.errors import InputError, MissingExtraError, OutputError
from impasto.scale import on_ray
from impasto.scale.api import open_run, paint_run, plan, run
from impasto.scale.on_ray import ActorHere, ClusterError, RayWork, ShardActor, actors_for
from impasto.scale.run_progress import progress
from impasto.scale.sessions import Session, sessions_in
from impasto.scale.worker import Worker

from .conftest import PoolHere, files_of
from .test_faults import FAULTS, many


@pytest.fixture
def begun(photos, tmp_path, worker):
    """A run of three shards."""
    plan(photos, tmp_path / "job", shard_pictures=2)
    return open_run(tmp_path / "job", tmp_path / "out", worker, "ray", 2)


def test_actors_leave_a_cpu_to_what_else_has_to_run():
    assert actors_for(8, 0, 1000) == (7, 7, 1.0)
    assert actors_for(8, 3, 1000) == (3, 3, 1.0)
    assert actors_for(2, 2, 1000) == (1, 2, 1.0)
    assert actors_for(1, 2, 1000) == (1, 2, 0.5)
    assert actors_for(64, 0, 5) == (5, 5, 1.0)
    assert actors_for(0, 100, 50) == (1, 50, 0.5)


def test_pictures_without_a_plan_are_cut_into_shards_for_all_actors_also_of_a_cluster_of_unknown_size(tmp_path, worker):
    (tmp_path / "in").mkdir()
    for number in range(200):
        (tmp_path / f"in/{number}.jpg").touch()
    for processes, shards in ((2, 17), (None, 200)):
        begun = open_run(tmp_path / "in", tmp_path / "out", worker, "ray", processes)
        assert begun.records().job.about["shards"] == shards


def test_an_actor_paints_a_shard_and_gives_back_one_that_is_done(begun, monkeypatch):
    monkeypatch.setattr(on_ray, "Pool", PoolHere)
    actor, shard = ShardActor(begun), next(iter(begun.records().job.shards()))
    made = actor({"shard": shard.to_json()})
    assert [result["status"] for result in json.loads(made["results"])] == ["written", "written"]
    assert actor({"shard": shard.to_json()}) == {"results": "[]", "error": ""}
    assert [one["run"] for one in sessions_in(begun.job)] == [begun.records().id]


def test_masks_are_found_from_the_folder_of_the_command_wherever_an_actor_runs(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(on_ray, "Pool", PoolHere)
    monkeypatch.chdir(tmp_path)
    Image.new("L", (48, 32), 255).save("mask.png")
    begun = open_run(photos / "p0.jpg", tmp_path / "out", Worker("scream", mask="mask.png"), "ray", 2)
    work = RayWork(ShardActor, (begun,), [], begun.job, begun.records().id)
    monkeypatch.chdir(tmp_path.parent)
    (shard,) = begun.records().job.shards()
    made = ActorHere(pickle.loads(pickle.dumps(work)))({"shard": shard.to_json()})
    assert [result["status"] for result in json.loads(made["results"])] == ["written"]


def test_an_actor_that_cannot_begin_or_write_says_so_instead_of_being_started_for_ever(begun, tmp_path, monkeypatch):
    monkeypatch.setattr(on_ray, "Pool", PoolHere)
    actor, shard = ShardActor(begun), next(iter(begun.records().job.shards()))
    (tmp_path / "job/plan.json").unlink()
    assert "There is no plan in" in actor({"shard": shard.to_json()})["error"]


def test_a_cluster_on_which_nothing_begins_is_given_up(begun, monkeypatch):
    monkeypatch.setattr(on_ray, "_LONGEST_SILENCE", 0.3)
    monkeypatch.setattr(on_ray, "_POLL", 0.05)
    records, nothing = begun.records(), queue.Queue()
    work = RayWork(ShardActor, (begun,), [], begun.job, records.id)
    with pytest.raises(ClusterError, match="has 4 CPUs, and none of them has begun to paint"):
        list(on_ray._arrived(nothing, work, "The cluster has 4 CPUs"))
    with Session(records.job.place, records.id):  # an actor at work is waited for
        arriving, started = queue.Queue(), time.monotonic()
        rows = on_ray._arrived(arriving, work, "The cluster has 4 CPUs")
        monkeypatch.setattr(on_ray, "_POLL", 0.6)
        arriving.put({"results": "[]", "error": ""})
        arriving.put(None)
        assert list(rows) == [{"results": "[]", "error": ""}]
        assert time.monotonic() - started < 5


def test_what_ends_the_run_on_a_cluster_is_one_sentence(begun, monkeypatch):
    shards = list(begun.records().job.shards())
    monkeypatch.setattr(on_ray, "work_on_ray", lambda *_: iter([{"results": "[]", "error": "The disk is full."}]))
    with pytest.raises(OutputError, match="The disk is full"):
        list(on_ray.paint_on_ray(begun, shards, "ray", 2))
    arriving = queue.Queue()
    arriving.put(RuntimeError("the head is gone\nand more"))
    work = RayWork(ShardActor, (begun,), [], begun.job, begun.records().id)
    with pytest.raises(ClusterError, match=r"Ray has stopped .the head is gone.; the same command goes on"):
        list(on_ray._arrived(arriving, work, ""))


def test_without_ray_the_extra_is_named(photos, tmp_path, worker, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"--on ray needs an optional package: .*\[ray\]"):
        run(photos, tmp_path / "out", worker, on="ray")


class TestWithRay:
    """With Ray itself, which takes half a minute to start."""

    @pytest.fixture(autouse=True)
    def _ray(self, monkeypatch):
        if importlib.util.find_spec("ray") is None:  # importing it would have it choose a token
            pytest.skip("Ray is not installed; the extra ray brings it")
        monkeypatch.delenv("RAY_ADDRESS", raising=False)
        yield  # the token of the first cluster stays in the environment, since Ray keeps it in the process as well
        os.environ.pop("RAY_worker_niceness", None)

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore")
    def test_actors_write_the_files_that_the_local_pool_writes(self, photos, tmp_path, worker):
        assert run(photos, tmp_path / "ray", worker, on="ray", processes=2).counts == {"written": 6}
        run(photos, tmp_path / "local", worker, processes=1)
        assert files_of(tmp_path / "ray") == files_of(tmp_path / "local")
        (found,) = progress(tmp_path / "ray")
        assert (found.done, found.left) == (6, 0)

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore")
    def test_a_video_on_a_cluster_is_the_file_of_one_run(self, tmp_path):
        pytest.importorskip("av")
        from impasto import scale, stylize_video
        from video.clips import make_clip

        video, how = make_clip(tmp_path / "in.mp4", frames=60), {"stabilize": "off"}
        stylize_video(video, "scream", output=tmp_path / "whole.mp4", **how)
        report = scale.stylize_video(video, "scream", output=tmp_path / "ray.mp4", on="ray", processes=1, **how)
        assert report.frames == 60
        assert (tmp_path / "ray.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore")
    def test_nodes_that_are_killed_ten_times_cost_nothing(self, photo, tmp_path, worker, monkeypatch):
        from ray.cluster_utils import Cluster

        source, random_moments = many(tmp_path / "in", photo, 20 * FAULTS), random.Random(3)
        plan(source, tmp_path / "job", shard_pictures=5)
        monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
        monkeypatch.setenv("RAY_worker_niceness", "0")
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
        second = cluster.add_node(num_cpus=2)
        monkeypatch.setenv("RAY_ADDRESS", cluster.address)
        names, kills, next_kill = [], 0, 3
        try:
            begun = open_run(tmp_path / "job", tmp_path / "out", worker, "ray", 3)
            for result in paint_run(begun, "ray", 3):
                names.append(result.name)
                if kills < FAULTS and len(names) >= next_kill:
                    time.sleep(random_moments.uniform(0, 1))
                    cluster.remove_node(second, allow_graceful=False)
                    second = cluster.add_node(num_cpus=2)
                    kills, next_kill = kills + 1, len(names) + random_moments.randint(5, 18)
        finally:
            cluster.shutdown()
        assert kills == FAULTS
        assert {*names} <= {file.name for file in source.iterdir()}
        (found,) = progress(tmp_path / "job")
        assert (found.done, found.left, found.failed) == (20 * FAULTS, 0, [])
        made = files_of(tmp_path / "out")
        assert made == {file.name: worker(file.read_bytes())[0] for file in source.iterdir()}

    def test_an_address_in_the_environment_at_which_nothing_is_is_one_sentence(
        self, photos, tmp_path, worker, monkeypatch
    ):
        monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
        with pytest.raises(InputError, match=r"at 127\.0\.0\.1:9, which RAY_ADDRESS names"):
            run(photos, tmp_path / "out", worker, on="ray")

    @pytest.mark.filterwarnings("ignore")
    def test_a_server_that_is_not_there_is_one_sentence(self, photos, tmp_path, worker):
        with pytest.raises(InputError, match=r"There is no cluster of Ray's at ray://127.0.0.1:9"):
            run(photos, tmp_path / "out", worker, on="ray://127.0.0.1:9")
