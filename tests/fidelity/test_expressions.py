import pytest

from localaws.fidelity.expressions import EvaluationFailed, check, evaluate


def test_text_keeps_what_is_not_ascii():
    assert evaluate("$string({'a': $said})", {"said": 'é "漢"'}) == '{"a":"é \\"漢\\""}'


@pytest.mark.parametrize(
    ("expression", "value", "expected"),
    [
        ("$map($v, function($x) { $type($x) })", [1, None, "a"], ["number", "null", "string"]),
        ("$type($v.inner.nothing)", {"inner": {"nothing": None}}, "null"),
        ("$v", {"a": [None, {"b": None}]}, {"a": [None, {"b": None}]}),
    ],
)
def test_a_null_inside_a_variable_is_a_null(expression, value, expected):
    assert evaluate(expression, {"v": value}) == expected


def test_an_expression_that_is_wrong_is_refused_each_time():
    for _ in range(2):
        with pytest.raises(EvaluationFailed, match="is invalid"):
            check("(1")
