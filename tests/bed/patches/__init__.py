"""What MiniStack lacks and Tidegate needs, one module a service; each patch says why it is there.

Behaviour is taken from AWS's documentation and API models. The names that are replaced are MiniStack's own, so its
version is pinned, and `original` fails at once when one is not there any more. `check.py` shows every patch at work.
"""

from types import ModuleType
from typing import Any


def original(module: ModuleType, name: str) -> Any:
    """What is about to be replaced."""
    if not hasattr(module, name):
        raise SystemExit(f"{module.__name__} has no `{name}` in this version of MiniStack: look what took its place")
    return getattr(module, name)


def apply() -> None:
    """Puts all patches on; before the first request."""
    from . import balancers, cloudwatch, faults, route53

    balancers.apply()
    cloudwatch.apply()
    route53.apply()
    faults.apply()
