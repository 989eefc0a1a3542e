"""The guide's chapters run as programs, and open as notebooks in both languages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "examples" / "guide"
CHAPTERS = sorted(GUIDE.glob("[0-9][0-9]_*.py"))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_runs(chapter: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib (extra examples) is not installed")
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT), "GUIDE_OUT": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, str(chapter)], capture_output=True, text=True, env=environment, cwd=ROOT, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert not re.search("warning", done.stderr, re.IGNORECASE), done.stderr
    for picture in re.findall(r"picture: (.*)", done.stdout):
        assert Path(picture).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_is_a_notebook_in_korean_and_english(chapter: Path) -> None:
    cells = re.split(r"^# %%", chapter.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    texts = [cell for cell in cells if cell.startswith(" [markdown]")]
    codes = [cell for cell in cells if not cell.startswith(" [markdown]")]
    assert texts and codes
    for text in texts:
        assert all(line.startswith("#") or not line for line in text.splitlines()[1:])
        assert re.search("[가-힣]", text) and re.search(r"[A-Za-z]{2,} [a-z]{2,}|Try it", text), text[:200]
    compile("".join(code.partition("\n")[2] for code in codes), chapter.name, "exec")


def test_the_index_names_every_chapter() -> None:
    index = (GUIDE / "README.md").read_text(encoding="utf-8")
    assert CHAPTERS
    for chapter in CHAPTERS:
        assert index.count(f"`{chapter.name}`") == 1
