"""What can go wrong in the domain; mapped to HTTP once, in `api/problems.py`.

PredictionsError
├── Invalid      an input is not acceptable; `field` names it and the message says the fix (400)
├── NotFound     no such object (404)
├── Conflict     the state does not allow it, such as a second outcome (409)
└── Denied       somebody else may, but not who asks; `rule` names the rule (403)
"""


class PredictionsError(Exception):
    """Root of every error this app raises."""


class Invalid(PredictionsError):
    """An input is not acceptable. `field` is its name as the caller knows it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class NotFound(PredictionsError):
    """No such object."""


class Conflict(PredictionsError):
    """What was asked does not fit what is already recorded."""


class Denied(PredictionsError):
    """Somebody else must do it. `rule` says by which rule, as problems and pages know it."""

    def __init__(self, rule: str, problem: str) -> None:
        super().__init__(problem)
        self.rule = rule
