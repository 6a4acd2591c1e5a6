"""The job queue: admission, pipeline, polling, the submission gate, rate limiter, error policy."""
