"""Editions of made-up forms: any levels, columns and contents, of words that are in no program."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

# Kanji of which no word of the default form is made.
KANJI = "雨雲風星花鳥魚虫石竹糸貝音色夏冬朝夕昼夜青赤白黒春秋麦米茶酒油塩豆芋栗柿桃梅松杉"
NUMBERINGS = ("ローマ数字", "括弧", "算用数字", "自由", "なし")
KINDS = ("記号", "語", "数", "数", "課", "文字", "日付", "文章", "文章")
SIGNS = "ABCDEFGS◎○△▲×◇◆★"


def text_of(data: Mapping[str, Any]) -> str:
    """The edition as a source."""
    return yaml.safe_dump(dict(data), allow_unicode=True, sort_keys=False, width=10_000)


def items_below(data: Mapping[str, Any], keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Every item below `data`; `keys` are those of the levels and of the items."""
    for one in data[keys[0]]:
        if keys[1:]:
            yield from items_below(one, keys[1:])
        else:
            yield one


class FormMaker:
    """Makes an edition of a form by chance; the same `seed` makes the same one."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.taken: set[str] = set()

    def word(self, least: int = 2, most: int = 5) -> str:
        while True:
            word = "".join(self.chance.choices(KANJI, k=self.chance.randint(least, most)))
            if word not in self.taken:
                self.taken.add(word)
                return word

    def sentence(self, most: int = 120) -> str:
        lines = ["".join(self.chance.choices(KANJI + "、。", k=self.chance.randint(1, most))) for _ in range(2)]
        return "\n".join(lines[: self.chance.choice((1, 1, 1, 2))]).replace("、。", "。")

    def figure(self) -> str:
        sign = self.chance.choice(["", "", "", "▲", "-"])
        number = self.chance.choice(["{:,}", "{}", "{}.5", "{}.25"]).format(self.chance.randint(0, 99_999))
        return self.chance.choice([sign + number] * 8 + ["-", "なし"])

    def edition(self) -> str:
        """The text of the edition."""
        return text_of(self.data())

    def years(self) -> tuple[str, str]:
        """The texts of an edition, and of the one that follows it: `made-up` and, with some other values, `later`."""
        data = self.data()
        before = text_of(data)
        data |= {"前版": "made-up", "年度": self.word()}
        keys = [*(level["名称"] for level in data["段"]), data["項目"]["名称"]]
        for item in items_below(data, keys):
            item["前版NO"] = [item["NO"]]
            for name, spec in data["欄"].items():
                if name in item and self.chance.random() < 0.4:
                    item[name] = self._value(spec) or item[name]
            if self.chance.random() < 0.2:
                item["名称"] = self.word(2, 30)
        return before, text_of(data)

    def data(self) -> dict[str, Any]:
        """The edition as plain data."""
        levels = [
            {"名称": self.word(), "番号": self.chance.choice(NUMBERINGS)} for _ in range(self.chance.randint(0, 4))
        ]
        item = {"名称": self.word(), "番号": self.chance.choice(("NO", "自由", "なし"))}
        columns = self.columns()
        marks = {self.word(): self.sentence(20) for _ in range(self.chance.randint(0, 2))}
        notes = {str(at): self.sentence(40) for at in range(1, self.chance.randint(1, 3))}
        data: dict[str, Any] = {
            "表題": self.word(4, 9),
            "年度": self.word(),
            "段": levels,
            "項目": item,
            "欄": columns,
            "用紙": self.chance.choice(("A4横", "A4横", "A3横", "A4縦")),
            "凡例の場所": self.chance.choice(("各ページ", "一ページ目")),
            **({"印": marks} if marks else {}),
            **({"注": notes} if notes else {}),
        }
        if self.chance.random() < 0.3:
            data |= {"前文": self.sentence(), "後文": self.sentence()}
        self._number = 0
        top = [*levels, item][0]["名称"]
        data[top] = self._below(levels, item, columns, tuple(marks))
        for number in notes:
            data["表題"] += f"※{number}"
        return data

    def columns(self) -> dict[str, dict[str, Any]]:
        """欄, of any kinds."""
        found: dict[str, dict[str, Any]] = {}
        once = {"課", "主", "行方"}
        for kind in self.chance.choices(KINDS, k=self.chance.randint(1, 6)):
            if kind == "課" and "課" not in once:
                continue
            once -= {kind} & {"課"}
            spec: dict[str, Any] = {"種類": kind}
            if kind == "記号":
                signs = self.chance.sample(SIGNS, self.chance.randint(2, 5))
                spec["凡例"] = {sign: self.word(2, 9) for sign in signs}
                if self.chance.random() < 0.5:
                    spec["完了の記号"] = signs[:1]
            elif kind == "語":
                words = [self.word(2, 12) for _ in range(self.chance.randint(2, 4))]
                spec["語"] = words
                if "行方" in once and self.chance.random() < 0.5:
                    once.discard("行方")
                    spec |= {"語": dict(zip(words, ["継続", "終了", "継続", "終了"], strict=False)), "行方": "true"}
            elif kind == "数":
                if self.chance.random() < 0.4:
                    spec["年度"] = [f"令和{year}年度" for year in range(3, 3 + self.chance.randint(1, 3))]
                if self.chance.random() < 0.5:
                    spec["単位"] = self.word(1, 2)
            elif kind == "文章" and self.chance.random() < 0.4:
                spec["段落"] = "下"
            if kind in ("記号", "語") and "主" in once:
                once.discard("主")
                spec["集計"] = "主"
            found[self.word()] = spec
        return found

    def _below(
        self, levels: list[dict[str, str]], item: Mapping[str, str], columns: Mapping[str, Any], marks: tuple[str, ...]
    ) -> list[dict[str, Any]]:
        if not levels:
            return [self._item(item, columns, marks) for _ in range(self.chance.randint(1, 6))]
        inner = [*levels[1:], item][0]["名称"]
        return [
            {
                "名称": self.sentence(20).replace("\n", ""),
                **({"番号": f"{at}-1"} if levels[0]["番号"] == "自由" else {}),
                inner: self._below(levels[1:], item, columns, marks),
            }
            for at in range(1, self.chance.randint(2, 3))
        ]

    def _item(self, item: Mapping[str, str], columns: Mapping[str, Any], marks: tuple[str, ...]) -> dict[str, Any]:
        self._number += 1
        found: dict[str, Any] = {"NO": self._number, "名称": self.word(2, 30)}
        if item["番号"] == "自由":
            found["番号"] = f"{self._number}-1"
        if marks and self.chance.random() < 0.3:
            found["印"] = [self.chance.choice(marks)]
        for name, spec in columns.items():
            found[name] = self._value(spec)
        if any(spec["種類"] == "数" and "単位" not in spec for spec in columns.values()) and self.chance.random() < 0.7:
            found["単位"] = self.word(1, 2)
        return {key: value for key, value in found.items() if value != ""}

    def _value(self, spec: Mapping[str, Any]) -> Any:
        match spec["種類"]:
            case "記号":
                return self.chance.choice([*spec["凡例"]])
            case "語":
                return self.chance.choice([*spec["語"]])
            case "数":
                years = spec.get("年度", ())
                return [self.figure() for _ in years] or self.figure()
            case "課":
                return "、".join(self.word(2, 6) + "課" for _ in range(self.chance.randint(1, 2)))
            case "日付":
                return f"20{self.chance.randint(10, 40)}-0{self.chance.randint(1, 9)}-1{self.chance.randint(0, 9)}"
            case "文字":
                return self.word(2, 15)
        return self.chance.choice(["", self.sentence(), self.sentence(400)])
