"""Files of predictions, read. Pure: bytes → rows and problems → what they ask to be recorded."""

from predictions.importing.findings import Finding
from predictions.importing.folding import Asked, Folded, fold
from predictions.importing.reading import Read, read
from predictions.importing.rows import Row

__all__ = ["Asked", "Finding", "Folded", "Read", "Row", "fold", "read"]
