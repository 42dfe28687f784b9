"""What a sweep does about jobs that say ``expect_success_within``: it tells when one did not run.

A job is late once its last success, or the moment from which it is watched, is longer ago than
it says. That is told once, and once more when it succeeds again. It is watched from the moment
when a sweep first sees what is expected of it, and anew from when a sweep first sees a pause
ended. Of a job that is off in code, or gone, nothing is expected: what ``sweep_watch`` kept of it
is forgotten.

The machine's variables are those of ``sweep_machine``; here are its own:

``$expected``   ``job`` and ``within`` (seconds) of a page
``$from``       the job after which the page begins, '' at the beginning
``$to``         the job with which it ends, '' at the end
``$pages``      how many pages were looked at
``$watched``    the items of these jobs by job, and of those of which nothing is expected
``$findings``   what is to be done, each with ``do``
"""

from __future__ import annotations

from typing import Any, Final

from batch import control
from batch.contract import Platform
from batch.documents import sweep_calls, sweep_watch
from batch.documents.jsonata import expression, text
from batch.documents.statements import Statement, allow
from batch.documents.sweep_bounds import EXPECTED_JOBS, EXPECTED_PAGE, READ_JOBS
from batch.documents.sweep_calls import DONE, call
from batch.documents.sweep_watch import FORGET, NOTE_PAUSE, SAY_AGAIN, SAY_LATE, WATCH, WATCH_ANEW

START: Final = "Read what is expected"
_READ_MORE: Final = "Read what else is expected"
_WATCHED: Final = "Read what is watched"
_COMPARE: Final = "Compare with the last successes"
_SEE: Final = "See to each job"


def states(*, platform: Platform, failure_topic_arn: str, after: str) -> dict[str, Any]:
    """Return the states from :data:`START` on.

    Args:
        after: a Choice, which has :func:`more` among its choices.
    """
    return {
        START: _read(platform, from_="''", pages="1", after=after),
        _READ_MORE: _read(
            platform,
            from_="$to",
            pages="$pages + 1",
            after=after,
            ExclusiveStartKey={
                control.PARTITION_KEY: {"S": control.EXPECTATIONS},
                control.SORT_KEY: {"S": expression("$to")},
            },
        ),
        _WATCHED: _watched(platform, after=after),
        _COMPARE: sweep_calls.each(
            f"$count($expected) = 0 ? [] : $partition($expected, {READ_JOBS})",
            "Read the last successes",
            {"Read the last successes": _compare(platform)},
            assign={
                "findings": expression(_FINDINGS),
                "problems": sweep_calls.noted(),
            },
            failed=sweep_calls.skip_to(
                after, problem="the last successes of jobs are not compared"
            ),
            after=_SEE,
        ),
        _SEE: sweep_calls.each(
            sweep_calls.first("$findings"),
            sweep_watch.START,
            sweep_watch.states(platform=platform, failure_topic_arn=failure_topic_arn),
            assign={
                "left": expression("$left - $count($findings)"),
                "problems": sweep_calls.noted(),
            },
            failed=sweep_calls.skip_to(after, problem="that jobs did not run is not told"),
            after=after,
        ),
        "Too many jobs": sweep_calls.note(
            f"more than {EXPECTED_JOBS} jobs say expect_success_within,"
            " and the rest is not looked at",
            after=after,
            assign={"to": ""},
        ),
    }


def more() -> list[dict[str, Any]]:
    """Return the choices that go on with the next page."""
    last = EXPECTED_JOBS // EXPECTED_PAGE
    return [
        {"Condition": expression(f"$to != '' and $pages < {last}"), "Next": _READ_MORE},
        {"Condition": expression("$to != ''"), "Next": "Too many jobs"},
    ]


