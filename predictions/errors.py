"""What can go wrong in the domain; mapped to HTTP once, in `api/problems.py`.

PredictionsError
├── Invalid      an input is not acceptable; `field` names it and the message says the fix (400)
├── NotFound     no such object (404)
├── Conflict     the state does not allow it, such as a second outcome (409)
├── Denied       somebody else may, but not who asks; `rule` names the rule (403)
└── Several      some of many acts that are done together, or not at all, were refused
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


class Several(PredictionsError):
    """Some of many acts were refused, so none was done; `refused` are theirs, by question's key."""

    def __init__(self, refused: "dict[str, PredictionsError]") -> None:
        super().__init__("; ".join(f"{key}: {error}" for key, error in refused.items()))
        self.refused = refused
