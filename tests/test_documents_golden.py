"""Every document is what its golden file says, compared as data.

``BATCH_GOLDEN=write pytest tests/test_documents_golden.py`` writes the files anew. Read the
difference before you commit it: it is what AWS will be told.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.documents_examples import DOCUMENTS

GOLDEN = Path(__file__).parent / "golden"


def text(document):
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_is_what_its_golden_file_says(name):
    path = GOLDEN / f"{name}.json"
    if os.environ.get("BATCH_GOLDEN") == "write":
        path.write_text(text(DOCUMENTS[name]))

    assert json.loads(path.read_text()) == json.loads(text(DOCUMENTS[name]))


def test_every_golden_file_has_its_document():
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(DOCUMENTS)
