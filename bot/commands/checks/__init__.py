"""The checks of `python -m bot doctor`: each returns findings and changes nothing."""
