"""Forms that change from one year to the next, by chance: columns, levels, words, units and years of figures."""

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from pipeline.model.edition import Edition, read_edition
from pipeline.source.tree import parse_source, plain
from pipeline.years.comparison import compare
from pipeline.years.comparison_data import comparison_json, summarize
from pipeline.years.draft import next_edition
from pipeline.years.figures import Figures
from pipeline.years.lineage import grouped, lineages
from pipeline.years.pairing import all_years, common_levels
from tests.made_up import FormMaker, items_below


def _keys(data: dict[str, Any]) -> list[str]:
    return [*(level["名称"] for level in data["段"]), data["項目"]["名称"]]


def _renamed(data: dict[str, Any], old: str, new: str) -> None:
    """Another key of a column."""
    if new in data["欄"]:
        return
    data["欄"] = {new if key == old else key: spec for key, spec in data["欄"].items()}
    for item in items_below(data, _keys(data)):
        if old in item:
            item[new] = item.pop(old)


def _reformed(chance: random.Random, data: dict[str, Any]) -> None:
    """Change one thing of the form."""
    columns, items = data["欄"], [*items_below(data, _keys(data))]
    key = chance.choice([*columns])
    spec = columns[key]
    match chance.randrange(10):
        case 0:
            _renamed(data, key, chance.choice([f"令和6年度の{key}", f"令和5年度の{key}", f" {key}", f"新{key}"]))
        case 1 if len(columns) > 1:
            del columns[key]
            for item in items:
                item.pop(key, None)
        case 2:
            data["欄"] = dict(chance.sample([*columns.items()], len(columns)))
        case 3:
            data["欄"] = (
                {"備考欄": {"種類": "文字"}, **columns}
                if chance.random() < 0.5
                else {**columns, "備考欄": {"種類": "文字"}}
            )
            for item in items:
                item["備考欄"] = chance.choice(["あり", "なし", ""])
        case 4 if "年度" in spec:
            spec["年度"] = chance.choice(
                [
                    [*spec["年度"][1:], "令和9年度"],
                    ["令和2年度", *spec["年度"]],
                    [f"{year} " for year in spec["年度"]],
                    ["R1"],
                ]
            )
            for item in items:
                item[key] = [chance.choice(["1", "2,000", "-", "3.5"]) for _ in spec["年度"]]
        case 4 | 5 if spec["種類"] == "数":
            spec["単位"] = chance.choice(["件", "人", "千円"])
        case 6 if "凡例" in spec:
            words = [*spec["凡例"].items()]
            spec["凡例"] = dict(zip((word for word, _ in words), (said for _, said in reversed(words)), strict=True))
        case 6 if isinstance(spec.get("語"), dict):
            spec["語"] = {word: {"継続": "終了", "終了": "継続"}[kind] for word, kind in spec["語"].items()}
        case 7 if data["段"]:
            level = chance.choice(data["段"])
            old, new = level["名称"], f"{level['名称']}別"
            level["名称"] = new
            text = json.dumps(data, ensure_ascii=False).replace(f'"{old}": [', f'"{new}": [')
            data.clear()
            data.update(json.loads(text))
        case 8 if len(data["段"]) < 4:
            top, name = _keys(data)[0], f"大{data['項目']['名称']}"
            if all(level["名称"] != name for level in data["段"]):
                data["段"].insert(0, {"名称": name, "番号": "算用数字"})
                data[name] = [{"名称": "全て", top: data.pop(top)}]
        case _:
            data["表題"] = f"新しい{data['表題']}"
            data["前文"] = chance.choice(["", "変わりました。"])
            data["注"] = {str(at): chance.choice(["注", "別の注"]) for at in range(chance.randint(0, 3))}


def _edited(chance: random.Random, maker: FormMaker, data: dict[str, Any]) -> None:
    """Other items: names, values, 前版NO; some go, some change their places."""
    for item in items_below(data, _keys(data)):
        if chance.random() < 0.4:
            item["前版NO"] = [item["NO"]]
        if chance.random() < 0.3:
            item["名称"] = chance.choice([maker.word(2, 12), f"{item['名称']}の充実"])
        for key, spec in data["欄"].items():
            if key in item and chance.random() < 0.3:
                item[key] = maker._value(spec) or item[key]
        if chance.random() < 0.2:
            item["印"] = [chance.choice([*data["印"]])] if data.get("印") else []


def _read(data: dict[str, Any]) -> Edition:
    if not any(spec["種類"] == "数" and "単位" not in spec for spec in data["欄"].values()):
        for item in items_below(data, _keys(data)):
            item.pop("単位", None)
    text = json.dumps(data, ensure_ascii=False)
    return read_edition(plain(parse_source(Path("chance.yaml"), text.encode()).root))


def reforms() -> Iterator[str]:
    """What becomes of items and columns in the next edition, and over three of them, whose forms differ."""
    for seed in range(9):
        maker, chance = FormMaker(seed + 100), random.Random(seed)
        data = maker.data()
        editions = [_read(data)]
        for at in range(2):
            data = deepcopy(data)
            data["前版"] = f"e{at}"
            for _ in range(chance.randint(0, 4)):
                _reformed(chance, data)
            _edited(chance, maker, data)
            editions.append(_read(data))
        yield from _told(editions)


def _told(editions: list[Edition]) -> Iterator[str]:
    for old, new in (editions[:2], editions[1:], editions[:0:-1]):
        comparison = compare(old, new, "e0", "e1")
        text = comparison_json(comparison)
        yield f"{text}{summarize(text)}{common_levels(old.form, new.form)}"
        both = [pair.both for pair in comparison.columns if pair.both]
        yield repr([(one.key, other.key, [*all_years(one, other)]) for one, other in both])
    named = [(f"e{at}", edition) for at, edition in enumerate(editions)]
    found = lineages(named)
    figures = Figures(editions, [f"令和{year}年度" for year in (4, 5, 6)])
    yield repr((figures.years, [[*figures.lines(one)] for one in found]))
    yield repr([(one.heading, [each.newest.number for each in one.lineages]) for one in grouped(named, found).groups])
    yield next_edition(editions[-1], "h24", "h25")
