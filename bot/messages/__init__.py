"""Discord messages kept equal to their rows: reconciler, fallback chain, attachments, deletion."""
