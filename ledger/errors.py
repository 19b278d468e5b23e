"""What can go wrong in the ledger.

LedgerError
├── EncodingError          a value is outside the canonical set; names its path
├── NoteError              a signed note, checkpoint or key is malformed or not signed as it says
├── RolesError             the database's two roles cannot be set up; says what to do
├── OutsideTransaction     an entry would not stand or fall with the rows it describes
└── NotSnapshot            verification was asked for inside somebody else's transaction
"""


class LedgerError(Exception):
    """Root of every error this app raises."""


class EncodingError(LedgerError, ValueError):
    """A value without a canonical encoding. `path` says where: `body.facts.score[2].p`."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path


class NoteError(LedgerError, ValueError):
    """A signed note, checkpoint or key that is malformed, or a signature that does not hold."""


class RolesError(LedgerError):
    """The owner's and the service's role cannot be set up. One line: what is wrong, what to do."""


class OutsideTransaction(LedgerError):
    """`append` was called with no transaction open."""


class NotSnapshot(LedgerError):
    """Verification needs a transaction of its own, to see one moment of the database."""
