"""The commands and the example of README.md, so that what is run and what is printed there cannot part.

    python tests/readme.py test        the fenced block after the comment <!-- test -->

The marks in README.md: install, test, example (Python), output (what the example prints).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def block(mark: str) -> str:
    """The text of the first fenced block after `<!-- mark -->`. Raises LookupError when there is none."""
    found = re.search(rf"<!-- {re.escape(mark)} -->.*?^```\w*\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    if not found:
        raise LookupError(f"README.md has no fenced block after <!-- {mark} -->")
    return found[1]


if __name__ == "__main__":
    print(block(sys.argv[1]), end="")
