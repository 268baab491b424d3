"""What the tests share: an empty project folder, and small editions to break."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# A small edition without errors and without warnings. Made up for the tests.
HEALTHY = """\
表題: 試験一覧
自治体: 試験市
凡例:
  ◎: 実施済
  ○: 継続推進
  ×: 検討中
今後の取扱い:
  完了: 終了
  継続: 継続
推進方針:
  - 名称: 方針一
    推進施策:
      - 名称: 施策一
        推進項目:
          - NO: 1
            名称: 項目一
            実施状況: ◎
            今後の取扱い: 完了
            検証内容: 終わった。
          - NO: 2
            名称: 項目二
            実施状況: ○
            今後の取扱い: 継続
      - 名称: 施策二
        推進項目:
          - NO: 3
            名称: 項目三
            実施状況: ×
            今後の取扱い: 継続
            検証内容: 検討する。
          - 再掲: 1
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder, which is also the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "source").mkdir()
    return tmp_path
