"""Matplotlib, as everything here is drawn with it.

Imported on first use: it takes longer than all the rest of a command that draws nothing.
"""

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

__all__ = ["Figure", "FontProperties", "text_to_path"]

# For the whole process, as matplotlib has it: `rc_context` is not safe with threads. The font is
# matplotlib's own and wider than most, so what fits here fits in a reader's font as well.
mpl.rcParams.update(
    {
        "font.sans-serif": ["DejaVu Sans"],
        "svg.fonttype": "none",
        "svg.hashsalt": "prediction-ledger",
        "text.parse_math": False,
        "path.simplify": False,
    }
)
