"""Where a request's time went."""

from __future__ import annotations

from inference_svc.engine.events import RequestStats
from inference_svc.engine.job import Timeline
from inference_svc.work import Kind


def test_a_request_that_never_worked_spent_its_time_in_the_queue() -> None:
    assert Timeline(begun=1.0).stats(4.0) == RequestStats(3.0, 0.0, 0.0, 0.0, 3.0, 0, 0.0)


def test_each_moment_belongs_to_the_work_that_ended_it_and_all_add_up() -> None:
    timeline = Timeline(begun=0.0)
    timeline.worked(Kind.ENCODE_PROMPT, 1.0, 2.0)
    timeline.worked(Kind.DENOISE, 4.0, 5.0)
    timeline.worked(Kind.DECODE, 5.0, 6.0)
    stats = timeline.stats(8.0)
    assert (stats.queue_s, stats.encode_s, stats.denoise_s, stats.decode_s) == (1.0, 1.0, 3.0, 3.0)
    assert stats.total_s == 8.0


def test_encoding_counts_pictures_and_prompts() -> None:
    timeline = Timeline(begun=0.0)
    timeline.worked(Kind.ENCODE_IMAGE, 0.0, 1.0)
    timeline.worked(Kind.ENCODE_PROMPT, 1.0, 3.0)
    assert timeline.stats(3.0).encode_s == 3.0


def test_upscaling_counts_as_decoding_so_that_the_parts_add_up() -> None:
    timeline = Timeline(begun=0.0)
    timeline.worked(Kind.DECODE, 0.0, 1.0)
    timeline.worked(Kind.UPSCALE, 1.0, 4.0)
    assert (timeline.stats(4.0).decode_s, timeline.stats(4.0).total_s) == (4.0, 4.0)


def test_the_mean_of_the_batches_is_weighted_by_rows() -> None:
    timeline = Timeline(begun=0.0)
    timeline.evaluated(1, 8)
    timeline.evaluated(3, 4)
    stats = timeline.stats(0.0)
    assert (stats.evaluations, stats.mean_batch_rows) == (4, 5.0)
