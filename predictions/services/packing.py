"""Long texts in small: as an attachment holds them, and erasure reads and writes them again."""

import base64
import zipfile
from io import BytesIO

# Of every file: the same text gives the same bytes.
_WHEN = (1980, 1, 1, 0, 0, 0)
ZIP = "application/zip"


def packed(name: str, text: str) -> str:
    """A zip with one file of that name, in base64."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as opened:
        file = zipfile.ZipInfo(name, _WHEN)
        file.compress_type = zipfile.ZIP_DEFLATED
        opened.writestr(file, text.encode())
    return base64.b64encode(archive.getvalue()).decode()


def unpacked(content: str) -> tuple[str, str]:
    """Name and text of what `packed` made."""
    with zipfile.ZipFile(BytesIO(base64.b64decode(content))) as opened:
        [name] = opened.namelist()
        return name, opened.read(name).decode()
