"""The form that a request was sent with, by the interaction that opened it; a form sent again is deduplicated."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    "ALTER TABLE requests ADD COLUMN form_id INTEGER",
    "CREATE INDEX requests_form ON requests (form_id) WHERE form_id IS NOT NULL",
)