def permissions(*, platform: Platform) -> list[Statement]:
    """Return what these states need beyond the topic."""
    return [
        allow(["dynamodb:Query", "dynamodb:BatchGetItem"], [platform.control_table_arn]),
        allow(
            ["dynamodb:DeleteItem"],
            [platform.control_table_arn],
            **{"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [control.WATCH]}},
        ),
    ]


def _read(
    platform: Platform, *, from_: str, pages: str, after: str, **start: Any
) -> dict[str, Any]:
    return call(
        platform,
        "dynamodb:query",
        {
            "TableName": platform.control_table,
            "KeyConditionExpression": "pk = :expectations",
            "ProjectionExpression": "sk, #within",
            "ExpressionAttributeNames": {"#within": "within"},
            "ExpressionAttributeValues": {":expectations": {"S": control.EXPECTATIONS}},
            "Limit": EXPECTED_PAGE,
            **start,
        },
        assign={
            "expected": expression(
                "[$map($states.result.Items, function($i) {"
                " {'job': $i.sk.S, 'within': $number($i.within.N)} })]"
            ),
            "from": expression(from_),
            "to": expression(
                "$exists($states.result.LastEvaluatedKey.sk.S) ?"
                " $states.result.LastEvaluatedKey.sk.S : ''"
            ),
            "pages": expression(pages),
        },
        output={},
        failed=_stop_at(after, "what is expected of jobs is not read"),
        after=_WATCHED,
    )


def _stop_at(after: str, problem: str) -> list[dict[str, Any]]:
    """Return a Catch after which no further page is read."""
    catches = sweep_calls.skip_to(after, problem=problem)
    return [catch | {"Assign": catch["Assign"] | {"to": "", "pages": 0}} for catch in catches]


def _watched(platform: Platform, *, after: str) -> dict[str, Any]:
    """Return the state that reads what is watched between the page's first job and its last.

    Jobs beyond that are those of other pages. A job's name is a letter and then others of
    ``[a-z0-9-]``: a space comes before all of them, a tilde after.
    """
    return call(
        platform,
        "dynamodb:query",
        {
            "TableName": platform.control_table,
            "KeyConditionExpression": "pk = :watch AND sk BETWEEN :from AND :to",
            "ExpressionAttributeValues": {
                ":watch": {"S": control.WATCH},
                ":from": {"S": expression("$from & ' '")},
                ":to": {"S": expression("$to = '' ? '~' : $to")},
            },
            # What is beyond is taken for not watched yet, and its first watch stays as it is.
            "Limit": 2 * EXPECTED_PAGE,
        },
        assign={
            "watched": expression(
                """[$map($states.result.Items, function($i) { {
                'job': $i.sk.S,
                'since': $i.since.S,
                'paused': $i.paused.S,
                'told': $i.told.S,
                'toldAfter': $i.toldAfter.S
                } })]"""
            )
        },
        output={},
        failed=sweep_calls.skip_to(after, problem="what is watched is not read"),
        after=_COMPARE,
    )


def _compare(platform: Platform) -> dict[str, Any]:
    """Return the state that reads the results and the pauses of some jobs and compares.

    One call: at most 100 keys, two of each job and the pause of all.
    """
    return call(
        platform,
        "dynamodb:batchGetItem",
        {
            "RequestItems": {
                platform.control_table: {
                    "ProjectionExpression": "pk, sk, lastSuccess, lastSuccessRun, #until",
                    "ExpressionAttributeNames": {"#until": "until"},
                    "Keys": expression(
                        f"""$append(
                        [$map([$states.input], function($j) {{
                            {{'pk': {{'S': {text(control.JOBS)}}}, 'sk': {{'S': $j.job}}}} }})],
                        $append(
                        [$map([$states.input], function($j) {{
                            {{'pk': {{'S': {text(control.PAUSES)}}}, 'sk': {{'S': $j.job}}}} }})],
                        [{{'pk': {{'S': {text(control.PAUSES)}}},
                            'sk': {{'S': {text(control.EVERY_JOB)}}}}}]))"""
                    ),
                }
            }
        },
        output=expression(_comparison(platform)),
        failed=sweep_calls.give_up(problem=text("the last successes of some jobs are not read")),
        after=DONE,
    )


def _comparison(platform: Platform) -> str:
    """Return the expression for what is to be done about the jobs of the state's input."""
    return f"""(
        $items := $lookup($states.result.Responses, {text(platform.control_table)});
        $time := $toMillis($at);
        $paused := $items[pk.S = {text(control.PAUSES)} and
            ($exists(until.S) ? until.S > $at : true)].sk.S;
        $everyPaused := {text(control.EVERY_JOB)} in $paused;
        $findings := $map([$states.input], function($j) {{(
            $result := $items[pk.S = {text(control.JOBS)} and sk.S = $j.job];
            $success := $result.lastSuccess.S;
            $w := $watched[job = $j.job];
            $isPaused := $everyPaused or $j.job in $paused;
            $from := $max([$toMillis($w.since), $toMillis($success)]);
            $do :=
                $not($exists($w.since)) ? {text(WATCH)} :
                $exists($w.told) and $success > $w.toldAfter ? {text(SAY_AGAIN)} :
                $isPaused ? ($exists($w.paused) ? '' : {text(NOTE_PAUSE)}) :
                $exists($w.paused) ? {text(WATCH_ANEW)} :
                $not($exists($w.told)) and $time - $from > $j.within * 1000 ?
                    {text(SAY_LATE)} : '';
            {{
                'do': $do,
                'job': $j.job,
                'within': $j.within,
                'from': $exists($from) ? $fromMillis($from),
                'since': $do = {text(SAY_AGAIN)} ? $w.told : $w.since,
                'lastSuccess': $success,
                'lastSuccessRun': $result.lastSuccessRun.S
            }}
        )}});
        $missed := $exists($states.result.UnprocessedKeys) and
            $states.result.UnprocessedKeys != {{}};
        $missed ?
            {{'problem': 'DynamoDB did not read the last successes of some jobs'}} :
            {{'findings': [$filter($findings, function($f) {{ $f.do != '' }})]}}
        )"""


_FINDINGS: Final = f"""(
    $forgotten := $filter($watched, function($w) {{
        $exists($w.since) and $not($w.job in $expected.job) }});
    [$append([$states.result.findings],
        [$map($forgotten, function($w) {{ {{'do': {text(FORGET)}, 'job': $w.job}} }})])]
    )"""
"""What is to be done about all jobs of the page."""
