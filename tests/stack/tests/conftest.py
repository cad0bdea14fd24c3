"""What holds for every test of the stack itself."""

import signal


def pytest_configure() -> None:
    """Started in the background by a shell, pytest and its children would ignore the SIGINT that the tests send."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
