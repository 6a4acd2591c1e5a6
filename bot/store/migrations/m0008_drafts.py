"""Drafts; requests whose message is not the response to their interaction."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    # 1 if the response to the token's interaction is another message.
    "ALTER TABLE requests ADD COLUMN apart INTEGER NOT NULL DEFAULT 0",
    # `prompts` and `reference_pictures` are JSON lists, since they are always read as a whole.
    """
    CREATE TABLE drafts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        user_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        prompt TEXT NOT NULL,
        prompts TEXT NOT NULL,
        size TEXT NOT NULL,
        resolution TEXT NOT NULL,
        google_search INTEGER NOT NULL,
        google_image_search INTEGER NOT NULL,
        spoiler INTEGER NOT NULL,
        style TEXT NOT NULL,
        style_text TEXT NOT NULL,
        private INTEGER NOT NULL,
        count INTEGER NOT NULL,
        price_microcredits INTEGER NOT NULL,
        reference_pictures TEXT NOT NULL,
        parent_job_id INTEGER REFERENCES jobs (id),
        answer TEXT CHECK (answer IN ('made', 'dropped')),
        created_at INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX drafts_created ON drafts (created_at)",
)
