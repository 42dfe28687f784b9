"""Alarms and dashboards."""

from __future__ import annotations

from typing import Any

from localaws.monitor import Made
from localaws.provision.registry import Inputs, Order, makes
from localaws.provision.shapes import present, tag_list


def _dimensions(dimensions: dict[str, str] | None) -> list[dict[str, str]] | None:
    if dimensions is None:
        return None
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


def _query(query: dict[str, Any]) -> dict[str, Any]:
    metric = query.get("metric")
    return present(
        Id=query["id"],
        AccountId=query.get("accountId"),
        Expression=query.get("expression"),
        Label=query.get("label"),
        Period=query.get("period"),
        ReturnData=query.get("returnData"),
        MetricStat=metric
        and present(
            Metric=present(
                Namespace=metric.get("namespace"),
                MetricName=metric["metricName"],
                Dimensions=_dimensions(metric.get("dimensions")),
            ),
            Period=metric["period"],
            Stat=metric["stat"],
            Unit=metric.get("unit"),
        ),
    )


def alarm_request(inputs: Inputs, name: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of PutMetricAlarm."""
    queries = inputs.get("metricQueries")
    return present(
        AlarmName=name,
        AlarmDescription=inputs.get("alarmDescription"),
        ActionsEnabled=inputs.get("actionsEnabled"),
        AlarmActions=inputs.get("alarmActions"),
        OKActions=inputs.get("okActions"),
        InsufficientDataActions=inputs.get("insufficientDataActions"),
        Namespace=inputs.get("namespace"),
        MetricName=inputs.get("metricName"),
        Dimensions=_dimensions(inputs.get("dimensions")),
        Statistic=inputs.get("statistic"),
        ExtendedStatistic=inputs.get("extendedStatistic"),
        Period=inputs.get("period"),
        Unit=inputs.get("unit"),
        EvaluationPeriods=inputs.get("evaluationPeriods"),
        DatapointsToAlarm=inputs.get("datapointsToAlarm"),
        Threshold=inputs.get("threshold"),
        ThresholdMetricId=inputs.get("thresholdMetricId"),
        ComparisonOperator=inputs.get("comparisonOperator"),
        TreatMissingData=inputs.get("treatMissingData"),
        Metrics=queries and [_query(query) for query in queries],
        Tags=tag_list(tags) or None,
    )


@makes(
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "name alarmDescription actionsEnabled alarmActions okActions insufficientDataActions "
    "namespace metricName dimensions statistic extendedStatistic period unit evaluationPeriods "
    "datapointsToAlarm threshold thresholdMetricId comparisonOperator treatMissingData "
    "metricQueries tags",
)
def metric_alarm(order: Order) -> Made:
    """Make an alarm. moto gives the metrics of AWS services no data: it stays quiet."""
    name = order.name()
    order.client("cloudwatch").put_metric_alarm(**alarm_request(order.inputs, name, order.tags()))
    return Made(name, {"arn": order.arn("cloudwatch", f"alarm:{name}"), "name": name})


def dashboard_request(inputs: Inputs) -> dict[str, Any]:
    """Return the parameters of PutDashboard."""
    return {
        "DashboardName": inputs["dashboardName"],
        "DashboardBody": inputs["dashboardBody"],
    }


@makes("aws:cloudwatch/dashboard:Dashboard", "dashboardName dashboardBody")
def dashboard(order: Order) -> Made:
    """Make a dashboard."""
    order.client("cloudwatch").put_dashboard(**dashboard_request(order.inputs))
    name = str(order.inputs["dashboardName"])
    return Made(name, {"dashboardArn": order.arn("cloudwatch", f"dashboard/{name}", region="")})
