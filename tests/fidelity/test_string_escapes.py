import json

SAID = 'say "hi" \\ and\nleave \u00e9'


def test_a_text_keeps_what_its_escapes_mean(aws, without):
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "Keep",
        "States": {
            "Keep": {"Type": "Pass", "Assign": {"kept": {"list": [SAID]}}, "Next": "Tell"},
            "Tell": {"Type": "Pass", "Output": "{% $kept.list[0] %}", "End": True},
        },
    }

    def told() -> str:
        return json.loads(aws.run(definition)["output"])

    assert told() == SAID
    with without("string_escapes"):
        assert told() != SAID
