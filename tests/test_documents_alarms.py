"""What is watched, and what is shown of it."""

from __future__ import annotations

import re

import pytest

from batch.documents import alarms, dashboard, metrics
from batch.documents.metrics import Metric
from tests.documents_examples import PLATFORM

RULES = {"success": "batch-success-0a1b2c3", "failure": "batch-failure-4d5e6f7"}
ALARMS = alarms.of_platform(platform=PLATFORM, rules=RULES)
OWN = ("recorder", "sweep")

UNITS = {"StateMachineArn", "ScheduleGroup", "RuleName", "Platform"}
"""By what AWS, or the platform, tells one thing from another in its metrics."""


def shown(**given):
    values = {"container_insights": True, "queue_names": ["q1", "q2"], "alarm_arns": ["a"]}
    return dashboard.body(platform=PLATFORM, **{**values, **given})


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_is_about_this_platform_alone(name):
    dimensions = ALARMS[name].dimensions

    assert set(dimensions) <= UNITS
    assert [value for value in dimensions.values() if "batch" in value] == [*dimensions.values()]


@pytest.mark.parametrize("machine", OWN)
def test_every_end_of_the_platforms_machines_but_success_is_told(machine):
    watched = {
        alarm.metric
        for alarm in ALARMS.values()
        if alarm.dimensions == {"StateMachineArn": own_arn(machine)}
        and alarm.comparison == "GreaterThanThreshold"
    }

    assert watched == {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"}


def own_arn(machine):
    return PLATFORM.own_machine_arn(f"batch-stg_{machine}")


def test_a_sweep_that_does_not_run_is_told_within_the_hour():
    silent = ALARMS["sweep-silent"]

    assert (silent.metric, silent.period_seconds) == ("ExecutionsSucceeded", 3600)
    assert (silent.comparison, silent.threshold) == ("LessThanThreshold", 1)
    assert silent.missing == "breaching"


def test_no_data_is_no_alarm_where_a_metric_is_there_only_if_something_happens():
    kept = {name for name, alarm in ALARMS.items() if alarm.missing != "notBreaching"}

    assert kept == {"sweep-silent", "over-limit"}


@pytest.mark.parametrize("metric", Metric)
def test_what_the_platforms_machines_put_is_watched(metric):
    put = metrics.put(platform=PLATFORM, metric=metric, value=1)
    [data] = put["MetricData"]
    watched = [
        alarm.dimensions
        for alarm in ALARMS.values()
        if (alarm.namespace, alarm.metric) == (put["Namespace"], data["MetricName"])
    ]

    assert watched == [{one["Name"]: one["Value"]} for one in data["Dimensions"]]


@pytest.mark.parametrize("name", ALARMS)
def test_the_text_of_an_alarm_says_more_than_that_there_is_one(name):
    """PutMetricAlarm takes 1,024 characters."""
    assert 40 < len(ALARMS[name].description) <= 1024


# The dashboard


def test_every_graph_is_of_the_platforms_region():
    regions = {
        widget["properties"]["region"]
        for widget in shown()["widgets"]
        if widget["type"] == "metric"
    }

    assert regions == {PLATFORM.region}


def test_no_two_widgets_overlap():
    places = [
        (x, y)
        for widget in shown()["widgets"]
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(places) == len(set(places))
    assert {x for x, _ in places} == set(range(24))


def searches():
    return [
        metric[0]["expression"]
        for widget in shown()["widgets"]
        for metric in widget["properties"].get("metrics", [])
        if isinstance(metric[0], dict)
    ]


def test_runs_failures_durations_and_throttles_are_shown_by_job():
    by_job = [text for text in searches() if "{AWS/States,StateMachineArn}" in text]
    found = {re.search(r'MetricName="(\w+)"', text)[1] for text in by_job}

    assert found == {
        "ExecutionsStarted",
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "ExecutionsAborted",
        "ExecutionTime",
        "ExecutionThrottled",
    }
    assert [
        text for text in by_job if "StateMachineArn=batch StateMachineArn=stg" not in text
    ] == []


@pytest.mark.parametrize("machine", OWN)
def test_the_platforms_own_machines_are_not_shown_as_jobs(machine):
    excluded = f'NOT StateMachineArn="{own_arn(machine)}"'

    assert [text for text in searches() if "States" in text and excluded not in text] == []


def test_a_search_is_as_long_as_cloudwatch_takes():
    """1,024 characters ("CloudWatch search expression quotas")."""
    assert max(len(text) for text in searches()) <= 1024
