"""`make status`: what a department is reminded of."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.library import Library
from pipeline.office import status

from .conftest import HEALTHY


@pytest.mark.parametrize(
    ("items", "said"),
    [
        (10, "、NO 19の実施状況、NO 20の実施状況が、まだ「未記入」です。"),
        (11, "、NO 19の実施状況、NO 20の実施状況など11か所が、まだ「未記入」です。"),
    ],
)
def test_a_reminder_names_ten_cells_at_most(
    items: int, said: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = "          - {{NO: {}, 名称: 項目の{}, 実施状況: 未記入, 今後の取扱い: 継続, 担当課: 公園課}}\n"
    rows = "".join(row.format(number, number) for number in range(11, 11 + items))
    path = project / "source/test.yaml"
    path.write_text(HEALTHY.replace("          - 再掲: 1\n", rows), "utf-8")
    monkeypatch.setattr(status, "read_replies", lambda _: SimpleNamespace(departments={"公園課"}))
    assert said in status.status(path, Library())
