"""What can go wrong in the ledger.

LedgerError
├── EncodingError          a value is outside the canonical set; names its path
├── NoteError              a signed note, checkpoint or key is malformed or not signed as it says
├── DifferentEntry         the log holds an entry with this uuid that says something else
├── RolesError             the database's two roles cannot be set up; says what to do
├── OutsideTransaction     an entry would not stand or fall with the rows it describes
├── NotSnapshot            verification was asked for inside somebody else's transaction
├── CannotResume           verification cannot go on from where one ended before
├── OutOfRange             the log has no such entry or size; names the argument
├── NotSigned              no checkpoint covers it yet
├── DoesNotHold            what the database holds of the log contradicts itself
└── WillNotSign            no checkpoint is signed; says what is wrong and what to do
    ├── KeyUnusable        the signing key is missing, malformed, or not the one the log knows
    ├── MemoryUnusable     the signer's state file is damaged, or of another ledger
    ├── SignerBusy         somebody else holds the signer's lock for too long
    └── DoesNotExtend      the log is not what was signed before, with entries added to it
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


class DifferentEntry(LedgerError):
    """An entry was sent again under its uuid, with another body."""


class RolesError(LedgerError):
    """The owner's and the service's role cannot be set up. One line: what is wrong, what to do."""


class OutsideTransaction(LedgerError):
    """`append` was called with no transaction open."""


class NotSnapshot(LedgerError):
    """Verification needs a transaction of its own, to see one moment of the database."""


class CannotResume(LedgerError):
    """What was verified before is not what is there now, or was never verified."""


class OutOfRange(LedgerError, ValueError):
    """A proof was asked for of an entry or a size that the log does not have."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class NotSigned(LedgerError):
    """No checkpoint covers what is to be proved; there will be one."""


class DoesNotHold(LedgerError):
    """What the database holds of the log contradicts itself, so nothing is proved from it."""


class WillNotSign(LedgerError):
    """No checkpoint is signed. The message says what is wrong and what to do about it."""


class KeyUnusable(WillNotSign):
    """A signing key that is missing, malformed, or not the one the log knows. Never shows a key."""


class MemoryUnusable(WillNotSign):
    """What the signer remembers, its state file, is damaged or belongs to another ledger."""


class SignerBusy(WillNotSign):
    """Another signing is under way for too long, or somebody only holds its lock."""


class DoesNotExtend(WillNotSign):
    """The log, or its checkpoints, are not those signed before with something added."""
